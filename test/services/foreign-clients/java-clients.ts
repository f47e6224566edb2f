import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../../src/core/clock.ts";
import { ensureJars } from "../../../src/local/jars.ts";
import { KAFKA } from "../../../src/local/software.ts";
import type { Sent } from "./sent.ts";

const POM = fileURLToPath(new URL("../kafka-tools/pom.xml", import.meta.url));

/** Java's tools, each in a process of its own: a second of CPU to start. */
async function runTool(className: string, args: readonly string[], input = ""): Promise<void> {
  const jars = await ensureJars({
    environment: process.env,
    clock: systemClock,
    software: { ...KAFKA, pom: POM },
  });
  const options = ["-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", join(jars, "*")];
  const child = spawn("java", [...options, `org.apache.kafka.tools.${className}`, ...args]);
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  if (code !== 0)
    throw new Error(`${className} ended with ${code}: ${stdout.slice(-500)} ${stderr.slice(-500)}`);
}

/** The console producer: events with keys and headers, some without a key, some without a value. */
async function console(
  brokers: string,
  topic: string,
  codec: string,
  values: readonly string[],
): Promise<Sent> {
  const lines = values.map((value, n) => {
    const key = n % 3 === 0 ? "NULL" : `user-${n % 50}`;
    return `trace:${n},other:\t${key}\t${n % 50 === 7 ? "NULL" : value}\n`;
  });
  const nulls = values.filter((_, n) => n % 50 === 7).length;
  const reader = ["parse.key=true", "parse.headers=true", "null.marker=NULL"];
  await runTool(
    "ConsoleProducer",
    [
      ...["--bootstrap-server", brokers, "--topic", topic, "--compression-codec", codec],
      ...reader.flatMap((property) => ["--reader-property", property]),
    ],
    lines.join(""),
  );
  return { visible: values.length, events: values.length - nulls, not_json: nulls };
}

/** The performance producer: picks its payloads at random from a file. */
async function performance(
  brokers: string,
  topic: string,
  codec: string,
  file: string,
  args: string[],
): Promise<Sent> {
  const records = 5_000;
  await runTool("ProducerPerformance", [
    ...["--topic", topic, "--num-records", `${records}`, "--throughput", "-1", "--payload-file", file],
    ...["--producer-props", `bootstrap.servers=${brokers}`, `compression.type=${codec}`, "acks=all"],
    ...args,
  ]);
  return { visible: records, events: records };
}

/** Fills a topic by Java's producers, one for each codec. Returns what each sent. */
export async function javaClients(
  brokers: string,
  topic: string,
  folder: string,
  values: readonly string[],
): Promise<Sent[]> {
  const file = join(folder, "payloads.txt");
  await writeFile(file, values.join("\n"));
  const transactions = ["--transactional-id", "java", "--transaction-duration-ms", "20"];
  return [
    ...(await Promise.all([
      console(brokers, topic, "snappy", values),
      performance(brokers, topic, "zstd", file, []),
    ])),
    ...(await Promise.all([
      console(brokers, topic, "gzip", values),
      performance(brokers, topic, "lz4", file, transactions),
    ])),
    await console(brokers, topic, "none", values),
  ];
}
