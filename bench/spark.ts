// What `npm run bench spark` prints: the standard queries on a local Spark cluster, as a user runs them.
// node bench/spark.ts [events, default 2,000,000] [runs, default 4] [--peer]. The first run is cold: Spark and Java compile; --peer
// then does the same with a PySpark program and compares the rows. Figures are printed, never asserted. A bound: judging costs some 15 CPU-µs an event, Kafka's client 5, all queries over judged events 15.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../src/local/ports.ts";
import { STANDARD_QUERIES } from "../src/queries/standard.ts";
import { rowsOf, runPyspark } from "./peers/pyspark.ts";

const PROGRAM = fileURLToPath(new URL("../bin/clickstream.js", import.meta.url));
const [events = "2000000", runs = "4"] = process.argv.slice(2).filter((argument) => /^\d+$/.test(argument));
const folder = mkdtempSync(join(tmpdir(), "clickstream-bench-"));

function clickstream(...args: string[]): string {
  return execFileSync(process.execPath, [PROGRAM, ...args, "--log-level", "error"], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function report(what: string, run: number, seconds: number, read: number): void {
  const speed = Math.round(read / seconds);
  process.stdout.write(
    `${what}, run ${run}${run === 1 ? " (cold)" : ""}: ${seconds.toFixed(1)} s, ${speed} events/s\n`,
  );
}

function comparePyspark(brokers: string): void {
  const jars = join(folder, ".clickstream", "spark", "home", "jars");
  const output = join(folder, "pyspark");
  const seconds = runPyspark({ brokers, topic: "clicks", output, jars, runs: Number(runs) });
  for (const [index, taken] of seconds.entries()) report("PySpark", index + 1, taken, Number(events));
  for (const { name } of STANDARD_QUERIES) {
    const [ours, theirs] = [join(folder, "output-1"), `${output}-1`].map((tree) => rowsOf(tree, name));
    const agree = JSON.stringify(ours) === JSON.stringify(theirs);
    process.stdout.write(
      `${name}: ${ours?.length} rows, PySpark's ${theirs?.length}, ${agree ? "all agree" : "they differ"}\n`,
    );
  }
}

const port = String(await freePort());
clickstream("kafka", "start", "--port", port);
try {
  const topic = ["--brokers", `127.0.0.1:${port}`, "--topic", "clicks"];
  clickstream("generate", ...topic, "--events", events);
  const [url = ""] = clickstream("spark", "start").match(/sc:\S+/) ?? [];
  try {
    for (let run = 1; run <= Number(runs); run++) {
      const output = ["--output", `output-${run}`, "--until-end"];
      const engine = ["--engine", "spark", "--spark", url, "--shuffle-partitions", "2"];
      const startedMs = performance.now();
      const { read } = JSON.parse(clickstream("process", ...engine, ...topic, ...output));
      report("clickstream", run, (performance.now() - startedMs) / 1_000, read);
    }
  } finally {
    clickstream("spark", "stop");
  }
  if (process.argv.includes("--peer")) comparePyspark(`127.0.0.1:${port}`);
} finally {
  clickstream("kafka", "stop");
  rmSync(folder, { recursive: true });
}
