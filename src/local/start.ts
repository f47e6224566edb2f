import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Clock } from "../core/clock.ts";
import { ClickstreamError, UsageError } from "../core/errors.ts";
import { withFileLock } from "../core/file-lock.ts";
import { isNodeAlive, launchNode, type Runtime, terminateNodes } from "./broker-process.ts";
import {
  type KafkaFolder,
  type KafkaRecord,
  type NodePorts,
  type NodeRecord,
  readRecord,
  writeRecord,
} from "./kafka-folder.ts";
import { lastProblem } from "./last-problem.ts";
import { probeBroker } from "./metadata-probe.ts";
import { freePort, isPortFree } from "./ports.ts";
import { type BrokerLimits, DEFAULT_LIMITS, serverProperties } from "./server-properties.ts";
import { formatStorage } from "./storage.ts";

/** Of the first node of a new Kafka. */
export const DEFAULT_PORT = 9092;
const LOG_SETTINGS = fileURLToPath(new URL("log4j2.properties", import.meta.url));
/** Usually 2.5 s; a loaded machine that recovers a large log takes much longer. */
const ANSWER_WITHIN_MS = 120_000;
const POLL_MS = 100;
const PROBE_TIMEOUT_MS = 2_000;

export interface StartOptions {
  /** Port of the first node; the others get the ports that follow. Undefined: those of the last time, else from 9092. */
  port?: number;
  /** When `port` is undefined and one of those is taken: take any free one instead of failing. */
  orAnyPort?: boolean;
  /** Undefined: as many as this folder's Kafka has, else one. Their number is fixed with the first start. */
  nodes?: number;
  limits?: Partial<BrokerLimits>;
  /** Settings of a node's server.properties in place of the usual ones. */
  otherwise?: (node: NodePorts) => Readonly<Record<string, string>>;
  /** Further arguments of the tool that formats storage, such as first users. */
  formatArguments?: readonly string[];
  runtime: Runtime;
  clock: Clock;
  signal?: AbortSignal;
}

/**
 * Brings every node of the folder's Kafka up, those that already run excepted, and returns when all of them answer.
 * @returns the record and how many nodes were started
 * @throws UsageError when nodes or port contradict what is there; ClickstreamError PORT_TAKEN, KAFKA_NOT_STARTED
 */
export function startNodes(
  folder: KafkaFolder,
  startedBy: KafkaRecord["startedBy"],
  options: StartOptions,
): Promise<{ record: KafkaRecord; started: number }> {
  return withFileLock(folder.lock, options, async () => {
    const previous = readRecord(folder);
    if (previous !== undefined) {
      refuseOtherNodeCount(folder, previous, options);
      if (previous.wanted === "stopped") await terminateNodes(folder, previous.nodes, options.clock);
    }
    const aliveBefore = previous?.nodes.filter((node) => isNodeAlive(folder, node)) ?? [];
    if (previous !== undefined && aliveBefore.length > 0) refuseOtherPort(previous, options);
    const record: KafkaRecord =
      previous !== undefined && aliveBefore.length > 0
        ? previous
        : {
            format: 1,
            clusterId: previous?.clusterId ?? randomBytes(16).toString("base64url"),
            formatted: previous?.formatted ?? false,
            wanted: "running",
            startedBy,
            nodes: await assignPorts(previous?.nodes ?? [], options),
          };
    writeRecord(folder, record);
    const missing = record.nodes.filter((node) => !isNodeAlive(folder, node));
    try {
      await prepareNodes(folder, record, missing, options);
      for (const node of missing) node.pid = launchNode(folder, node.nodeId, options.runtime);
      writeRecord(folder, record);
      await awaitAnswers(folder, record, record.nodes, record.nodes.length, options);
    } catch (error) {
      if (aliveBefore.length === 0) writeRecord(folder, { ...record, wanted: "stopped" });
      await terminateNodes(folder, missing, options.clock);
      throw error;
    }
    return { record, started: missing.length };
  });
}

function refuseOtherNodeCount(folder: KafkaFolder, record: KafkaRecord, options: StartOptions): void {
  if (options.nodes === undefined || options.nodes === record.nodes.length) return;
  throw new UsageError(
    `${folder.dir} holds a Kafka of ${record.nodes.length} node(s), and --nodes asks for ${options.nodes}.`,
    "Leave --nodes out, or use another folder with --dir.",
  );
}

function refuseOtherPort(record: KafkaRecord, options: StartOptions): void {
  const port = record.nodes[0]!.port;
  if (options.port === undefined || options.port === port) return;
  throw new UsageError(
    `This Kafka already runs on port ${port}, and --port asks for ${options.port}.`,
    "Leave --port out, or stop it first (clickstream kafka stop).",
  );
}

/** Ports for every node, before anything is started. */
async function assignPorts(previous: readonly NodeRecord[], options: StartOptions): Promise<NodeRecord[]> {
  const count = options.nodes ?? Math.max(1, previous.length);
  const nodes: NodeRecord[] = [];
  for (let nodeId = 1; nodeId <= count; nodeId++) {
    const last = options.port === undefined ? previous[nodeId - 1]?.port : undefined;
    let port = last ?? (options.port ?? DEFAULT_PORT) + nodeId - 1;
    if (!(await isPortFree(port))) {
      if (options.port !== undefined || !options.orAnyPort) throw portTaken(port);
      port = await freePort();
    }
    nodes.push({ nodeId, port, controllerPort: await freePort(), pid: null });
  }
  return nodes;
}

/** The error of a port that another program listens on. */
export function portTaken(port: number): ClickstreamError {
  return new ClickstreamError({
    code: "PORT_TAKEN",
    message: `Port ${port} of 127.0.0.1 is taken by another program.`,
    nextStep: `Choose another with --port, or stop what listens there (ss -ltnp "sport = :${port}" names it).`,
  });
}

/** Writes the nodes' settings and, the first time, formats their storage. */
async function prepareNodes(
  folder: KafkaFolder,
  record: KafkaRecord,
  nodes: readonly NodeRecord[],
  options: StartOptions,
): Promise<void> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  for (const node of nodes) {
    const paths = folder.node(node.nodeId);
    mkdirSync(paths.dir, { recursive: true });
    writeFileSync(paths.properties, serverProperties(node, record.nodes, limits, options.otherwise?.(node)));
    copyFileSync(LOG_SETTINGS, paths.logSettings);
  }
  if (record.formatted) return;
  await Promise.all(
    nodes.map((node) =>
      formatStorage(folder, node.nodeId, record.clusterId, options.runtime, options.formatArguments),
    ),
  );
  record.formatted = true;
  writeRecord(folder, record);
}

/**
 * Returns when these nodes serve clients in a cluster of at least `members` nodes.
 * @throws ClickstreamError KAFKA_NOT_STARTED when one of their processes ends or time is up, the signal's reason
 */
export async function awaitAnswers(
  folder: KafkaFolder,
  record: KafkaRecord,
  nodes: readonly NodeRecord[],
  members: number,
  options: { clock: Clock; signal?: AbortSignal },
): Promise<void> {
  const deadlineMs = options.clock.monotonicMs() + ANSWER_WITHIN_MS;
  for (const node of nodes) {
    for (;;) {
      const view = await probeBroker(node.port, PROBE_TIMEOUT_MS);
      if (view?.clusterId === record.clusterId && view.nodeIds.length >= members) break;
      options.signal?.throwIfAborted();
      if (!isNodeAlive(folder, node)) throw notStarted(folder, node, "it ended before it answered");
      if (options.clock.monotonicMs() > deadlineMs) {
        throw notStarted(folder, node, `no answer within ${ANSWER_WITHIN_MS / 1000} s`);
      }
      await options.clock.sleep(POLL_MS, options.signal);
    }
  }
}

function notStarted(folder: KafkaFolder, node: NodeRecord, what: string): ClickstreamError {
  const paths = folder.node(node.nodeId);
  const reason = lastProblem(paths.log) ?? lastProblem(paths.printed);
  return new ClickstreamError({
    code: "KAFKA_NOT_STARTED",
    message: `The local Kafka on port ${node.port} did not start: ${what}${reason === undefined ? "" : ` (${reason})`}.`,
    nextStep: `Read ${paths.log} and ${paths.printed}.`,
  });
}
