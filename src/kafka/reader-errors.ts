import { ClickstreamError } from "../core/errors.ts";

/** OFFSET_OUT_OF_RANGE: records that were to be read are gone, or were never there. */
export class OffsetOutOfRangeError extends ClickstreamError {
  readonly partition: number;
  /** The offset that was asked for. */
  readonly asked: number;
  /** The first offset that is still there. */
  readonly earliest: number;

  constructor(topic: string, partition: number, asked: number, earliest: number) {
    super({
      code: "OFFSET_OUT_OF_RANGE",
      message:
        asked < earliest
          ? `Kafka dropped records of ${topic} before they were read: partition ${partition} begins at offset ${earliest}, the next to read was ${asked}.`
          : `Partition ${partition} of ${topic} has no offset ${asked} (it begins at ${earliest}): the log was cut off.`,
      nextStep:
        "Keep records longer (retention.ms, retention.bytes), or allow the loss with --on-data-loss skip.",
    });
    this.partition = partition;
    this.asked = asked;
    this.earliest = earliest;
  }
}

/** CORRUPT_BATCH: bytes that no broker should hand out. */
export class CorruptBatchError extends ClickstreamError {
  readonly partition: number;
  /** Offset at or after which the batch begins. */
  readonly offset: number;

  constructor(topic: string, partition: number, offset: number, cause: Error) {
    super({
      code: "CORRUPT_BATCH",
      message: `The record batch at offset ${offset} of partition ${partition} of ${topic} is corrupt: ${cause.message}.`,
      nextStep: "Check the disks of the brokers and the network between; another replica may be sound.",
      cause,
    });
    this.partition = partition;
    this.offset = offset;
  }
}
