import assert from "node:assert/strict";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * The values of a row as the engines write it, columns in their order and nothing between them: texts decoded, numbers
 * digit by digit as they stand, because a double would not hold all of them.
 */
export function valuesOf(row: string, columns: readonly { readonly name: string }[]): string[] {
  const values: string[] = [];
  let at = 0;
  for (const { name } of columns) {
    at++; // the brace or the comma
    assert(row.startsWith(`"${name}":`, at), `a row has no column ${name} at ${at}`);
    at += name.length + 3;
    const isText = row.charCodeAt(at) === QUOTE;
    const end = isText ? endOfText(row, at) : endOfNumber(row, at);
    const value = row.slice(at, end);
    values.push(isText ? textOf(value) : value);
    at = end;
  }
  return values;
}

function endOfText(row: string, start: number): number {
  for (let end = row.indexOf('"', start + 1); ; end = row.indexOf('"', end + 1)) {
    assert(end > 0, "a text of a row has no end");
    let slash = end - 1;
    while (row.charCodeAt(slash) === BACKSLASH) slash--;
    if ((end - slash) % 2 === 1) return end + 1; // an even number of them before the quote
  }
}

function endOfNumber(row: string, start: number): number {
  const comma = row.indexOf(",", start);
  return comma < 0 ? row.length - 1 : comma;
}

function textOf(json: string): string {
  return json.includes("\\") ? (JSON.parse(json) as string) : json.slice(1, -1);
}
