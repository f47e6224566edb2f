import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ClickstreamError } from "../core/errors.ts";
import type { Environment } from "../local/environment.ts";
import { defaultHeapMb, localKafkaStatus } from "../local/local-kafka.ts";
import {
  type Check,
  checkCache,
  checkDisk,
  checkFolder,
  checkJava,
  checkMaven,
  checkMemory,
  checkNode,
  checkPorts,
} from "./machine-checks.ts";

export type { Check } from "./machine-checks.ts";

/** What is about to be done, as far as it needs something of the machine. */
export interface Needs {
  environment: Environment;
  /** The local Kafka; absent when `--brokers` names another: then Java, Maven and ports do not matter. */
  kafka?: {
    dir: string;
    /** As the user gave it. */
    port?: number | undefined;
    /** When the user gave no port: another will do. */
    orAnyPort?: boolean | undefined;
    nodes?: number | undefined;
    heapMb?: number | undefined;
  };
  /** Folder of the results. */
  output?: string;
  /** Events that will be on the topic. */
  events?: number;
}

/** A record of the generator with its overhead, uncompressed: 245 bytes of JSON, a key, offsets. */
export const BYTES_PER_EVENT = 300;
/** Kafka's own topics and logs, the state, results. */
const SPARE_DISK_BYTES = 512 * 1024 ** 2;
/** This program, at work; its bound for the first 10 million events is 500 MB. */
const OWN_MEMORY_MB = 600;

/** Looks at everything that is needed, whatever fails. Leaves nothing behind. */
export async function diagnose(needs: Needs): Promise<Check[]> {
  const { environment, kafka, output } = needs;
  const checks: Check[] = [checkNode()];
  let newNodes: { nodes: number; heapMb: number } | undefined;
  if (kafka !== undefined) {
    const status = await localKafkaStatus(kafka.dir);
    const nodes = kafka.nodes ?? Math.max(1, status.nodes.length);
    if (status.state !== "running") newNodes = { nodes, heapMb: kafka.heapMb ?? defaultHeapMb(nodes) };
    checks.push(
      await checkJava(environment),
      await checkMaven(environment),
      await checkCache(environment),
      await checkPorts({ ...kafka, nodes }),
      checkFolder("kafka folder", kafka.dir),
    );
    const copies = Math.min(nodes, 3);
    const events = (needs.events ?? 0) * BYTES_PER_EVENT * copies;
    const missing = Math.max(0, events - folderBytes(kafka.dir));
    checks.push(await checkDisk(kafka.dir, SPARE_DISK_BYTES + missing));
  }
  if (output !== undefined) checks.push(checkFolder("output folder", output));
  checks.push(checkMemory(output === undefined ? 0 : OWN_MEMORY_MB, newNodes));
  return checks;
}

/**
 * Returns when the machine has what is needed.
 * @throws ClickstreamError PREFLIGHT_FAILED with the first thing that it has not
 */
export async function preflight(needs: Needs): Promise<void> {
  const problems = (await diagnose(needs)).filter((check) => !check.ok);
  const [first, ...others] = problems;
  if (first === undefined) return;
  const more = others.length === 0 ? "" : ` (clickstream doctor shows ${others.length} more.)`;
  throw new ClickstreamError({
    code: "PREFLIGHT_FAILED",
    message: first.detail,
    nextStep: `${first.nextStep}${more}`,
  });
}

function folderBytes(folder: string): number {
  if (!existsSync(folder)) return 0;
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false });
    bytes += file === undefined ? 0 : file.blocks * 512;
  }
  return bytes;
}
