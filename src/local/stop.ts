import type { Clock } from "../core/clock.ts";
import { withFileLock } from "../core/file-lock.ts";
import { isNodeAlive, terminateNodes } from "./broker-process.ts";
import { type KafkaFolder, readRecord, writeRecord } from "./kafka-folder.ts";

/** Stops every node of the folder's Kafka, whoever started it, and returns how many were running. */
export function stopNodes(folder: KafkaFolder, clock: Clock): Promise<number> {
  return withFileLock(folder.lock, { clock }, async () => {
    const record = readRecord(folder);
    if (record === undefined) return 0;
    const alive = record.nodes.filter((node) => isNodeAlive(folder, node));
    // First, so that no supervisor takes the end of a node for an accident.
    writeRecord(folder, { ...record, wanted: "stopped" });
    await terminateNodes(folder, record.nodes, clock);
    return alive.length;
  });
}
