import assert from "node:assert/strict";
import type { Measure, QueryPlan } from "../../queries/plan.ts";
import { type EncodedRows, isoTime } from "../rows.ts";
import type { Session } from "./session.ts";
import type { SessionShape } from "./session-shape.ts";
import type { TransitionCounts } from "./transition-counts.ts";

/** When a window begins and ends, ms. */
interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
}

/** The final bytes of the rows of sessions that ended in a window, in the order of their ids' UTF-8 bytes. */
export function encodeSessions(
  query: QueryPlan,
  shape: SessionShape,
  sessions: Iterable<Session>,
  window: Stretch,
): EncodedRows {
  const head = headOf(window);
  const measures = Object.entries(query.measures).map(([column, measure]) => ({
    prefix: `,${JSON.stringify(column)}:`,
    textOf: jsonOf(measure, shape),
  }));
  const inOrder = sortedBy([...sessions], ({ id }) => [id]);
  const lines = inOrder.map((session) => {
    const values = measures.map(({ prefix, textOf }) => prefix + textOf(session));
    return `${head},"session_id":${JSON.stringify(session.id)}${values.join("")}}\n`;
  });
  return { rowCount: inOrder.length, bytes: joinLines(lines) };
}

/** The final bytes of a window's transitions, in the order of both pages' UTF-8 bytes. */
export function encodeTransitions(
  { by, measures }: QueryPlan,
  counts: TransitionCounts,
  window: Stretch,
): EncodedRows {
  const head = headOf(window);
  const [from, to] = by;
  const [column] = Object.keys(measures);
  const inOrder = sortedBy([...counts.entries()], ([left, right]) => [left, right]);
  const lines = inOrder.map(
    ([left, right, count]) =>
      `${head},"${from}":${JSON.stringify(left)},"${to}":${JSON.stringify(right)},"${column}":${count}}\n`,
  );
  return { rowCount: inOrder.length, bytes: joinLines(lines) };
}

/** One buffer of many: lines together may be longer than a string can be. */
function joinLines(lines: readonly string[]): Buffer {
  return Buffer.concat(lines.map((line) => Buffer.from(line)));
}

function headOf({ startMs, endMs }: Stretch): string {
  return `{"window_start":"${isoTime(startMs)}","window_end":"${isoTime(endMs)}"`;
}

/** Ordered by the UTF-8 bytes of their keys. */
function sortedBy<T>(items: readonly T[], keysOf: (item: T) => string[]): T[] {
  const bytesOf = (text: string): string => Buffer.from(text).toString("latin1");
  const keyed = items.map((item) => ({ item, keys: keysOf(item).map(bytesOf) }));
  keyed.sort((a, b) => {
    const k = a.keys.findIndex((key, index) => key !== b.keys[index]);
    return k === -1 ? 0 : (a.keys[k] as string) < (b.keys[k] as string) ? -1 : 1;
  });
  return keyed.map(({ item }) => item);
}

/** A measure's value of a session as JSON. */
function jsonOf(measure: Measure, shape: SessionShape): (session: Session) => string {
  switch (measure.kind) {
    case "count":
      return ({ events }) => String(events);
    case "countWhere": {
      const at = shape.counted.findIndex(
        ({ field, value }) => field === measure.field && value === measure.value,
      );
      return ({ counts }) => String(counts[at]);
    }
    case "countDistinct": {
      const at = shape.distinct.indexOf(measure.field);
      return ({ distinct }) => String(distinct[at]?.size);
    }
    case "single": {
      const at = shape.distinct.indexOf(measure.field);
      return ({ distinct }) => (distinct[at]?.size === 1 ? "1" : "0");
    }
    case "minTime":
      return ({ firstMs }) => `"${isoTime(firstMs)}"`;
    case "maxTime":
      return ({ lastMs }) => `"${isoTime(lastMs)}"`;
    case "timeSpan":
      return ({ firstMs, lastMs }) => String((lastMs - firstMs) / 1_000);
    case "first": {
      const at = shape.first.indexOf(measure.field);
      return ({ first }) => JSON.stringify(first[at]);
    }
    case "last": {
      const at = shape.last.indexOf(measure.field);
      return ({ last }) => JSON.stringify(last[at]);
    }
    case "sum":
    case "min":
    case "max":
      assert.fail(`no session has a ${measure.kind}`);
  }
}
