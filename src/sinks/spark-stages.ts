/** The streaming query under Spark that reads Kafka and judges what it reads; all others read its files. */
export const JUDGED_EVENTS = "judged_events";

/** Its folder below `output/checkpoints`: files that are the engine's own, deleted when all queries have read them. */
export const JUDGED_FOLDER = "judged";
