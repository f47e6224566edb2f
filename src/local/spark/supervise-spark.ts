import { type FileLock, tryFileLock } from "../../core/file-lock.ts";
import { type SupervisionEvent, supervise } from "../supervision.ts";
import { connectUrl, driverPage } from "./local-spark.ts";
import { readSparkRecord, type SparkFolder, type SparkRecord, sparkFolder } from "./spark-folder.ts";
import {
  isProgramAlive,
  restartProgram,
  type SparkStartOptions,
  startSpark,
  stopSpark,
} from "./start-spark.ts";

/** What happens to a program of a supervised Spark, for the log. */
export type SparkEvent = SupervisionEvent & { program: string };

/** A Spark for the length of a run. */
export interface LocalSpark {
  /** `sc://127.0.0.1:port`; restarts keep it. */
  readonly url: string;
  /** The driver's page. */
  readonly page: string;
  readonly executors: number;
  /** Whether `stop` ends it: not when `spark start`, or another run, is what keeps it. */
  readonly owned: boolean;
  /** Ends the supervision and, when owned, the programs. */
  stop(): Promise<void>;
}

export interface SupervisedSparkOptions extends SparkStartOptions {
  dir: string;
  onEvent: (event: SparkEvent) => void;
}

/**
 * A running Spark: started here, found running, or found orphaned by a run that was killed. One that belongs to this run
 * is restarted program by program whenever a process dies, and stopped by `stop`. The programs outlive a run that is
 * killed, on purpose: the next run in the folder finds them, and the queries that they run, and owns them from then on.
 * @throws as `startSpark`
 */
export async function runLocalSpark(options: SupervisedSparkOptions): Promise<LocalSpark> {
  const folder = sparkFolder(options.dir);
  let owner = tryFileLock(folder.ownerLock);
  try {
    const { record } = await startSpark(folder, "run", options);
    if (record.startedBy === "start") {
      owner?.release();
      owner = undefined;
    }
    const known = { url: connectUrl(record), page: driverPage(record), executors: record.executors };
    if (owner === undefined) return { ...known, owned: false, stop: async () => {} };
    return { ...known, owned: true, stop: supervised(folder, owner, record, options) };
  } catch (error) {
    owner?.release();
    throw error;
  }
}

/** Supervises every program; the function that is returned ends that, and them. */
function supervised(
  folder: SparkFolder,
  owner: FileLock,
  record: SparkRecord,
  options: SupervisedSparkOptions,
): () => Promise<void> {
  const ending = new AbortController();
  const names = record.programs.map(({ name }) => name);
  const all = Promise.all(names.map((name) => superviseProgram(folder, name, options, ending.signal)));
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    ending.abort();
    await all;
    await stopSpark(folder, options.clock);
    owner.release();
  };
  return () => (stopped ??= stop());
}

function superviseProgram(
  folder: SparkFolder,
  name: string,
  options: SupervisedSparkOptions,
  signal: AbortSignal,
): Promise<void> {
  const look = () => {
    const record = readSparkRecord(folder);
    const program = record?.programs.find((candidate) => candidate.name === name);
    if (record === undefined || program === undefined || record.wanted === "stopped") return undefined;
    return { alive: isProgramAlive(folder, program), pid: program.pid };
  };
  const onEvent = (event: SupervisionEvent) => {
    if (event.kind !== "stopped_elsewhere" || name === "master") options.onEvent({ ...event, program: name }); // once for all
  };
  const restart = () => restartProgram(folder, name, { ...options, signal });
  return supervise({ look, restart }, { clock: options.clock, signal, onEvent });
}
