import type { QueryPlan } from "../../queries/plan.ts";
import { columnsOf, isoTimeOf, jsonText } from "./columns.ts";
import { qualified } from "./day-partitions.ts";
import { withNul } from "./nul.ts";
import type { PostgresSession } from "./session.ts";

/** The rows of a window as its file would hold them. */
export interface TableWindow {
  windowStartMs: number;
  text: string;
}

const FETCHED_ROWS = 5_000;

type Row = Record<string, string | null>;

/**
 * Reads a query's table back, a window after the other in the order of their starts, within a transaction.
 * @throws PostgresFailure
 */
export async function* tableWindows(
  session: PostgresSession,
  schema: string,
  query: QueryPlan,
): AsyncGenerator<TableWindow> {
  const columns = columnsOf(query).map((column, index) => `${jsonText(column)} AS c${index}`);
  await session.query(
    `DECLARE reading NO SCROLL CURSOR FOR
     SELECT ${columns.join(", ")}, (extract(epoch FROM window_start) * 1000)::float8::text AS start
     FROM ${qualified(schema, query.name)} ORDER BY window_start`,
  );
  let windowStart: string | null | undefined;
  let lines: Line[] = [];
  while (true) {
    const rows = await session.query<Row>(`FETCH ${FETCHED_ROWS} FROM reading`);
    for (const row of rows) {
      if (row.start !== windowStart && lines.length > 0) {
        yield tableWindow(windowStart, lines);
        lines = [];
      }
      windowStart = row.start;
      lines.push(lineOf(query, row));
    }
    if (rows.length < FETCHED_ROWS) break;
  }
  if (lines.length > 0) yield tableWindow(windowStart, lines);
  await session.query("CLOSE reading");
}

interface Line {
  keys: Buffer[];
  text: string;
}

function lineOf({ by, ...query }: QueryPlan, row: Row): Line {
  const keys: Buffer[] = [];
  const members = columnsOf({ by, ...query }).map(({ name, type }, index) => {
    const value = row[`c${index}`] ?? "null"; // NOT NULL, unless somebody changed that
    if (type === "timestamp with time zone") return `"${name}":"${isoTimeOf(value)}"`;
    if (type !== "text") return `"${name}":${value}`;
    const key = withNul(value);
    keys.push(Buffer.from(key));
    return `"${name}":${JSON.stringify(key)}`;
  });
  return { keys, text: `{${members.join(",")}}\n` };
}

/** In the order of files: by the keys' UTF-8 bytes, whatever the database's collation. */
function tableWindow(windowStart: string | null | undefined, lines: Line[]): TableWindow {
  lines.sort((a, b) => {
    for (const [index, key] of a.keys.entries()) {
      const order = key.compare(b.keys[index]!);
      if (order !== 0) return order;
    }
    return 0;
  });
  return { windowStartMs: Number(windowStart), text: lines.map(({ text }) => text).join("") };
}
