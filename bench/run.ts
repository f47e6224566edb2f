// What `npm run bench` prints: generate and process end to end, as a user runs them, with a Kafka beside them.
// npm run bench [page] [events, default 5,000,000]. Nothing else should run on the machine. Figures are printed, never asserted.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../src/local/ports.ts";
import { benchPage } from "./page.ts";

const PROGRAM = fileURLToPath(new URL("../bin/clickstream.js", import.meta.url));
const RUNS = 3;
const SMALL = "1000000";
const onlyPage = process.argv[2] === "page";
const events = process.argv[onlyPage ? 3 : 2] ?? "5000000";
const folder = mkdtempSync(join(tmpdir(), "clickstream-bench-"));

function clickstream(...args: string[]): string {
  return execFileSync(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const brokers = `127.0.0.1:${await freePort()}`;
clickstream("kafka", "start", "--port", brokers.slice(brokers.indexOf(":") + 1), "--log-level", "error");
const given = ["--brokers", brokers, "--log-level", "error"];

function generate(topic: string, count: string, compression: string): void {
  const target = ["--topic", topic, "--events", count, "--compression", compression];
  const { eventsPerSecond } = JSON.parse(clickstream("generate", ...given, ...target));
  print(`generate ${compression}: ${eventsPerSecond} events/s`);
}

try {
  for (const compression of onlyPage ? ["none"] : ["none", "lz4"]) {
    const topic = `clicks-${compression}`;
    generate(topic, events, compression);
    for (let run = 0; run < (onlyPage ? 0 : RUNS); run++) {
      const output = ["--topic", topic, "--output", `${topic}-${run}`, "--workers", "2", "--until-end"];
      const result = JSON.parse(clickstream("process", ...given, ...output));
      const cpu = (result.cpuSeconds / (result.read / 1e6)).toFixed(2);
      const rss = Math.round(result.peakRssBytes / 1e6);
      print(
        `process ${compression}: ${result.eventsPerSecond} events/s, ${cpu} CPU-s per 1M events, ${rss} MB`,
      );
    }
  }
  generate("clicks-small", SMALL, "none");
  const topics = { small: "clicks-small", large: "clicks-none" };
  await benchPage([PROGRAM, "process", ...given, "--workers", "2", "--until-end"], { folder, topics }, print);
} finally {
  clickstream("kafka", "stop", "--log-level", "error");
  rmSync(folder, { recursive: true });
}
