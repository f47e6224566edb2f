import type { Dictionary } from "../events/dictionary.ts";
import type { Measure, QueryPlan } from "../queries/plan.ts";
import type { MeasureValues, RolledUp } from "./roll-up.ts";
import { isoTime } from "./rows.ts";
import type { Slot } from "./slot.ts";

/** A row as its file would hold it. */
export type Row = Record<string, string | number>;

/**
 * Characters of a key that are shown at most. More than a question to the API may name, so that nobody asks for what is
 * left of a key that was cut.
 */
const SHOWN_CHARACTERS = 600;
const MAX_BYTES_A_CHARACTER = 3;

/** Some rows of a window that is still open. */
export interface TopRows {
  /** All rows that there are. */
  keys: number;
  /** Those with the greatest values of the query's first measure, greatest first. Long keys are cut, with a mark. */
  rows: Row[];
}

/** The rows of a query that have most of its first measure. A walk over all groups; only what is returned becomes objects. */
export function topRows(
  query: QueryPlan,
  { groups, fields, values }: RolledUp,
  strings: Slot["strings"],
  { startMs, endMs, limit }: { startMs: number; endMs: number; limit: number },
): TopRows {
  const measures = Object.entries(query.measures);
  const rows = greatest(values[measures[0]?.[0] as string] as MeasureValues, groups.size, limit).map(
    (row) => {
      const shown: Row = { window_start: isoTime(startMs), window_end: isoTime(endMs) };
      for (const field of query.by) {
        const id = groups.keys[row * groups.width + fields.indexOf(field)] as number;
        shown[field] = shownKey(strings[field] as Dictionary, id);
      }
      for (const [column, measure] of measures) {
        shown[column] = shownValue(measure, Number(values[column]?.[row]));
      }
      return shown;
    },
  );
  return { keys: groups.size, rows };
}

/** Indexes of the greatest values, greatest first. One comparison for nearly every value. */
function greatest(values: MeasureValues, size: number, limit: number): number[] {
  const best: number[] = [];
  for (let row = 0; row < size; row++) {
    const value = Number(values[row]);
    if (best.length === limit && value <= Number(values[best[limit - 1] as number])) continue;
    const at = best.findIndex((other) => Number(values[other]) < value);
    best.splice(at === -1 ? best.length : at, 0, row);
    if (best.length > limit) best.pop();
  }
  return best;
}

/** Of a key that is too long the beginning, with its size and a hash that tells it from others that begin the same. */
function shownKey(dictionary: Dictionary, id: number): string {
  const bytes = dictionary.lengthOf(id);
  if (bytes <= SHOWN_CHARACTERS) return dictionary.text(id);
  const start = dictionary.startOf(id);
  const end = start + Math.min(bytes, MAX_BYTES_A_CHARACTER * SHOWN_CHARACTERS);
  const text = Buffer.from(dictionary.arena.subarray(start, end)).toString("utf8");
  if (text.length <= SHOWN_CHARACTERS && end === start + bytes) return text;
  const hash = (dictionary.hash(id) >>> 0).toString(16).padStart(8, "0");
  return `${text.slice(0, SHOWN_CHARACTERS).toWellFormed()}… (${bytes} bytes, ${hash})`;
}

function shownValue({ kind }: Measure, value: number): string | number {
  if (kind === "minTime" || kind === "maxTime") return isoTime(value);
  return kind === "timeSpan" ? value / 1_000 : value;
}
