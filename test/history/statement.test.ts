import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { DuckDBValue } from "@duckdb/node-api";
import { systemClock } from "../../src/core/clock.ts";
import { UsageError } from "../../src/core/errors.ts";
import { History } from "../../src/history/history.ts";
import { filesUnder, temporaryFolder } from "../sinks/temporary-folder.ts";
import { DAY_MS, NOV_23, steadyWindows, writeWindows } from "./trees.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let history: History;

before(async () => {
  folder = await temporaryFolder();
  await writeWindows(folder.path, steadyWindows(NOV_23, NOV_23 + DAY_MS), NOV_23 + 3 * DAY_MS);
  history = await History.open({ output: folder.path, clock: systemClock, memoryMb: 128, threads: 1 });
  await history.refresh(new Set());
});
after(async () => {
  await history[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

function ask(sql: string, timeoutMs = 30_000, signal?: AbortSignal): Promise<DuckDBValue[][]> {
  const limits = signal === undefined ? { timeoutMs } : { timeoutMs, signal };
  return history.statement(sql, limits, async ({ chunks }) => {
    const all: DuckDBValue[][] = [];
    for await (const rows of chunks) all.push(...rows);
    return all;
  });
}

test("queries of every shape are answered; names in any case", async () => {
  assert.deepEqual(await ask("SELECT count(*) FROM Pages"), [[48n]]);
  assert.deepEqual(await ask("from main.totals select sum(events)::int"), [[72]]);
  assert.deepEqual(await ask("with t as (from pages where url = '/') select count(*) from t, range(2)"), [
    [48n],
  ]);
  assert.deepEqual(await ask("values (1), (2);"), [[1], [2]]);
  assert.equal((await ask("describe pages")).length, 8);
  assert.equal((await ask("summarize totals")).length, 3);
  assert.deepEqual(await ask("show tables"), [["pages"], ["totals"]]);
});

test("nothing but the views can be read, and nothing written, set or loaded", async () => {
  const secret = join(folder.path, "archive", "secret.csv");
  await writeFile(secret, "a\n1\n");
  const inArchive = join(folder.path, "archive", "x.parquet");
  const hostile = [
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('/etc/passwd')",
    "select * from READ_CSV('/etc/passwd')",
    "select * from '/etc/passwd'",
    "from 'x.parquet'",
    `from read_csv('${secret}')`,
    `from '${join(folder.path, "manifest.json")}'`,
    `from '${join(folder.path, "archive", "..", "manifest.json")}'`,
    "select * from glob('/*')",
    "select (select content from read_text('/etc/hostname'))",
    "with a as (select * from read_text('/etc/hostname')) from a",
    "select * from pages where url in (select content from read_text('/etc/hostname'))",
    "select * from query('select * from read_text(''/etc/passwd'')')",
    "select * from query_table('pages')",
    "select * from json_execute_serialized_sql(json_serialize_sql('select 1'))",
    `select * from enable_logging(storage := 'file', storage_path := '${inArchive}')`,
    "select * from duckdb_settings()",
    "select getenv('HOME')",
    "copy (select 1) to '/tmp/x.csv'",
    `copy (select 1) to '${inArchive}'`,
    `explain analyze copy (select 1) to '${inArchive}'`,
    "copy pages from '/etc/passwd'",
    "export database '/tmp/x'",
    "attach '/tmp/x.db'",
    "attach ':memory:' as m",
    "install httpfs",
    "load httpfs",
    "from 'https://example.com/x.parquet'",
    "from 's3://bucket/x.parquet'",
    "pragma database_list",
    "pragma enable_profiling",
    "set memory_limit = '100GB'",
    "reset enable_external_access",
    "set enable_external_access = true",
    "create table t as select 1",
    "create or replace view pages as select 1",
    "create macro m() as 1",
    "drop view pages",
    "insert into pages select * from pages",
    "delete from pages",
    "call enable_logging()",
    "checkpoint",
    "prepare p as select 1",
    "begin",
    "use memory",
    "select 1; drop view pages",
    "; ",
    "",
  ];
  const beforeMs = await filesUnder(folder.path);
  for (const sql of hostile) {
    await assert.rejects(ask(sql), (error) => {
      assert.ok(error instanceof UsageError, `${sql}: ${String(error)}`);
      assert.doesNotMatch(error.message, /\n|LINE|\^/, sql);
      return true;
    });
  }
  assert.deepEqual(
    (await filesUnder(folder.path)).filter((file) => !file.includes("_cache")),
    beforeMs.filter((file) => !file.includes("_cache")),
  );
  assert.equal(await readFile(secret, "utf8"), "a\n1\n");
  assert.deepEqual(await ask("select count(*) from pages"), [[48n]]);
});

test("DuckDB itself refuses other files, should the check of statements miss something", async () => {
  for (const sql of [
    "select * from read_text('/etc/passwd')",
    `from read_text('${join(folder.path, "manifest.json")}')`,
    "copy (select 1) to '/tmp/clickstream-test.csv'",
    "attach '/tmp/clickstream-test.db'",
    "install httpfs",
    "set enable_external_access = true",
    "set allowed_directories = ['/']",
  ]) {
    await assert.rejects(history.query(sql), /disabled by configuration|locked|Cannot change/, sql);
  }
});

test("a mistake is named with its place, in one sentence", async () => {
  const mistakes: [sql: string, message: RegExp][] = [
    ["selec 1", /syntax error at or near "selec" \(line 1, column 1\)\.$/],
    ["select *\nfrom pages wher x", /at or near "x" \(line 2, column 17\)\.$/],
    ["select 'ä', 'ö' from pages, glob('*')", /glob\(\) can't be used here \(line 1, column 29\)\.$/],
    ["select nope from pages", /"nope" not found in FROM clause \(line 1, column 8\)\.$/],
    ["select *\n  from nosuch", /nosuch does not exist \(line 2, column 8\)\.$/],
    [`select ${"events, ".repeat(40)}nope from pages`, /"nope" not found .* \(line 1, column 328\)\.$/],
    ["select 'a'::int", /Could not convert string 'a' to INT32/],
    ["select error('own\nwords')", /own/],
  ];
  for (const [sql, message] of mistakes) {
    await assert.rejects(ask(sql), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  }
});

test("what takes too long or too much is ended", async () => {
  const endless = "select count(*) from range(1000000000000) where range % 7 = 3";
  await assert.rejects(ask(endless, 50), { code: "SQL_TIMEOUT" });
  const stop = new AbortController();
  const stopped = ask(endless, 30_000, stop.signal);
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(stopped, { name: "AbortError" });
  await assert.rejects(ask("select list(i::varchar || repeat('x', 1000)) from range(1000000) t(i)"), {
    code: "SQL_OUT_OF_MEMORY",
  });
  assert.deepEqual(await ask("select count(*) from pages"), [[48n]]);
});
