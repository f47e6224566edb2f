import type { Manifest } from "../../sinks/manifest.ts";
import { PostgresSession } from "../../sinks/postgres/session.ts";
import { tableWindows } from "../../sinks/postgres/table-windows.ts";
import type { PostgresDestination } from "../config/postgres.ts";
import { resultWindows } from "../postgres/result-windows.ts";
import { compareRows } from "./compare-rows.ts";
import { type OutputDifference, SHOWN_DIFFERENCES } from "./verify-output.ts";

/** How the tables compare with the files of the output. They agree when nothing differs. */
export interface TableVerification {
  /** Rows of the files. */
  rows: number;
  /** Those of them that the tables hold, value for value. */
  agreeing: number;
  /** Rows that are missing, different or too many. */
  differing: number;
  /** The first few of them. */
  differences: OutputDifference[];
}

/**
 * Compares the table of each query with its files or its archive, row by row. What the output no longer keeps may be in
 * the table still.
 * @throws PostgresFailure, and what reading the archive throws
 */
export async function verifyPostgres(
  output: string,
  manifest: Manifest,
  { connection, schema }: PostgresDestination,
): Promise<TableVerification> {
  const found: TableVerification = { rows: 0, agreeing: 0, differing: 0, differences: [] };
  const files = resultWindows(output, manifest);
  const keys = Map.groupBy(await files.list(), ({ query }) => query);
  const keptFrom = await files.keptFrom();
  const session = await PostgresSession.open(connection);
  try {
    await session.transaction(async () => {
      for (const query of manifest.queries) {
        const { name } = query;
        const keptFromMs = keptFrom.get(name) ?? Number.NEGATIVE_INFINITY;
        const inFiles = files.read(keys.get(name) ?? [])[Symbol.asyncIterator]();
        const inTable = tableWindows(session, schema, query);
        for await (const { startMs, expected, text } of pairs(inFiles, inTable)) {
          if (startMs < keptFromMs) continue;
          const { rows, agreeing, differences } = compareRows(query, expected, text);
          const window = new Date(startMs).toISOString();
          found.rows += rows;
          found.agreeing += agreeing;
          found.differing += differences.length;
          const shown = differences.slice(0, SHOWN_DIFFERENCES - found.differences.length);
          found.differences.push(...shown.map((difference) => ({ query: name, window, ...difference })));
        }
      }
    }, "ISOLATION LEVEL REPEATABLE READ READ ONLY");
  } finally {
    await session.close();
  }
  return found;
}

/** A window as the files and as the table have it. */
interface Pair {
  startMs: number;
  expected: string;
  text: string | undefined;
}

/** Both ascend. */
async function* pairs(
  files: AsyncIterator<{ windowStartMs: number; bytes: Uint8Array }>,
  table: AsyncIterable<{ windowStartMs: number; text: string }>,
): AsyncGenerator<Pair> {
  let file = await files.next();
  for await (const { windowStartMs: startMs, text } of table) {
    for (; !file.done && file.value.windowStartMs < startMs; file = await files.next())
      yield alone(file.value);
    if (file.done || file.value.windowStartMs !== startMs) yield { startMs, expected: "", text };
    else {
      yield { ...alone(file.value), text };
      file = await files.next();
    }
  }
  for (; !file.done; file = await files.next()) yield alone(file.value);
}

function alone({ windowStartMs, bytes }: { windowStartMs: number; bytes: Uint8Array }): Pair {
  return { startMs: windowStartMs, expected: Buffer.from(bytes).toString(), text: undefined };
}
