// One Kafka and one Spark cluster for all tests of a process; `npm run test:spark` runs all files in one.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { systemClock as clock } from "../../src/core/clock.ts";
import { ensureJars } from "../../src/local/jars.ts";
import { SPARK } from "../../src/local/software.ts";
import { runLocalSpark } from "../../src/local/spark/supervise-spark.ts";
import { startBroker } from "../services/broker.ts";

export interface TestCluster {
  /** For `SparkSession.connect` and `--spark`. */
  url: string;
  /** The driver's page. */
  page: string;
  /** Of a Kafka of one node. */
  brokers: readonly string[];
  /** Folder for what tests write. */
  folder: string;
  /** Folder of the Spark: its `spark.json` names the processes. It is supervised, so that tests may kill them. */
  sparkDir: string;
}

const environment = process.env;
const cleanups: (() => Promise<void>)[] = [];
let started: Promise<TestCluster> | undefined;

after(async () => {
  await started?.catch(() => {});
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

/** The cluster, started with the first call (some 15 s on a quiet machine). */
export function sharedCluster(): Promise<TestCluster> {
  started ??= start();
  return started;
}

async function start(): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), "clickstream-spark-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const sparkDir = join(folder, "spark");
  const { brokers } = await startBroker({ after: (cleanup) => cleanups.push(cleanup) }, { heapMb: 512 });
  const jars = await ensureJars({ environment, clock, software: SPARK });
  const spark = await runLocalSpark({
    dir: sparkDir,
    executors: 2,
    cores: 2,
    runtime: { environment, jars, driverMb: 1_536, executorMb: 1_024 },
    clock,
    onEvent: () => {},
  });
  cleanups.push(() => spark.stop());
  return { url: spark.url, page: spark.page, brokers, folder, sparkDir };
}
