import type { KeyField } from "../../events/event.ts";
import { type ByteReader, ByteWriter } from "../byte-columns.ts";
import { openSealed, SLOT_FORMATS, sealed } from "../sealed-bytes.ts";
import type { SlotColumns, StringTable } from "../slot.ts";
import { OwnIds, readStrings, writeStrings } from "../string-columns.ts";

/** Events one by one, in columns; the arrays may be longer than `size`. */
export interface EventLog {
  readonly size: number;
  readonly timeMs: Float64Array;
  readonly offset: Float64Array;
  readonly partition: Int32Array;
  /** In the order of the fields. */
  readonly ids: readonly Int32Array[];
}

/** Events of a pane as they were decoded. */
export interface DecodedEvents {
  readonly size: number;
  readonly timeMs: Float64Array;
  readonly offset: Float64Array;
  readonly partition: Float64Array;
  /** In the order of the fields. */
  readonly ids: readonly Float64Array[];
  readonly strings: readonly StringTable[];
}

/**
 * Some events of a log as bytes that stand alone: format (u8) | latest time | least offset | strings of each field | columns
 * of ids, times, offsets, partitions | CRC-32 (u32). Some 15 bytes an event and its share of the strings; times are
 * relative to the pane's start, offsets to the least. `rows` has at least one.
 */
export function encodeEvents(
  fields: readonly KeyField[],
  strings: SlotColumns["strings"],
  log: EventLog,
  rows: Int32Array,
  paneStartMs: number,
): Uint8Array {
  let latestMs = paneStartMs;
  let leastOffset = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    latestMs = Math.max(latestMs, log.timeMs[row] as number);
    leastOffset = Math.min(leastOffset, log.offset[row] as number);
  }
  const head = new ByteWriter();
  head.byte(SLOT_FORMATS.events);
  head.column(1, () => latestMs - paneStartMs);
  head.column(1, () => leastOffset);
  const body = new ByteWriter();
  body.count(rows.length);
  fields.forEach((field, f) => {
    const table = strings[field] as StringTable;
    const own = new OwnIds(table.size);
    const ids = log.ids[f] as Int32Array;
    body.column(rows.length, (i) => own.of(ids[rows[i] as number] as number));
    writeStrings(head, table, own.used);
  });
  body.column(rows.length, (i) => (log.timeMs[rows[i] as number] as number) - paneStartMs);
  body.column(rows.length, (i) => (log.offset[rows[i] as number] as number) - leastOffset);
  body.column(rows.length, (i) => log.partition[rows[i] as number] as number);
  return sealed(head.finish(), body.finish());
}

/** Time of the latest of the encoded events, without looking at the others. */
export function latestTimeMs(encoded: Uint8Array, paneStartMs: number): number {
  return paneStartMs + number(openSealed(encoded, SLOT_FORMATS.events));
}

/** The events again. Crashes on bytes that were damaged or written for other fields. */
export function decodeEvents(
  fields: readonly KeyField[],
  encoded: Uint8Array,
  paneStartMs: number,
): DecodedEvents {
  const reader = openSealed(encoded, SLOT_FORMATS.events);
  number(reader); // the latest time
  const leastOffset = number(reader);
  const strings = fields.map(() => readStrings(reader));
  const size = reader.count();
  const ids = fields.map(() => reader.column(size));
  const timeMs = reader.column(size);
  const offset = reader.column(size);
  for (let i = 0; i < size; i++) {
    timeMs[i] = (timeMs[i] as number) + paneStartMs;
    offset[i] = (offset[i] as number) + leastOffset;
  }
  return { size, timeMs, offset, partition: reader.column(size), ids, strings };
}

function number(reader: ByteReader): number {
  return reader.column(1)[0] as number;
}
