// What `npm run bench spark` prints: the standard queries on a local Spark cluster, as a user runs them.
// node bench/spark.ts [events, default 2,000,000] [runs, default 3]. The first run is cold: Spark and Java compile. Figures are
// printed, never asserted. A bound: judging costs some 15 CPU-µs an event, Kafka's client 5, all queries over judged events 15.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../src/local/ports.ts";

const PROGRAM = fileURLToPath(new URL("../bin/clickstream.js", import.meta.url));
const [events = "2000000", runs = "3"] = process.argv.slice(2).filter((argument) => /^\d+$/.test(argument));
const folder = mkdtempSync(join(tmpdir(), "clickstream-bench-"));

function clickstream(...args: string[]): string {
  return execFileSync(process.execPath, [PROGRAM, ...args, "--log-level", "error"], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
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
      const seconds = (performance.now() - startedMs) / 1_000;
      const speed = Math.round(read / seconds);
      process.stdout.write(
        `spark, run ${run}${run === 1 ? " (cold)" : ""}: ${seconds.toFixed(1)} s, ${speed} events/s\n`,
      );
    }
  } finally {
    clickstream("spark", "stop");
  }
} finally {
  clickstream("kafka", "stop");
  rmSync(folder, { recursive: true });
}
