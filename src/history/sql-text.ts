import type { Column } from "./columns.ts";

/** A name as SQL writes it. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A text as SQL writes it. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A list of texts as DuckDB writes it. */
export const list = (texts: readonly string[]): string => `[${texts.map(literal).join(", ")}]`;

/** Columns with their types as `read_json` takes them. */
export const columnTypes = (columns: readonly Column[]): string =>
  `{${columns.map(({ name, type }) => `${identifier(name)}: ${literal(type)}`).join(", ")}}`;
