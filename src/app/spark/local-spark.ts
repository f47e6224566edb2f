import { availableParallelism } from "node:os";
import type { Clock } from "../../core/clock.ts";
import type { Environment } from "../../local/environment.ts";
import { ensureJars, type JarsProgress } from "../../local/jars.ts";
import { SPARK } from "../../local/software.ts";
import {
  localSparkStatus,
  type SparkStatus,
  startDetachedSpark,
  stopLocalSpark,
} from "../../local/spark/local-spark.ts";
import { DEFAULT_MEMORY } from "../../local/spark/spark-programs.ts";
import type { SparkStartOptions } from "../../local/spark/start-spark.ts";
import { type LocalSpark, runLocalSpark, type SparkEvent } from "../../local/spark/supervise-spark.ts";

export type { SparkStatus };

/** What its jars are. */
export const sparkSoftware = SPARK;

/** What the local Spark is started with. */
export interface LocalSparkOptions {
  /** Its folder. */
  sparkDir: string;
  /** As the user gave it; undefined: one a core. */
  executors: number | undefined;
  environment: Environment;
  clock: Clock;
  /** The download of Spark's jars, on first use. */
  onProgress?: (progress: JarsProgress) => void;
  signal?: AbortSignal;
}

/**
 * `spark start`: fetches the jars on first use, returns when every program answers. A Spark that runs already is left as
 * it is (`started` is 0).
 * @throws ClickstreamError, UsageError
 */
export async function sparkStart(
  options: LocalSparkOptions,
): Promise<{ status: SparkStatus; started: number }> {
  return startDetachedSpark(options.sparkDir, await startOptions(options));
}

/** `spark stop`: returns how many programs were running. Also ends a Spark that a run supervises, which is told. */
export async function sparkStop(options: { sparkDir: string; clock: Clock }): Promise<{ stopped: number }> {
  return { stopped: await stopLocalSpark(options.sparkDir, options.clock) };
}

/** `spark status`: changes nothing. */
export function sparkStatus(options: { sparkDir: string }): Promise<SparkStatus> {
  return localSparkStatus(options.sparkDir);
}

/** The Spark of a run, restarted by itself when a program of it dies. */
export async function sparkForRun(
  options: LocalSparkOptions & { onEvent: (event: SparkEvent) => void },
): Promise<LocalSpark> {
  const { sparkDir: dir, onEvent } = options;
  return runLocalSpark({ ...(await startOptions(options)), dir, onEvent });
}

async function startOptions(options: LocalSparkOptions): Promise<SparkStartOptions> {
  const { executors, environment, clock, signal } = options;
  const jars = await ensureJars({ ...options, software: SPARK });
  return {
    executors,
    cores: availableParallelism(),
    runtime: { environment, jars, ...DEFAULT_MEMORY },
    clock,
    ...(signal === undefined ? {} : { signal }),
  };
}
