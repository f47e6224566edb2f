import assert from "node:assert/strict";
import { test } from "node:test";
import { count, query } from "../../src/queries/query.ts";
import type { Sink, WindowRows } from "../../src/sinks/sink.ts";

/** The queries whose rows the suite writes. */
export const CONTRACT_QUERIES = [
  query("url_counts", { by: ["url"], measures: { events: count() } }),
  query("window_totals", { by: [], measures: { events: count() } }),
];

/** What a sink's test hands over so that the suite can open the sink and look at its effect. */
export interface SinkUnderTest {
  /** Opens the sink over storage that lasts for one test; called again it opens the same storage, as after a crash. */
  open(): Promise<Sink>;
  /** What a reader sees: `query@windowStartMs` → the rows as text. */
  contents(): Promise<Map<string, string>>;
  cleanUp(): PromiseLike<void>;
}

/** Rows of a window of five minutes. */
export function windowRows(query: string, windowStartMs: number, lines: readonly string[]): WindowRows {
  return {
    query,
    windowStartMs,
    windowEndMs: windowStartMs + 300_000,
    rowCount: lines.length,
    bytes: Buffer.from(lines.map((line) => `${line}\n`).join("")),
  };
}

/** A row of such a window as the engine writes it. */
export function rowOf(windowStartMs: number, columns: Readonly<Record<string, string | number>>): string {
  return JSON.stringify({
    window_start: new Date(windowStartMs).toISOString(),
    window_end: new Date(windowStartMs + 300_000).toISOString(),
    ...columns,
  });
}

/** The contract of `Sink`; each implementation's test calls it. */
export function testSinkContract(name: string, create: () => Promise<SinkUnderTest>): void {
  const noon = Date.UTC(2026, 10, 23, 12);
  const rows = (
    query: string,
    windowStartMs: number,
    ...columns: readonly Readonly<Record<string, string | number>>[]
  ): WindowRows =>
    windowRows(
      query,
      windowStartMs,
      columns.map((row) => rowOf(windowStartMs, row)),
    );
  const entries = [
    rows("url_counts", noon, { url: "/a", events: 1 }, { url: "/ä", events: 2 }),
    rows("url_counts", noon + 60_000, { url: "/b", events: 3 }),
    rows("window_totals", noon, { events: 6 }),
    rows("window_totals", noon + 86_400_000, { events: 0 }),
  ];
  const expected = new Map(
    entries.map((entry) => [`${entry.query}@${entry.windowStartMs}`, Buffer.from(entry.bytes).toString()]),
  );
  const check = (title: string, body: (sink: SinkUnderTest) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const underTest = await create();
      try {
        await body(underTest);
      } finally {
        await underTest.cleanUp();
      }
    });
  };

  check("every entry of a call is there when it returns", async ({ open, contents }) => {
    const sink = await open();
    await sink.write(entries);
    assert.deepEqual(await contents(), expected);
    await sink.close();
  });

  check("nothing to write is fine", async ({ open, contents }) => {
    const sink = await open();
    await sink.write([]);
    assert.deepEqual(await contents(), new Map());
    await sink.close();
  });

  check("the same call again, in this run or the next, changes nothing", async ({ open, contents }) => {
    const first = await open();
    await first.write(entries);
    await first.write(entries.toReversed());
    await first.close();
    const second = await open();
    await second.write(entries);
    assert.deepEqual(await contents(), expected);
    await second.close();
  });

  check(
    "part of a call before a crash and the whole call after it give the whole",
    async ({ open, contents }) => {
      await (await open()).write(entries.slice(0, 2)); // never closed, as by kill -9
      const sink = await open();
      await sink.write(entries);
      assert.deepEqual(await contents(), expected);
      await sink.close();
    },
  );

  check("more windows than a few", async ({ open, contents }) => {
    const sink = await open();
    const many = Array.from({ length: 500 }, (_, n) =>
      rows("url_counts", noon + n * 60_000, { url: "/", events: n }),
    );
    await sink.write(many);
    assert.equal((await contents()).size, 500);
    await sink.close();
  });
}
