// A real run into PostgreSQL, engine and server killed again and again: every table ends up as the files are.
import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { STANDARD_QUERIES } from "../../src/queries/standard.ts";
import { windowStartOf } from "../../src/sinks/window-path.ts";
import { valueBytes } from "../../src/testing/test-event.ts";
import { startBroker, type TestBroker } from "./broker.ts";
import { type Ended, type RunningCommand, runCommand, startCommand } from "./command-line.ts";
import { tableContents } from "./postgres-contents.ts";
import { noPostgres, PASSWORD, TestPostgres } from "./postgres-server.ts";
import { appendValues, createTopic } from "./topic-values.ts";

/** Many windows of few events. */
const WINDOWS = ["--window", "20s", "--slide", "2s", "--delay", "5s", "--max-ahead", "1s"];
/** So that windows lie on two days. */
const FIRST_EVENT_MS = Date.UTC(2026, 2, 1) - 150_000;
const PORTION_MS = 60_000;
const EVENT_MS = 20;

suite("a run into PostgreSQL", { skip: noPostgres }, () => {
  let broker: TestBroker;
  let postgres: TestPostgres;
  let folder: string;
  let portions = 0;
  const cleanups: (() => Promise<void>)[] = [];
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "clickstream-postgres-run-"));
    postgres = await TestPostgres.start();
    broker = await startBroker({ after: (cleanup) => cleanups.push(cleanup) });
    await createTopic(broker.brokers, "clicks");
  });
  after(async () => {
    for (const cleanup of cleanups) await cleanup();
    await postgres?.close();
    rmSync(folder, { recursive: true });
  });

  const common = (): string[] => ["--brokers", broker.brokers.join(), "--topic", "clicks"];
  const database = (schema: string): string[] => [
    ...["--postgres", postgres.url, "--postgres-password-file", postgres.passwordFile],
    ...["--postgres-schema", schema],
  ];
  const run = (command: string, ...args: string[]): Promise<Ended> =>
    runCommand(folder, command, ...common(), ...args);
  const start = (...args: string[]): RunningCommand =>
    startCommand(folder, "process", ...common(), ...WINDOWS, ...args);

  const processed = (...args: string[]): Promise<Ended> => start(...args).ended;

  /** A further minute of events, by which some thirty windows of each query become final. */
  async function appendPortion(): Promise<void> {
    const fromMs = FIRST_EVENT_MS + portions++ * PORTION_MS;
    const values = Array.from({ length: PORTION_MS / EVENT_MS }, (_, n) => {
      const device = n % 2 === 0 ? "mobile" : "desktop";
      const event = { user_id: `user-${n % 17}`, url: `/page-${n % 23}`, device_type: device };
      return n % 500 === 0 ? "broken" : String(valueBytes(event, n, fromMs + n * EVENT_MS));
    });
    await appendValues(broker.brokers, "clicks", values);
  }

  /** Returns when something has come about; fails when the program ends before. */
  async function until(program: RunningCommand, holds: () => boolean | Promise<boolean>): Promise<void> {
    const ended = program.ended.then(({ stderr }) => assert.fail(`it ended too early: ${stderr}`));
    ended.catch(() => {}); // it ends some day
    while (!(await holds())) await Promise.race([delay(10), ended]);
  }

  /** `query@windowStartMs` → text, of the files. */
  function files(output: string): Map<string, string> {
    const paths = globSync("*/date=*/*.json", { cwd: join(folder, output) });
    return new Map(
      paths.map((path) => {
        const [query = "", , file = ""] = path.split("/");
        return [`${query}@${windowStartOf(file)}`, readFileSync(join(folder, output, path), "utf8")];
      }),
    );
  }

  const tables = (schema: string): Promise<Map<string, string>> =>
    tableContents(postgres, schema, STANDARD_QUERIES);

  /** Windows that the tables have. */
  async function written(schema: string): Promise<number> {
    const counted = postgres.query<{ n: string }>(`SELECT count(*) AS n FROM ${schema}._windows`);
    const [row] = await counted.catch(() => []); // not there yet
    return Number(row?.n ?? 0);
  }

  const killed = ["--output", "killed", "--commit-every", "50ms"];

  /** Stops the program in the middle of a transaction, when rows of other tables are written; `strike` happens then. */
  async function insideTransaction(engine: RunningCommand, strike: () => Promise<void>): Promise<void> {
    const other = await postgres.connect();
    await other.query("BEGIN; LOCK TABLE killed.window_totals IN ACCESS EXCLUSIVE MODE");
    await appendPortion();
    await until(engine, async () => {
      const waiting = await postgres.query(
        `SELECT FROM pg_stat_activity WHERE application_name = 'clickstream' AND wait_event_type = 'Lock'
           AND query LIKE '%window_totals%'`,
      );
      return waiting.length > 0;
    });
    await strike();
    await other.end().catch(() => {}); // the server may be gone
  }

  /** Whatever is in the tables is whole. */
  async function checkTables(): Promise<void> {
    const [expected, found] = [files("killed"), await tables("killed")];
    for (const [window, text] of found) assert.equal(text, expected.get(window), `${window} is not whole`);
  }

  const kill = async ({ child, ended }: RunningCommand): Promise<void> => {
    child.kill("SIGKILL");
    const { stderr } = await ended;
    assert(!stderr.includes(PASSWORD));
  };

  /** A life of the engine, which ends by SIGKILL; every one writes what the life before it did not. */
  async function life(body: (engine: RunningCommand) => Promise<void>): Promise<void> {
    const engine = start(...killed, ...database("killed"));
    try {
      await body(engine);
    } finally {
      await kill(engine);
    }
    await checkTables();
  }

  const grows = async (engine: RunningCommand): Promise<void> => {
    const before = await written("killed");
    await appendPortion();
    await until(engine, async () => (await written("killed")) > before);
  };

  test("killed again and again, engine and server by turns, the tables end as the files", async () => {
    await life(grows);
    await life((engine) => insideTransaction(engine, () => kill(engine)));
    await life(async (engine) => {
      const before = await written("killed");
      await insideTransaction(engine, () => postgres.kill());
      await postgres.restart();
      await until(engine, async () => (await written("killed")) > before);
    });
    await life(async (engine) => {
      await grows(engine);
      const before = files("killed").size;
      await postgres.kill();
      await appendPortion();
      await until(engine, () => files("killed").size > before); // nobody waits for the server
      await postgres.restart();
      await grows(engine);
    });
    await life((engine) => insideTransaction(engine, () => kill(engine)));
    assert((await written("killed")) < files("killed").size, "the last life left nothing to do");
    const ended = await processed(...killed, ...database("killed"), "--until-end", "--finish");
    assert.equal(ended.code, 0, ended.stderr);
    assert.deepEqual(await tables("killed"), files("killed"));
    const days = await postgres.query(
      "SELECT FROM pg_class WHERE relname ~ '^url_counts\\$2026(0228|0301)$'",
    );
    assert.equal(days.length, 2, "a partition a day");
    const verified = await run("verify", "--output", "killed", ...database("killed"));
    assert.equal(verified.code, 0, verified.stdout);
    assert.match(verified.stdout, /PostgreSQL: .* rows agree with the files, 0 differ/);
  });

  test("verify finds a row changed, missing or added", async () => {
    const first = (table: string): string => `(SELECT min(window_start) FROM killed.${table})`;
    await postgres.query(
      `UPDATE killed.window_totals SET events = events + 1 WHERE window_start = ${first("window_totals")};
       DELETE FROM killed.device_counts WHERE device_type = 'mobile' AND window_start = ${first("device_counts")};
       INSERT INTO killed.window_totals
         SELECT window_start - interval '1 day', window_end - interval '1 day', events, users, sessions, session_seconds, _key_hash
         FROM killed.window_totals LIMIT 1`,
    );
    const { code, stdout } = await run("verify", "--output", "killed", ...database("killed"));
    assert.equal(code, 1);
    assert.match(stdout, /PostgreSQL: .* 3 differ/);
    for (const query of ["window_totals", "device_counts"])
      assert.match(stdout, new RegExp(`"query":"${query}"`));
  });

  test("while the server is away the files go on, and Ctrl-C is no failure; the next run brings the tables up", async () => {
    await postgres.stop();
    const args = ["--output", "away", ...database("away")];
    const engine = start(...args, "--log-level", "info");
    await until(engine, () => files("away").size > 0);
    engine.child.kill("SIGINT");
    const first = await engine.ended;
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /POSTGRES_UNREACHABLE/);
    await postgres.restart();
    const second = await processed(...args, "--until-end", "--finish");
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(await tables("away"), files("away"));
  });

  test("an output that has only files so far is copied, too; a table that changes stops the run by name", async () => {
    const made = await processed("--output", "later", "--until-end");
    assert.equal(made.code, 0, made.stderr);
    const copied = await processed("--output", "later", ...database("later"), "--until-end");
    assert.equal(copied.code, 0, copied.stderr);
    assert.deepEqual(await tables("later"), files("later"));
    await postgres.query("ALTER TABLE later.url_counts DROP COLUMN users");
    const refused = await processed("--output", "later", ...database("later"), "--until-end");
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /column users.*POSTGRES_SCHEMA_CHANGED/s);
    const other = await processed("--output", "other", ...database("killed"), "--until-end", "--slide", "5s");
    assert.equal(other.code, 1);
    assert.match(other.stderr, /POSTGRES_OTHER_OUTPUT/);
  });

  test("a password never shows: refused in a URL, hidden where it is used", async () => {
    const withPassword = postgres.url.replace("click@", `click:${PASSWORD}@`);
    const refused = await processed("--postgres", withPassword);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /CLICKSTREAM_POSTGRES_PASSWORD/);
    assert(!`${refused.stdout}${refused.stderr}`.includes(PASSWORD));
    process.env.CLICKSTREAM_POSTGRES_PASSWORD = PASSWORD;
    try {
      const args = ["--output", "secret", "--postgres", postgres.url, "--postgres-schema", "secret"];
      const printed = await processed(...args, "--print-config");
      const used = await processed(...args, "--until-end", "--log-level", "trace");
      assert.equal(used.code, 0, used.stderr);
      for (const { stdout, stderr } of [printed, used]) assert(!`${stdout}${stderr}`.includes(PASSWORD));
      const paths = globSync("secret/**", { cwd: folder, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      );
      for (const path of paths) assert(!readFileSync(join(path.parentPath, path.name)).includes(PASSWORD));
    } finally {
      delete process.env.CLICKSTREAM_POSTGRES_PASSWORD;
    }
  });
});
