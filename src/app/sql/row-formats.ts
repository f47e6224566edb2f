import type { DuckDBValue } from "@duckdb/node-api";
import { jsonText, plainText } from "../../history/values.ts";

/** How rows are printed. */
export type RowFormat = "table" | "csv" | "json";

/** Turns rows into text piece by piece; nothing of earlier pieces is kept, but for a table. */
export interface RowWriter {
  /** Before the first row. */
  begin(): string;
  rows(rows: readonly DuckDBValue[][]): string;
  /** After the last row. */
  end(): string;
}

/** The writer of a format for rows with these columns. */
export function rowWriter(format: RowFormat, columns: readonly string[]): RowWriter {
  if (format === "table") return new TableWriter(columns);
  return format === "csv" ? csvWriter(columns) : jsonWriter(columns);
}

function jsonWriter(columns: readonly string[]): RowWriter {
  const prefixes = columns.map((name, at) => `${at === 0 ? "{" : ","}${JSON.stringify(name)}:`);
  const line = (row: readonly DuckDBValue[]): string =>
    `${row.map((value, at) => prefixes[at] + jsonText(value)).join("")}}\n`;
  return { begin: () => "", rows: (rows) => rows.map(line).join(""), end: () => "" };
}

function csvWriter(columns: readonly string[]): RowWriter {
  const line = (cells: readonly string[]): string => `${cells.join(",")}\n`;
  return {
    begin: () => line(columns.map(csvCell)),
    rows: (rows) => rows.map((row) => line(row.map((value) => csvCell(value)))).join(""),
    end: () => "",
  };
}

/** RFC 4180. Null is nothing, an empty text is two quotes. */
function csvCell(value: DuckDBValue): string {
  const text = plainText(value);
  const needsQuotes = /[",\r\n]/.test(text) || (text === "" && value !== null);
  return needsQuotes ? `"${text.replaceAll('"', '""')}"` : text;
}

/** More rows are no reading matter; a table keeps them until it knows its widths. */
const MOST_ROWS = 1_000;
const WIDEST_CELL = 60;
/** What would move a terminal's cursor, ring its bell or turn its text around. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

class TableWriter implements RowWriter {
  readonly #columns: readonly string[];
  readonly #cells: string[][] = [];
  readonly #isNumber: boolean[];
  #rowCount = 0;

  constructor(columns: readonly string[]) {
    this.#columns = columns.map(printable);
    this.#isNumber = columns.map(() => true);
  }

  begin(): string {
    return "";
  }

  rows(rows: readonly DuckDBValue[][]): string {
    this.#rowCount += rows.length;
    for (const row of rows.slice(0, MOST_ROWS - this.#cells.length)) {
      this.#cells.push(row.map((value) => printable(plainText(value))));
      row.forEach((value, at) => {
        if (value !== null && !/^-?\d/.test(jsonText(value))) this.#isNumber[at] = false;
      });
    }
    return "";
  }

  end(): string {
    const widths = this.#columns.map((name, at) =>
      Math.max(width(name), ...this.#cells.map((row) => width(row[at] ?? ""))),
    );
    const lines = [
      this.#line(this.#columns, widths),
      widths.map((columnWidth) => "─".repeat(columnWidth + 2)).join("┼"),
      ...this.#cells.map((row) => this.#line(row, widths)),
      this.#rowCount === this.#cells.length
        ? `(${this.#rowCount} ${this.#rowCount === 1 ? "row" : "rows"})`
        : `(the first ${MOST_ROWS} of ${this.#rowCount} rows; --format csv or json prints all)`,
    ];
    return `${lines.join("\n")}\n`;
  }

  #line(cells: readonly string[], widths: readonly number[]): string {
    const padded = cells.map((cell, at) => {
      const space = " ".repeat((widths[at] as number) - width(cell));
      return ` ${this.#isNumber[at] ? space + cell : cell + space} `;
    });
    return padded.join("│").trimEnd();
  }
}

const width = (text: string): number => [...text].length;

function printable(text: string): string {
  const characters = [...text];
  const cut = characters.length > WIDEST_CELL ? `${characters.slice(0, WIDEST_CELL - 1).join("")}…` : text;
  return cut.replaceAll(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) as number;
    return code === 0x0a ? "\\n" : `\\u{${code.toString(16)}}`;
  });
}
