/**
 * The records of one Kafka record batch in columns, in offset order. The arrays are longer than `count`, reused from
 * batch to batch, and valid only during the call that receives them.
 */
export interface RecordColumns {
  /** Holds every value; at least 16 readable bytes follow the last one. */
  bytes: Buffer;
  count: number;
  /** Offset in the partition. */
  offset: Float64Array;
  /** The record's own timestamp (create or log-append time), ms since the epoch; −1 when its producer gave none. */
  timestampMs: Float64Array;
  /** Where the value starts in `bytes`; −1 for a null value. */
  valueStart: Int32Array;
  /** One past the value's last byte. */
  valueEnd: Int32Array;
  /** Where the record's length field starts, to read its key and headers again when it becomes a dead letter. */
  recordStart: Int32Array;
}
