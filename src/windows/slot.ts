import { Dictionary } from "../events/dictionary.ts";
import type { KeyField } from "../events/event.ts";
import type { TablePlan } from "./table-plan.ts";
import { type TupleColumns, TupleTable } from "./tuple-table.ts";

/** Read access to the byte strings behind ids 0 … size − 1. */
export interface StringTable {
  readonly size: number;
  readonly arena: Uint8Array;
  startOf(id: number): number;
  lengthOf(id: number): number;
}

/** What is known of some events in the form that merges: tables of ids, and the strings behind the ids. */
export interface SlotColumns {
  readonly strings: Readonly<Partial<Record<KeyField, StringTable>>>;
  /** In the order of the plan's tables. */
  readonly tables: readonly TupleColumns[];
}

/** The events of one pane that the same windows count, or of one whole window. */
export class Slot implements SlotColumns {
  readonly strings: Partial<Record<KeyField, Dictionary>> = {};
  readonly tables: readonly TupleTable[];
  private readonly plan: TablePlan;
  private readonly scratchKey: Int32Array;

  constructor(plan: TablePlan) {
    this.plan = plan;
    for (const field of plan.fields) this.strings[field] = new Dictionary();
    this.tables = plan.tables.map((spec) => new TupleTable(spec.fields.length, spec.times));
    this.scratchKey = new Int32Array(plan.fields.length);
  }

  /** Adds all that `source` counted. Cost: a lookup for each of its strings and each of its rows. */
  merge(source: SlotColumns): void {
    const ownIds: Partial<Record<KeyField, Int32Array>> = {};
    for (const field of this.plan.fields) {
      ownIds[field] = internAll(this.strings[field] as Dictionary, source.strings[field] as StringTable);
    }
    this.plan.tables.forEach((spec, index) => {
      const columns = spec.fields.map((field) => ownIds[field] as Int32Array);
      mergeRows(
        this.tables[index] as TupleTable,
        source.tables[index] as TupleColumns,
        columns,
        this.scratchKey,
      );
    });
  }

  /** Bytes held by the tables and the strings. */
  get byteLength(): number {
    let total = 0;
    for (const table of this.tables) total += table.byteLength;
    for (const dictionary of Object.values(this.strings) as Dictionary[]) total += dictionary.byteLength;
    return total;
  }
}

function internAll(target: Dictionary, source: StringTable): Int32Array {
  const ids = new Int32Array(source.size);
  for (let id = 0; id < source.size; id++) {
    ids[id] = target.intern(source.arena, source.startOf(id), source.lengthOf(id));
  }
  return ids;
}

/** Hot when windows close: about 30 ns a row; a five-minute window of 300,000 events has some 100,000 rows. */
function mergeRows(
  target: TupleTable,
  source: TupleColumns,
  ownIds: readonly Int32Array[],
  key: Int32Array,
): void {
  const { size, width, keys, counts, minMs, maxMs } = source;
  for (let row = 0, at = 0; row < size; row++) {
    for (let k = 0; k < width; k++) key[k] = (ownIds[k] as Int32Array)[keys[at++] as number] as number;
    target.add(target.row(key, 0), counts[row] as number, minMs[row] as number, maxMs[row] as number);
  }
}
