// A real run into PostgreSQL, engine and server killed again and again: every table ends up as the files are.
import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../src/core/clock.ts";
import { STANDARD_QUERIES } from "../../src/queries/standard.ts";
import { windowStartOf } from "../../src/sinks/window-path.ts";
import { startBroker, type TestBroker } from "./broker.ts";
import { type Ended, type RunningCommand, runCommand, startCommand } from "./command-line.ts";
import { tableContents } from "./postgres-contents.ts";
import { noPostgres, PASSWORD, TestPostgres } from "./postgres-server.ts";

const EVENTS = 100_000;
/** Many windows of few events, which close while they are read. */
const WINDOWS = ["--window", "20s", "--slide", "2s", "--delay", "35s", "--max-ahead", "1s"];
const KILLS = 6;
const LONGEST_WAIT_MS = 20_000;

suite("a run into PostgreSQL", { skip: noPostgres }, () => {
  let broker: TestBroker;
  let postgres: TestPostgres;
  let folder: string;
  const cleanups: (() => Promise<void>)[] = [];
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "clickstream-postgres-run-"));
    postgres = await TestPostgres.start();
    broker = await startBroker({ after: (cleanup) => cleanups.push(cleanup) });
    const made = await run("generate", "--events", String(EVENTS), "--late", "0.005", "--broken", "0.002");
    assert.equal(made.code, 0, made.stderr);
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
    tableContents(postgres, schema, STANDARD_QUERIES).catch(() => new Map()); // not there yet

  test("killed again and again, engine and server by turns, the tables end as the files", async () => {
    const seen: number[] = [0];
    const written = (): Promise<number> =>
      postgres.query<{ n: string }>("SELECT count(*) AS n FROM killed._windows").then(
        ([row]) => Number(row?.n),
        () => 0, // not there yet
      );
    for (let kill = 0; kill < KILLS; kill++) {
      const engine = start("--output", "killed", ...database("killed"), "--commit-every", "50ms");
      // In the middle of writing, or at whatever a slow machine is doing by then.
      const untilMs = systemClock.monotonicMs() + LONGEST_WAIT_MS;
      while ((await written()) === seen.at(-1) && systemClock.monotonicMs() < untilMs) await delay(5);
      if (kill % 2 === 1) {
        await postgres.kill();
        await postgres.restart();
      }
      engine.child.kill("SIGKILL");
      const { stderr } = await engine.ended;
      assert(!stderr.includes(PASSWORD));
      const expected = files("killed");
      const found = await tables("killed");
      for (const [window, text] of found) assert.equal(text, expected.get(window), `${window} is not whole`);
      seen.push(found.size);
    }
    const ended = await processed("--output", "killed", ...database("killed"), "--until-end", "--finish");
    assert.equal(ended.code, 0, ended.stderr);
    const expected = files("killed");
    assert(
      seen.some((size) => size > 0 && size < expected.size),
      `no kill fell into the work: ${seen} of ${expected.size}`,
    );
    assert.deepEqual(await tables("killed"), expected);
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
    while (files("away").size < 100) await delay(50);
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
