/** A text as a literal of Spark SQL. */
export function textLiteral(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** A name, of a column or a view, as Spark SQL takes it whatever its characters. */
export function quotedName(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/** A list of literals for `IN`. */
export function textLiterals(texts: readonly string[]): string {
  return texts.map(textLiteral).join(", ");
}

/** A query over another one. */
export function selectFrom(columns: readonly string[], source: string): string {
  return `SELECT ${columns.join(",\n  ")}\nFROM ${source}`;
}

/** A query that groups another one by keys. */
export function groupBy(columns: readonly string[], source: string, keys: readonly string[]): string {
  return `${selectFrom(columns, source)}\nGROUP BY ${keys.join(", ")}`;
}

/** A query in brackets, to be read from. */
export function nested(sql: string): string {
  return `(\n${sql.replaceAll(/^/gm, "  ")}\n)`;
}

/** Options that make Spark's JSON parser stricter, though not strict. */
export const STRICT = "map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')";
