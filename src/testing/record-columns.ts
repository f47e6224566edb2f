import type { RecordColumns } from "../events/records.ts";
import type { StoredRecord } from "./memory-topic.ts";

const PADDING = Buffer.alloc(16);

/** Kafka's variable-length integers, as records use them for lengths. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value < 0 ? -value * 2 - 1 : value * 2;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

/** Records laid out as a Kafka record batch lays them out, without keys and headers, in columns. */
export function recordColumns(records: readonly StoredRecord[]): RecordColumns {
  const columns: RecordColumns = {
    bytes: Buffer.alloc(0),
    count: records.length,
    offset: Float64Array.from(records, ({ offset }) => offset),
    timestampMs: Float64Array.from(records, ({ timestampMs }) => timestampMs),
    valueStart: new Int32Array(records.length).fill(-1),
    valueEnd: new Int32Array(records.length),
    recordStart: new Int32Array(records.length),
  };
  const parts: Buffer[] = [];
  let length = 0;
  records.forEach(({ value }, row) => {
    const prefix = Buffer.concat([Buffer.from([0, 0, 0]), varint(-1), varint(value?.length ?? -1)]);
    const body = Buffer.concat([prefix, value ?? Buffer.alloc(0), Buffer.from([0])]);
    const size = varint(body.length);
    columns.recordStart[row] = length;
    if (value !== null) {
      columns.valueStart[row] = length + size.length + prefix.length;
      columns.valueEnd[row] = (columns.valueStart[row] ?? 0) + value.length;
    }
    parts.push(size, body);
    length += size.length + body.length;
  });
  columns.bytes = Buffer.concat([...parts, PADDING]);
  return columns;
}
