import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder, childEnvironment } from "../../src/local/environment.ts";

const PACKAGES = ["pyspark==4.2.0", "pandas==3.1.1", "pyarrow==26.0.1"];
const PROGRAM = fileURLToPath(new URL("./clicks_pyspark.py", import.meta.url));
const CONNECTOR = "{spark-sql-kafka,spark-token-provider-kafka,kafka-clients,commons-pool2}-*.jar";

/** Runs `clicks_pyspark.py` into the folders `OUTPUT-1`, `OUTPUT-2` … and returns the seconds of each run. `jars` is the folder of Spark's Kafka connector. */
export function runPyspark(options: {
  brokers: string;
  topic: string;
  output: string;
  jars: string;
  runs: number;
}): number[] {
  const { brokers, topic, output, jars, runs } = options;
  const classPath = globSync(join(jars, CONNECTOR)).join(":");
  const printed = python(join(environmentFolder(), "bin", "python"), [
    ...[PROGRAM, brokers, topic, output, classPath, String(runs)],
  ]);
  return printed
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).seconds);
}

/** PySpark in a Python environment of its own in the user's cache, which appears whole or not at all: 0.5 GB. */
function environmentFolder(): string {
  const folder = join(cacheFolder(process.env), PACKAGES.join("-").replaceAll("==", "-"));
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  python("python3", ["-m", "venv", partial]);
  python(join(partial, "bin", "python"), ["-m", "pip", "install", "--quiet", ...PACKAGES]);
  renameSync(partial, folder);
  return folder;
}

function python(command: string, args: readonly string[]): string {
  const env = childEnvironment({ ...process.env, PYSPARK_PYTHON: command });
  return execFileSync(command, args, { encoding: "utf8", env, stdio: ["ignore", "pipe", "inherit"] });
}

/** The rows that Spark wrote for a query, whatever the order of files, rows and members. */
export function rowsOf(output: string, query: string): string[] {
  return globSync(join(output, query, "date=*", "*.json"))
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.stringify(Object.entries(JSON.parse(line)).sort(([a], [b]) => (a < b ? -1 : 1))))
    .sort();
}
