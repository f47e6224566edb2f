import { join, resolve } from "node:path";
import { readRecordFile, writeRecordFile } from "./record-file.ts";
import { KAFKA } from "./software.ts";

/** Where one broker of a local Kafka listens, on 127.0.0.1. */
export interface NodePorts {
  /** 1, 2, 3 … */
  nodeId: number;
  port: number;
  controllerPort: number;
}

/** One node as it last ran. */
export interface NodeRecord extends NodePorts {
  /** Null before its first start. The process may be gone, and the number may belong to another program by now. */
  pid: number | null;
}

/** `kafka.json`: what a local Kafka is and what should become of it; the meeting point of the processes that use it. */
export interface KafkaRecord {
  format: 1;
  clusterId: string;
  /** False until every node's storage is formatted. */
  formatted: boolean;
  /** `stopped`: nobody may start a node again but the next start. */
  wanted: "running" | "stopped";
  /** Who stops it: `kafka stop`, or the run that started it and, should that be killed, the next run. */
  startedBy: "start" | "run";
  nodes: NodeRecord[];
}

/** Names inside a node's folder, which is the working folder of its process. */
export const NODE_FILES = {
  properties: "server.properties",
  logSettings: "log4j2.properties",
  data: "data",
  log: "broker.log",
} as const;

/** The absolute paths of one node. */
export interface NodeFolder {
  dir: string;
  properties: string;
  logSettings: string;
  data: string;
  log: string;
  /** What the process prints outside of its log, such as a crash of the virtual machine. */
  printed: string;
}

/** The paths of a local Kafka's folder. */
export interface KafkaFolder {
  dir: string;
  record: string;
  /** Held while something starts or stops nodes. */
  lock: string;
  /** Held by the run that supervises the nodes, for as long as it lives. */
  ownerLock: string;
  node(nodeId: number): NodeFolder;
}

export function kafkaFolder(dir: string): KafkaFolder {
  const root = resolve(dir);
  return {
    dir: root,
    record: join(root, "kafka.json"),
    lock: join(root, "start-stop.lock"),
    ownerLock: join(root, "owner.lock"),
    node(nodeId) {
      const dir = join(root, `node-${nodeId}`);
      return {
        dir,
        properties: join(dir, NODE_FILES.properties),
        logSettings: join(dir, NODE_FILES.logSettings),
        data: join(dir, NODE_FILES.data),
        log: join(dir, NODE_FILES.log),
        printed: join(dir, "printed.log"),
      };
    },
  };
}

/**
 * The record of the Kafka in this folder, undefined when there is none.
 * @throws ClickstreamError KAFKA_RECORD_UNREADABLE
 */
export function readRecord(folder: KafkaFolder): KafkaRecord | undefined {
  return readRecordFile<KafkaRecord>(folder.record, 1, {
    software: KAFKA,
    nextStep: "Use another folder with --dir, or remove this one if its events are not needed.",
  });
}

/** Replaces the record, whole or not at all. */
export function writeRecord(folder: KafkaFolder, record: KafkaRecord): void {
  writeRecordFile(folder.record, record);
}
