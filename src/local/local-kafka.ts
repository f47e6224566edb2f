import { rmSync } from "node:fs";
import type { Clock } from "../core/clock.ts";
import { ClickstreamError } from "../core/errors.ts";
import { tryFileLock } from "../core/file-lock.ts";
import { isNodeAlive } from "./broker-process.ts";
import { type KafkaRecord, kafkaFolder, readRecord, writeRecord } from "./kafka-folder.ts";
import { probeBroker } from "./metadata-probe.ts";
import { type StartOptions, startNodes } from "./start.ts";
import { stopNodes } from "./stop.ts";

/** Heap of each broker, by the number of nodes. */
export function defaultHeapMb(nodes: number): number {
  return nodes === 1 ? 1024 : 512;
}

/** A local Kafka as seen from outside. */
export interface KafkaStatus {
  dir: string;
  /** `partial`: some nodes run, or one does not answer. */
  state: "absent" | "stopped" | "partial" | "running";
  startedBy: KafkaRecord["startedBy"] | null;
  /** `127.0.0.1:port` of every node. */
  brokers: string[];
  nodes: { nodeId: number; port: number; pid: number | null; answers: boolean; log: string }[];
}

const STATUS_TIMEOUT_MS = 2_000;

/** The addresses of a Kafka's nodes. */
export function brokersOf(record: KafkaRecord): string[] {
  return record.nodes.map((node) => `127.0.0.1:${node.port}`);
}

/** What runs in this folder now; changes nothing. */
export async function localKafkaStatus(dir: string): Promise<KafkaStatus> {
  const folder = kafkaFolder(dir);
  const record = readRecord(folder);
  if (record === undefined) {
    return { dir: folder.dir, state: "absent", startedBy: null, brokers: [], nodes: [] };
  }
  const nodes = await Promise.all(
    record.nodes.map(async (node) => {
      const alive = isNodeAlive(folder, node);
      const view = alive ? await probeBroker(node.port, STATUS_TIMEOUT_MS) : undefined;
      return {
        nodeId: node.nodeId,
        port: node.port,
        pid: alive ? node.pid : null,
        answers: view?.clusterId === record.clusterId,
        log: folder.node(node.nodeId).log,
      };
    }),
  );
  const running = nodes.filter((node) => node.answers).length;
  const noneAlive = nodes.every((node) => node.pid === null);
  const state = running === nodes.length ? "running" : noneAlive ? "stopped" : "partial";
  return { dir: folder.dir, state, startedBy: record.startedBy, brokers: brokersOf(record), nodes };
}

/**
 * Starts the folder's Kafka so that it outlives this process, until `stopLocalKafka`. One that a killed run left behind is
 * taken over; one that runs already is left as it is.
 * @returns its status and how many nodes had to be started
 * @throws as `startNodes`
 */
export async function startDetachedKafka(
  dir: string,
  options: StartOptions,
): Promise<{ status: KafkaStatus; started: number }> {
  const folder = kafkaFolder(dir);
  const { record, started } = await startNodes(folder, "start", options);
  const noRun = record.startedBy === "run" ? tryFileLock(folder.ownerLock) : undefined;
  if (noRun !== undefined) {
    writeRecord(folder, { ...record, startedBy: "start" });
    noRun.release();
  }
  return { status: await localKafkaStatus(dir), started };
}

/** Stops the folder's Kafka, whoever started it, and returns how many nodes were running. */
export function stopLocalKafka(dir: string, clock: Clock): Promise<number> {
  return stopNodes(kafkaFolder(dir), clock);
}

/**
 * Removes what the folder's Kafka wrote, topics and all, and nothing else in the folder; stops it first.
 * @throws ClickstreamError KAFKA_IN_USE when it runs for others: by `kafka start`, or for a run that lives
 */
export async function removeLocalKafka(dir: string, clock: Clock): Promise<void> {
  const folder = kafkaFolder(dir);
  const record = readRecord(folder);
  if (record === undefined) return;
  const noRun = tryFileLock(folder.ownerLock);
  try {
    const alive = record.nodes.some((node) => isNodeAlive(folder, node));
    if (noRun === undefined) throw inUse(folder.dir, "another run uses it", "End that run first.");
    if (alive && record.startedBy === "start") {
      const stop = "Stop it first (clickstream kafka stop), if its topics may go.";
      throw inUse(folder.dir, "it was started by kafka start", stop);
    }
    await stopNodes(folder, clock);
    for (const { nodeId } of record.nodes) rmSync(folder.node(nodeId).dir, { recursive: true, force: true });
    rmSync(folder.record, { force: true });
  } finally {
    noRun?.release();
  }
}

function inUse(dir: string, reason: string, nextStep: string): ClickstreamError {
  return new ClickstreamError({
    code: "KAFKA_IN_USE",
    message: `The Kafka of ${dir} is not removed: ${reason}.`,
    nextStep,
  });
}
