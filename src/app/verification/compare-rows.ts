import type { QueryPlan } from "../../queries/plan.ts";

/** A row that the output should have and hasn't, has and shouldn't, or (both given) has otherwise than it should. */
export interface RowDifference {
  expected?: string;
  found?: string;
}

/** How the file of one window compares with what it must hold. */
export interface RowComparison {
  /** Rows that the file must hold. */
  rows: number;
  /** Those of them that it holds, byte for byte. */
  agreeing: number;
  differences: RowDifference[];
}

/** Compares a window's rows (newline-delimited JSON), row by row as their keys say; `found` is undefined without a file. */
export function compareRows(query: QueryPlan, expected: string, found: string | undefined): RowComparison {
  const expectedRows = linesOf(expected);
  if (expected === found)
    return { rows: expectedRows.length, agreeing: expectedRows.length, differences: [] };

  const foundRows = linesOf(found ?? "");
  const foundByKey = new Map(foundRows.map((row) => [keyOf(query, row), row]));
  const differences: RowDifference[] = [];
  for (const row of expectedRows) {
    const key = keyOf(query, row);
    const other = foundByKey.get(key);
    foundByKey.delete(key);
    if (other !== row)
      differences.push(other === undefined ? { expected: row } : { expected: row, found: other });
  }
  const agreeing = expectedRows.length - differences.length;
  for (const row of foundByKey.values()) differences.push({ found: row });
  if (differences.length === 0) differences.push(firstLineThatDiffers(expectedRows, foundRows));
  return { rows: expectedRows.length, agreeing, differences };
}

const linesOf = (text: string): string[] => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));

function keyOf(query: QueryPlan, row: string): string {
  try {
    const fields = JSON.parse(row) as Record<string, unknown>;
    return JSON.stringify(query.by.map((field) => fields[field]));
  } catch {
    return row;
  }
}

/** The rows are the same, but not their order, their number or the line ends. */
function firstLineThatDiffers(expected: string[], found: string[]): RowDifference {
  const index = Math.max(
    0,
    found.findIndex((row, line) => row !== expected[line]),
  );
  return { expected: expected[index] ?? "", found: found[index] ?? "" };
}
