import type { Clock } from "../core/clock.ts";
import { type FileLock, tryFileLock, withFileLock } from "../core/file-lock.ts";
import { isNodeAlive, launchNode, type Runtime } from "./broker-process.ts";
import { type KafkaFolder, kafkaFolder, type NodeRecord, readRecord, writeRecord } from "./kafka-folder.ts";
import { brokersOf } from "./local-kafka.ts";
import { awaitAnswers, type StartOptions, startNodes } from "./start.ts";
import { stopNodes } from "./stop.ts";
import { type SupervisionEvent, supervise } from "./supervision.ts";

/** What happens to a node of a supervised Kafka, for the log. */
export type KafkaEvent = SupervisionEvent & { nodeId: number };

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

function superviseNode(folder: KafkaFolder, nodeId: number, options: Supervision): Promise<void> {
  const look = () => {
    const record = readRecord(folder);
    const node = record?.nodes.find((candidate) => candidate.nodeId === nodeId);
    if (record === undefined || node === undefined || record.wanted === "stopped") return undefined;
    return { alive: isNodeAlive(folder, node), pid: node.pid };
  };
  return supervise(
    { look, restart: () => restartNode(folder, nodeId, options) },
    {
      ...options,
      onEvent: (event) => {
        if (event.kind !== "stopped_elsewhere" || nodeId === 1) options.onEvent({ ...event, nodeId }); // once for all
      },
    },
  );
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
