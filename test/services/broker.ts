import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../src/core/clock.ts";
import { ensureJars } from "../../src/local/jars.ts";
import { localKafkaStatus, startDetachedKafka, stopLocalKafka } from "../../src/local/local-kafka.ts";
import { freePort } from "../../src/local/ports.ts";
import type { BrokerLimits } from "../../src/local/server-properties.ts";
import { KAFKA } from "../../src/local/software.ts";
import type { StartOptions } from "../../src/local/start.ts";

/** What the fixture needs of node:test's context, or of `{ after }` of a suite. */
interface Cleanup {
  after(fn: () => Promise<void>): void;
}

export interface TestBrokerOptions {
  /** Default 1. Three make a quorum with replication 3 and min.insync 2. */
  nodes?: number;
  /** Default 256. */
  heapMb?: number;
  limits?: Partial<BrokerLimits>;
  /** Path of a Maven project with another Kafka than the local one. */
  pom?: string;
  otherwise?: NonNullable<StartOptions["otherwise"]>;
  formatArguments?: readonly string[];
}

/** A real Kafka of a test's own, on free ports of 127.0.0.1, in a temporary folder. */
export interface TestBroker {
  /** `127.0.0.1:port` of every node; the same after a restart. */
  readonly brokers: string[];
  readonly port: number;
  readonly dir: string;
  /** Ends a node as a power cut would; returns when its process is gone. Nothing restarts it. */
  kill9(nodeId?: number): Promise<void>;
  /** Ends all nodes in order. */
  stop(): Promise<void>;
  /** Starts whatever nodes are not running, on the same ports and data; returns when all answer. */
  start(): Promise<void>;
  /** `stop` and `start`. */
  restart(): Promise<void>;
}

/**
 * Starts a broker that is removed with its data after the test (about 3 s).
 * In a file with several tests, `before` starts it with `{ after: (cleanup) => cleanups.push(cleanup) }`, and an `after` of
 * the file runs the cleanups: node:test runs an `after` that `before` calls as soon as `before` ends.
 */
export async function startBroker(t: Cleanup, options: TestBrokerOptions = {}): Promise<TestBroker> {
  const jars = await ensureJars({
    environment: process.env,
    clock: systemClock,
    ...(options.pom === undefined ? {} : { software: { ...KAFKA, pom: options.pom } }),
  });
  const dir = mkdtempSync(join(tmpdir(), "clickstream-broker-"));
  const nodes = options.nodes ?? 1;
  const startOptions = {
    nodes,
    limits: { internalPartitions: 1, ...options.limits },
    ...(options.otherwise === undefined ? {} : { otherwise: options.otherwise }),
    formatArguments: options.formatArguments ?? [],
    runtime: { environment: process.env, jars, heapMb: options.heapMb ?? 256 },
    clock: systemClock,
  };
  t.after(async () => {
    await killAll(dir);
    await stopLocalKafka(dir, systemClock);
    rmSync(dir, { recursive: true, force: true });
  });
  const { status } = await startDetachedKafka(dir, { ...startOptions, port: await freePorts(nodes) });
  const port = status.nodes[0]!.port;
  const start = async () => {
    await startDetachedKafka(dir, { ...startOptions, port });
  };
  const stop = async () => {
    await stopLocalKafka(dir, systemClock);
  };
  return {
    brokers: status.brokers,
    port,
    dir,
    start,
    stop,
    async restart() {
      await stop();
      await start();
    },
    async kill9(nodeId = 1) {
      const pid = (await localKafkaStatus(dir)).nodes[nodeId - 1]?.pid;
      if (pid == null) throw new Error(`node ${nodeId} is not running`);
      await killAndWait(pid);
    },
  };
}

async function killAll(dir: string): Promise<void> {
  for (const { pid } of (await localKafkaStatus(dir)).nodes) if (pid !== null) await killAndWait(pid);
}

/** Returns when the process is gone; a process that this one started is reaped by Node meanwhile. */
async function killAndWait(pid: number): Promise<void> {
  process.kill(pid, "SIGKILL");
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await delay(10);
  }
}

/** The first of `count` free ports in a row. */
async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = await freePort();
    let length = 1;
    while (length < count && (await freePort()) === first + length) length++;
    if (length === count) return first;
  }
}
