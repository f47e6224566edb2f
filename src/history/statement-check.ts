import type { DuckDBConnection } from "@duckdb/node-api";
import { placeAt, statementError } from "./sql-errors.ts";

/** Functions that may stand in FROM: they make rows of their arguments. All others reach for files or settings. */
const TABLE_FUNCTIONS = new Set(["range", "generate_series", "unnest", "repeat", "json_each", "json_tree"]);

/** What is asked of a statement of a stranger before it runs. */
export interface CheckedStatement {
  /** Names in lower case that its FROM clauses read: of views, but also of what the statement itself names. */
  tables: ReadonlySet<string>;
}

interface Serialized {
  error: boolean;
  error_message?: string;
  position?: string;
  statements?: unknown[];
}

/**
 * Reads a statement as DuckDB does, without running it, and checks that it is one query that reads nothing but views.
 * @throws UsageError with the place
 */
export async function checkStatement(connection: DuckDBConnection, sql: string): Promise<CheckedStatement> {
  const reader = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [sql]);
  const tree = JSON.parse(String(reader.getRows()[0]?.[0])) as Serialized;
  if (tree.error) {
    const { error_message: message = "it can't be read", position } = tree;
    if (message.startsWith("Only SELECT")) {
      throw statementError(
        "it is no query",
        "Only queries run here: select, with, from, values, describe, summarize.",
      );
    }
    throw statementError(
      `${message}${position === undefined ? "" : placeAt(sql, characterAt(sql, Number(position)))}`,
    );
  }
  if (tree.statements?.length !== 1) {
    throw statementError(
      tree.statements?.length === 0 ? "it is empty" : "there is more than one",
      "Give one statement at a time.",
    );
  }
  const tables = new Set<string>();
  for (const node of nodes(tree.statements)) {
    if (node.type === "BASE_TABLE") tables.add(String(node.table_name).toLowerCase());
    else if (node.type === "TABLE_FUNCTION") {
      const { function_name: name, query_location: at } = (node.function ?? {}) as Record<string, unknown>;
      if (TABLE_FUNCTIONS.has(String(name).toLowerCase())) continue;
      const place = typeof at === "number" ? placeAt(sql, characterAt(sql, at)) : "";
      throw statementError(
        `${name}() can't be used here${place}`,
        "A statement reads the views and nothing else.",
      );
    }
  }
  return { tables };
}

/** DuckDB counts places in bytes. */
const characterAt = (sql: string, byte: number): number =>
  Buffer.from(sql).subarray(0, byte).toString().length;

function* nodes(value: unknown): Generator<Record<string, unknown>> {
  const open = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (Array.isArray(next)) open.push(...next);
    else if (typeof next === "object" && next !== null) {
      yield next as Record<string, unknown>;
      open.push(...Object.values(next));
    }
  }
}
