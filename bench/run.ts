// What `npm run bench` prints: generate and process end to end, as a user runs them, with a Kafka beside them.
// node bench/run.ts [events, default 5,000,000]. Nothing else should run on the machine. Figures are printed, never asserted.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../src/local/ports.ts";
import { benchPage } from "./page.ts";

const PROGRAM = fileURLToPath(new URL("../bin/clickstream.js", import.meta.url));
const RUNS = 3;
const events = process.argv[2] ?? "5000000";
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
try {
  for (const compression of ["none", "lz4"]) {
    const topic = `clicks-${compression}`;
    const given = ["--brokers", brokers, "--topic", topic, "--log-level", "error"];
    const generated = clickstream("generate", ...given, "--events", events, "--compression", compression);
    print(`generate ${compression}: ${JSON.parse(generated).eventsPerSecond} events/s`);
    for (let run = 0; run < RUNS; run++) {
      const output = ["--output", `${topic}-${run}`, "--workers", "2", "--until-end"];
      const result = JSON.parse(clickstream("process", ...given, ...output));
      const cpu = (result.cpuSeconds / (result.read / 1e6)).toFixed(2);
      const rss = Math.round(result.peakRssBytes / 1e6);
      print(
        `process ${compression}: ${result.eventsPerSecond} events/s, ${cpu} CPU-s per 1M events, ${rss} MB`,
      );
    }
  }
  const given = ["--brokers", brokers, "--topic", "clicks-none", "--log-level", "error"];
  await benchPage([PROGRAM, "process", ...given, "--workers", "2", "--until-end"], folder, print);
} finally {
  clickstream("kafka", "stop", "--log-level", "error");
  rmSync(folder, { recursive: true });
}
