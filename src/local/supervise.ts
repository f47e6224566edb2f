import type { Clock } from "../core/clock.ts";
import { isNodeAlive, launchNode, type Runtime } from "./broker-process.ts";
import { type FileLock, tryFileLock, withFileLock } from "./file-lock.ts";
import { type KafkaFolder, kafkaFolder, type NodeRecord, readRecord, writeRecord } from "./kafka-folder.ts";
import { brokersOf } from "./local-kafka.ts";
import { awaitAnswers, type StartOptions, startNodes } from "./start.ts";
import { stopNodes } from "./stop.ts";

const POLL_MS = 250;
const FIRST_BACK_OFF_MS = 250;
const LONGEST_BACK_OFF_MS = 30_000;
/** A node that lived this long starts again with the first back-off. */
const SETTLED_MS = 60_000;

/** What happens to a supervised Kafka, for the log. */
export type KafkaEvent =
  | { kind: "died"; nodeId: number; pid: number | null; restartInMs: number }
  | { kind: "restarted"; nodeId: number; pid: number }
  | { kind: "restart_failed"; nodeId: number; reason: string }
  /** `kafka stop` came from another process: nothing is restarted any more. */
  | { kind: "stopped_elsewhere" };

/** A Kafka for the length of a run. */
export interface LocalKafka {
  /** `127.0.0.1:port` of every node; restarts keep them. */
  readonly brokers: string[];
  /** Of the nodes as they run now. */
  readonly pids: number[];
  /** Whether `stop` ends it: not when `kafka start`, or another run, is what keeps it. */
  readonly owned: boolean;
  /** Ends the supervision and, when owned, the nodes. */
  stop(): Promise<void>;
}

export interface SupervisedOptions extends StartOptions {
  dir: string;
  onEvent: (event: KafkaEvent) => void;
}

/**
 * A running Kafka: started here, found running, or found orphaned by a run that was killed. One that belongs to this run
 * is restarted node by node whenever a process dies, and stopped by `stop`. The brokers outlive a run that is killed, on
 * purpose: the next run in the folder finds them by their record and owns them from then on; `kafka stop` ends them too.
 * @throws as `startNodes`
 */
export async function runLocalKafka(options: SupervisedOptions): Promise<LocalKafka> {
  const folder = kafkaFolder(options.dir);
  let owner = tryFileLock(folder.ownerLock);
  try {
    const { record } = await startNodes(folder, "run", options);
    if (record.startedBy === "start") {
      owner?.release();
      owner = undefined;
    }
    const brokers = brokersOf(record);
    const pids = () => (readRecord(folder)?.nodes ?? []).flatMap(({ pid }) => pid ?? []);
    return owner === undefined ? usedKafka(brokers, pids) : ownedKafka(folder, owner, brokers, pids, options);
  } catch (error) {
    owner?.release();
    throw error;
  }
}

function usedKafka(brokers: string[], pids: () => number[]): LocalKafka {
  return {
    brokers,
    get pids() {
      return pids();
    },
    owned: false,
    stop: async () => {},
  };
}

function ownedKafka(
  folder: KafkaFolder,
  owner: FileLock,
  brokers: string[],
  pids: () => number[],
  options: SupervisedOptions,
): LocalKafka {
  const ending = new AbortController();
  const nodeIds = brokers.map((_, index) => index + 1);
  const supervised = Promise.all(
    nodeIds.map((nodeId) => superviseNode(folder, nodeId, { ...options, signal: ending.signal })),
  );
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    ending.abort();
    await supervised;
    await stopNodes(folder, options.clock);
    owner.release();
  };
  return {
    brokers,
    get pids() {
      return pids();
    },
    owned: true,
    stop: () => (stopped ??= stop()),
  };
}

interface Supervision {
  clock: Clock;
  runtime: Runtime;
  onEvent: (event: KafkaEvent) => void;
  signal: AbortSignal;
}

/** Restarts a node whenever its process is gone, until the signal or until somebody wants it stopped. */
async function superviseNode(folder: KafkaFolder, nodeId: number, options: Supervision): Promise<void> {
  const { clock, onEvent, signal } = options;
  let backOffMs = FIRST_BACK_OFF_MS;
  let startedMs = clock.monotonicMs();
  while (!signal.aborted) {
    await clock.sleep(POLL_MS, signal);
    const record = readRecord(folder);
    const node = record?.nodes.find((candidate) => candidate.nodeId === nodeId);
    if (signal.aborted) return;
    if (record === undefined || node === undefined || record.wanted === "stopped") {
      if (nodeId === 1) onEvent({ kind: "stopped_elsewhere" });
      return;
    }
    if (isNodeAlive(folder, node)) continue;
    if (clock.monotonicMs() - startedMs > SETTLED_MS) backOffMs = FIRST_BACK_OFF_MS;
    onEvent({ kind: "died", nodeId, pid: node.pid, restartInMs: backOffMs });
    await clock.sleep(backOffMs, signal);
    backOffMs = Math.min(2 * backOffMs, LONGEST_BACK_OFF_MS);
    startedMs = clock.monotonicMs();
    try {
      const pid = await restartNode(folder, nodeId, options);
      if (pid !== undefined) onEvent({ kind: "restarted", nodeId, pid });
    } catch (error) {
      if (signal.aborted) return;
      onEvent({
        kind: "restart_failed",
        nodeId,
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }
}

/** Starts a node again as it was; undefined when somebody wants it stopped. */
async function restartNode(
  folder: KafkaFolder,
  nodeId: number,
  options: Supervision,
): Promise<number | undefined> {
  const started = await withFileLock(folder.lock, options, async () => {
    const record = readRecord(folder);
    if (options.signal.aborted || record === undefined || record.wanted === "stopped") return undefined;
    const node: NodeRecord = record.nodes.find((candidate) => candidate.nodeId === nodeId)!;
    if (!isNodeAlive(folder, node)) {
      node.pid = launchNode(folder, nodeId, options.runtime);
      writeRecord(folder, record);
    }
    return { record, node };
  });
  if (started === undefined) return undefined;
  await awaitAnswers(folder, started.record, [started.node], 1, options);
  return started.node.pid ?? undefined;
}
