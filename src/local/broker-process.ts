import type { Clock } from "../core/clock.ts";
import type { Environment } from "./environment.ts";
import { isProcessAlive, launchJava, type MarkedProcess, terminateProcesses } from "./java-process.ts";
import { type KafkaFolder, NODE_FILES, type NodeFolder, type NodeRecord } from "./kafka-folder.ts";
import { KAFKA } from "./software.ts";

/** Below it a broker is one of a test's: it starts faster without the optimising compiler. */
const SMALL_HEAP_MB = 512;

/** How to run the Java program of a node. */
export interface Runtime {
  environment: Environment;
  /** Folder of Kafka's jars. */
  jars: string;
  heapMb: number;
}

/**
 * Starts the broker of a node as a process of its own that outlives this one, and returns its pid at once. Its
 * server.properties and log4j2.properties must be written.
 * @throws ClickstreamError JAVA_MISSING
 */
export function launchNode(folder: KafkaFolder, nodeId: number, runtime: Runtime): number {
  const node = folder.node(nodeId);
  const options = [...javaOptions(runtime), nodeMark(node), "-cp", `${runtime.jars}/*`];
  return launchJava({
    software: KAFKA,
    environment: runtime.environment,
    folder: node.dir,
    printed: node.printed,
    args: [...options, "kafka.Kafka", NODE_FILES.properties],
  });
}

function javaOptions(runtime: Runtime): string[] {
  const collector =
    runtime.heapMb < SMALL_HEAP_MB
      ? ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
      : ["-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35"];
  return [
    `-Xms${runtime.heapMb}m`,
    `-Xmx${runtime.heapMb}m`,
    ...collector,
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    ...logOptions(),
  ];
}

/** Java's options for a log in the node's folder. */
export function logOptions(): string[] {
  return [`-Dlog4j2.configurationFile=${NODE_FILES.logSettings}`, `-Dclickstream.log=${NODE_FILES.log}`];
}

/** An argument of the process that no other process has: its folder. */
function nodeMark(node: NodeFolder): string {
  return `-Dclickstream.node=${node.dir}`;
}

function marked(folder: KafkaFolder, { nodeId, pid }: NodeRecord): MarkedProcess {
  return { pid, mark: nodeMark(folder.node(nodeId)) };
}

/** Whether the node's process lives: a process of this number that was started for this folder. */
export function isNodeAlive(folder: KafkaFolder, node: NodeRecord): boolean {
  return isProcessAlive(marked(folder, node));
}

/** Ends the processes of these nodes in order of their ids: politely, and by force those that don't obey. */
export function terminateNodes(
  folder: KafkaFolder,
  nodes: readonly NodeRecord[],
  clock: Clock,
): Promise<void> {
  return terminateProcesses(
    nodes.map((node) => marked(folder, node)),
    clock,
  );
}
