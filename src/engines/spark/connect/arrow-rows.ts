import { type RecordBatch, Table, tableFromIPC } from "apache-arrow";

/** A row: column names to values. Longs are bigints, times are milliseconds since the epoch. */
export type Row = Readonly<Record<string, unknown>>;

/** One table of what arrived: each part is a complete Arrow IPC stream. */
export function tableOf(parts: readonly Uint8Array[]): Table {
  const batches: RecordBatch[] = parts.flatMap((part) => tableFromIPC(part).batches);
  return new Table(batches);
}

/** The table's rows as plain objects. */
export function rowsOf(table: Table): Row[] {
  return table.toArray().map((row: { toJSON(): Row }) => row.toJSON());
}
