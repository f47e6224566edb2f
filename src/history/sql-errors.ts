import { ClickstreamError, UsageError } from "../core/errors.ts";

const LOOK_UP = "clickstream sql without a statement lists the views and their columns.";

/** A statement that can't be run, as DuckDB says it, in one sentence with the place. */
export function sqlError(cause: unknown, sql: string, timeoutMs?: number): ClickstreamError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (message.startsWith("INTERRUPT")) {
    return new ClickstreamError({
      code: "SQL_TIMEOUT",
      message: `The statement took longer than ${Number(timeoutMs) / 1_000} s and was ended.`,
      nextStep: "Ask for fewer days (where window_start >= …), or give it more time.",
      cause,
    });
  }
  if (message.startsWith("Out of Memory Error")) {
    return new ClickstreamError({
      code: "SQL_OUT_OF_MEMORY",
      message: "The statement needs more memory than it is allowed.",
      nextStep: "Ask for fewer days or fewer groups, or give it more memory.",
      cause,
    });
  }
  const [said = "", ...rest] = message.split("\n\nLINE ");
  const [first = "", ...more] = said.replace(/^[A-Z][A-Za-z ]*?Error: /, "").split("\n");
  const place = placeOf(rest.join("\n\nLINE "), sql);
  const hint = more.filter((line) => line.trim() !== "").join(" ");
  const isMissingView = first.startsWith("Table with name"); // DuckDB's guess would be one of its own tables
  return statementError(
    `${first.replace(/[.!]$/, "")}${place}`,
    hint === "" || isMissingView ? LOOK_UP : hint,
  );
}

/** A statement that this program refuses, or can't read at a character (from 0). */
export function statementError(what: string, nextStep = LOOK_UP): UsageError {
  return new UsageError(`The statement can't be run: ${what}.`, nextStep);
}

/** ` (line 1, column 8)` of a character, counted from 0. */
export function placeAt(sql: string, position: number): string {
  const before = sql.slice(0, position).split("\n");
  return ` (line ${before.length}, column ${(before.at(-1) ?? "").length + 1})`;
}

/** DuckDB shows the line, or a part of a long one, with a caret below. */
function placeOf(shown: string, sql: string): string {
  const [, number = "", excerpt = "", caretLine = ""] = /^(\d+): (.*)\n(.*?)\^/s.exec(shown) ?? [];
  if (number === "") return "";
  const caret = caretLine.length - `LINE ${number}: `.length;
  const line = sql.split("\n")[Number(number) - 1] ?? "";
  const start = line.indexOf(excerpt.replaceAll(/^\.\.\.|\.\.\.$/g, ""));
  if (start < 0) return ` (line ${number})`;
  const column = start + caret - (excerpt.startsWith("...") ? 3 : 0) + 1;
  return ` (line ${number}, column ${column})`;
}
