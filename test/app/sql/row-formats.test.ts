import assert from "node:assert/strict";
import { test } from "node:test";
import { DuckDBDecimalValue, DuckDBTimestampValue, type DuckDBValue, listValue } from "@duckdb/node-api";
import { type RowFormat, rowWriter } from "../../../src/app/sql/row-formats.ts";

const time = new DuckDBTimestampValue(BigInt(Date.UTC(2026, 10, 23, 8, 5)) * 1_000n);

function print(format: RowFormat, columns: string[], ...pieces: DuckDBValue[][][]): string {
  const writer = rowWriter(format, columns);
  return writer.begin() + pieces.map((rows) => writer.rows(rows)).join("") + writer.end();
}

test("JSON: one object a line, numbers with all their digits, times as in row files", () => {
  const row = ['a"\n', null, 9_007_199_254_740_993n, new DuckDBDecimalValue(1_500n, 18, 3), time, Number.NaN];
  assert.equal(
    print("json", ["a", "b", "c", "d", "e", "f"], [row], [[true, listValue([1n, "x"]), 0, -0.5, "", null]]),
    '{"a":"a\\"\\n","b":null,"c":9007199254740993,"d":1.5,"e":"2026-11-23T08:05:00.000Z","f":"NaN"}\n' +
      '{"a":true,"b":[1,"x"],"c":0,"d":-0.5,"e":"","f":null}\n',
  );
});

test("CSV: quotes where they are needed, null apart from the empty text", () => {
  assert.equal(
    print("csv", ["x,y", "z"], [['say "hi"', null]], [["two\nlines", ""]], [["plain", time]]),
    '"x,y",z\n"say ""hi""",\n"two\nlines",""\nplain,2026-11-23T08:05:00.000Z\n',
  );
});

test("tables: numbers to the right, nothing that moves a terminal, long texts and tables cut", () => {
  assert.equal(
    print("table", ["url", "n"], [["/", 10n]], [["/\u001b[2J\u202e\n", null]]),
    [
      " url                  │  n",
      "──────────────────────┼────",
      " /                    │ 10",
      " /\\u{1b}[2J\\u{202e}\\n │",
      "(2 rows)\n",
    ].join("\n"),
  );
  const many = print(
    "table",
    ["n"],
    Array.from({ length: 1_500 }, (_, n) => [n]),
  );
  assert.equal(many.split("\n").length, 2 + 1_000 + 2);
  assert.match(many, /the first 1000 of 1500 rows; --format csv or json prints all/);
  assert.match(print("table", ["a"], [["x".repeat(100)]]), / x{59}…\n/);
});
