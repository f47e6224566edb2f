import { mkdirSync, rmSync } from "node:fs";
import { ClickstreamError } from "../core/errors.ts";
import { logOptions, type Runtime } from "./broker-process.ts";
import { javaCommand, javaMissing } from "./java.ts";
import { type KafkaFolder, NODE_FILES } from "./kafka-folder.ts";
import { runProgram } from "./program.ts";
import { KAFKA } from "./software.ts";

/**
 * Gives a node's data folder the cluster's identity, as Kafka asks for before the first start. Whatever an interrupted
 * attempt left is removed: call it only for a node that never ran. Its server.properties must be written.
 * @throws ClickstreamError JAVA_MISSING, KAFKA_FORMAT_FAILED
 */
export async function formatStorage(
  folder: KafkaFolder,
  nodeId: number,
  clusterId: string,
  runtime: Runtime,
  formatArguments: readonly string[] = [],
): Promise<void> {
  const node = folder.node(nodeId);
  rmSync(node.data, { recursive: true, force: true });
  mkdirSync(node.data, { recursive: true });
  const java = javaCommand(runtime.environment);
  const options = [
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    ...logOptions(),
    "-cp",
    `${runtime.jars}/*`,
  ];
  const tool = [
    "kafka.tools.StorageTool",
    "format",
    `--cluster-id=${clusterId}`,
    "-c",
    NODE_FILES.properties,
    ...formatArguments,
  ];
  const result = await runProgram(java, [...options, ...tool], { ...runtime, folder: node.dir }).catch(
    (cause: NodeJS.ErrnoException) => {
      throw cause.code === "ENOENT" ? javaMissing(runtime.environment, KAFKA) : cause;
    },
  );
  if (result.exitCode === 0) return;
  throw new ClickstreamError({
    code: "KAFKA_FORMAT_FAILED",
    message: `Kafka could not prepare its data folder ${node.data}: ${result.lines.find((line) => /Exception|Error/.test(line)) ?? result.lines.at(-1)}`,
    nextStep: "Check that the folder is writable and that Java is 17 or newer (clickstream doctor).",
  });
}
