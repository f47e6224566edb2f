// A real server that is killed, locked, full, read-only or changed: what is final gets there once, or the reason is named.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../src/core/clock.ts";
import { count, query } from "../../src/queries/query.ts";
import { PostgresSink } from "../../src/sinks/postgres/postgres-sink.ts";
import { PostgresSession } from "../../src/sinks/postgres/session.ts";
import { parsePostgresUrl } from "../../src/sinks/postgres/target.ts";
import { TreeFollower } from "../../src/sinks/postgres/tree-follower.ts";
import { connectionTo, tableContents } from "./postgres-contents.ts";
import { DAY_MS, NOON_MS, ownershipOf, PAGES, pagesWindow, WindowsInMemory } from "./postgres-rows.ts";
import { noPostgres, PASSWORD, TestPostgres } from "./postgres-server.ts";

suite("PostgreSQL in trouble", { skip: noPostgres }, () => {
  let postgres: TestPostgres;
  let schemas = 0;
  const followers: TreeFollower[] = [];
  before(async () => {
    postgres = await TestPostgres.start();
  });
  after(async () => {
    for (const follower of followers) await follower.close();
    await postgres.close();
  });

  /** A follower, on a schema of its own unless one is named, and what befell it. */
  function follow(
    schema = `faults_${++schemas}`,
    windows = new WindowsInMemory(),
  ): {
    schema: string;
    windows: WindowsInMemory;
    follower: TreeFollower;
    troubles: string[];
    /** One more window in the tree. */
    grow(minute: number): void;
    /** Returns when the trouble has come. */
    troubled(code: string): Promise<void>;
    /** Every window must get there, as it is. */
    settled(): Promise<void>;
  } {
    const troubles: string[] = [];
    const follower = new TreeFollower({
      clock: systemClock,
      source: windows,
      sink: new PostgresSink({ connection: connectionTo(postgres), schema, ownership: ownershipOf() }),
      onTrouble: ({ code, message }) => {
        assert(!message.includes(PASSWORD));
        assert(!message.includes("not queryable"), "why there is no connection is told");
        troubles.push(code);
      },
      onRecovered: () => troubles.push("recovered"),
    });
    followers.push(follower);
    return {
      ...{ schema, windows, follower, troubles },
      grow(minute) {
        const window = pagesWindow(minute, "/", `/page-${minute}`);
        windows.add(window);
        follower.add([window]);
      },
      async troubled(code) {
        while (!troubles.includes(code)) {
          await Promise.race([delay(20), follower.failed]);
        }
        assert.equal(follower.snapshot.trouble, code);
        assert(follower.snapshot.waiting > 0, "what waits is shown");
      },
      async settled() {
        await follower.caughtUp(new AbortController().signal);
        assert.deepEqual(await tableContents(postgres, schema, [PAGES]), windows.contents);
        assert.equal(follower.snapshot.trouble, null);
        await follower.close();
      },
    };
  }

  test("a server that is away when it begins, and dies later by SIGKILL", async () => {
    const { follower, grow, settled, troubled, troubles } = follow();
    await postgres.stop();
    await follower.start();
    grow(1);
    await troubled("POSTGRES_UNREACHABLE");
    await postgres.restart();
    await follower.caughtUp(new AbortController().signal);
    assert(troubles.includes("recovered"));
    for (let minute = 2; minute < 400; minute++) {
      grow(minute);
      if (minute === 200) await postgres.kill();
      if (minute % 50 === 0) await delay(20);
    }
    await postgres.restart();
    await settled();
  });

  test("a schema that was lost is filled again, as is a database that went back to an older copy", async () => {
    const { schema, windows, follower, grow, settled } = follow();
    await follower.start();
    for (let minute = 1; minute < 10; minute++) grow(minute);
    await settled();
    for (const loss of [
      `DELETE FROM ${schema}._windows WHERE window_start > '2026-11-23 12:05Z';
       DELETE FROM ${schema}.pages WHERE window_start > '2026-11-23 12:05Z'`,
      `DROP SCHEMA ${schema} CASCADE`,
    ]) {
      await postgres.query(loss);
      const next = follow(schema, windows);
      await next.follower.start();
      await next.settled();
    }
  });

  test("days that are no longer kept are dropped, and whoever reads one does not hold up new windows", async () => {
    const { schema, windows, follower, grow, settled } = follow();
    const days = async (): Promise<string[]> => {
      const found = await postgres.query<{ name: string }>(
        `SELECT relname AS name FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
         WHERE inhparent = '${schema}.pages'::regclass ORDER BY 1`,
      );
      return found.map(({ name }) => name);
    };
    for (const day of [-40, -3, -2, -1]) windows.add(pagesWindow(day * 1_440, "/"));
    await follower.start();
    grow(0);
    await follower.caughtUp(new AbortController().signal);
    await postgres.query(
      `WITH moved AS (SELECT * FROM ${schema}.pages WHERE window_start < '2026-11-01')
       INSERT INTO ${schema}.pages SELECT window_start - interval '1 day', window_end, url, browser, events, seconds, revenue, _key_hash FROM moved`,
    ); // another's, in the default partition
    const reader = await postgres.connect();
    await reader.query(`BEGIN; SELECT count(*) FROM ${schema}.pages`);
    windows.drop(NOON_MS - DAY_MS - 12 * 3_600_000);
    grow(1);
    while (follower.snapshot.trouble !== "POSTGRES_LOCKED") await Promise.race([delay(20), follower.failed]);
    assert.equal(follower.snapshot.waiting, 0, "the new window is there");
    assert.equal((await days()).length, 6);
    await reader.query("COMMIT");
    await reader.end();
    await settled();
    assert.deepEqual(await days(), ["pages$20261122", "pages$20261123", "pages$default"]);
    const [left] = await postgres.query<{ n: string }>(`SELECT count(*) AS n FROM ${schema}._windows`);
    assert.equal(left?.n, "3");
    const next = follow(schema, windows);
    await next.follower.start();
    await next.settled();
  });

  test("connections that are killed in the middle of a transaction", async () => {
    const { schema, follower, grow, settled, troubled } = follow();
    await follower.start();
    grow(1);
    await follower.caughtUp(new AbortController().signal);
    const other = await postgres.connect();
    await other.query(`BEGIN; LOCK TABLE ${schema}.pages IN ACCESS EXCLUSIVE MODE`);
    grow(2);
    for (let killed = 0; killed === 0; ) {
      const found = await postgres.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'clickstream' AND wait_event_type = 'Lock'",
      );
      killed = found.length;
      await Promise.race([delay(10), follower.failed]);
    }
    await troubled("POSTGRES_UNREACHABLE");
    await other.query("COMMIT");
    await other.end();
    await settled();
  });

  test("a lock that others hold", async () => {
    const { schema, follower, grow, settled, troubled } = follow();
    await follower.start();
    const other = await postgres.connect();
    await other.query(`BEGIN; LOCK TABLE ${schema}.pages IN ACCESS EXCLUSIVE MODE`);
    grow(1);
    await troubled("POSTGRES_LOCKED");
    await other.query("COMMIT");
    await other.end();
    await settled();
  });

  test("a server that stands still for a while", async () => {
    const { schema, follower, grow, settled } = follow();
    await follower.start();
    grow(1);
    await follower.caughtUp(new AbortController().signal);
    const [backend] = await postgres.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'clickstream' ORDER BY backend_start DESC LIMIT 1",
    );
    assert(backend !== undefined);
    process.kill(backend.pid, "SIGSTOP");
    for (let minute = 2; minute < 50; minute++) grow(minute);
    const stopped = follower.snapshot;
    const [there] = await postgres.query<{ n: string }>(`SELECT count(*) AS n FROM ${schema}._windows`);
    process.kill(backend.pid, "SIGCONT");
    assert.deepEqual([stopped.waiting, stopped.trouble, there?.n], [48, null, "1"]);
    await settled();
  });

  test("a database that takes no writes for a while", async () => {
    const { follower, grow, settled, troubled } = follow();
    await follower.start();
    await postgres.query("ALTER DATABASE postgres SET default_transaction_read_only = on");
    await postgres.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'clickstream'",
    );
    grow(1);
    await troubled("POSTGRES_READ_ONLY");
    const writer = await postgres.connect();
    await writer.query("SET default_transaction_read_only = off");
    await writer.query("ALTER DATABASE postgres RESET ALL");
    await writer.end();
    await settled();
  });

  test("a disk that is full for a while", async (t) => {
    const disk = join(postgres.folder, "disk");
    mkdirSync(disk);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], { stdio: "ignore" });
    } catch {
      t.diagnostic("no disk of its own: mount is not allowed here");
      return;
    }
    const { schema, windows, follower, grow, settled, troubled } = follow();
    try {
      mkdirSync(join(disk, "space"));
      postgres.handOver(join(disk, "space"));
      await postgres.query(`CREATE TABLESPACE small LOCATION '${join(disk, "space")}'`);
      await follower.start();
      grow(1);
      await follower.caughtUp(new AbortController().signal);
      await postgres.query(`ALTER TABLE ${schema}."pages$20261123" SET TABLESPACE small`);
      const urls = Array.from({ length: 20_000 }, (_, n) => `/a/rather/long/path/to/a/page/number/${n}`);
      const large = pagesWindow(2, ...urls);
      windows.add(large);
      follower.add([large]);
      await troubled("POSTGRES_FULL");
      execFileSync("mount", ["-o", "remount,size=100m", disk]);
      await settled();
      await postgres.query(`DROP SCHEMA ${schema} CASCADE`);
      await postgres.query("DROP TABLESPACE small");
    } finally {
      execFileSync("umount", ["-l", disk]);
    }
  });

  /** The code and the sentence with which a sink on a schema fails for good. */
  async function refusal(
    schema: string,
    changed: Partial<ReturnType<typeof ownershipOf>> = {},
  ): Promise<string> {
    const ownership = { ...ownershipOf(), ...changed };
    const sink = new PostgresSink({ connection: connectionTo(postgres), schema, ownership });
    const follower = new TreeFollower({
      clock: systemClock,
      source: new WindowsInMemory(),
      sink,
      onTrouble: ({ code }) => assert.fail(`${code} may pass`),
      onRecovered: () => {},
    });
    try {
      await follower.start();
      const window = pagesWindow(1, "/");
      await sink.write([window]);
      return "works";
    } catch (error) {
      assert(error instanceof Error && "code" in error && "nextStep" in error, String(error));
      return `${error.code}: ${error.message}`;
    } finally {
      await follower.close();
    }
  }

  test("a schema that others changed or that belongs to something else is refused by name", async () => {
    const fresh = async (): Promise<string> => {
      const schema = `refusals_${++schemas}`;
      assert.equal(await refusal(schema), "works");
      return schema;
    };
    const after = async (change: (schema: string) => string): Promise<string> => {
      const schema = await fresh();
      await postgres.query(change(schema));
      return refusal(schema);
    };
    const table = /^POSTGRES_SCHEMA_CHANGED: The/;
    assert.match(await after((s) => `ALTER TABLE ${s}.pages DROP COLUMN events`), table);
    assert.match(
      await after((s) => `ALTER TABLE ${s}.pages ALTER events TYPE integer`),
      /has the type integer/,
    );
    assert.match(await after((s) => `DROP TABLE ${s}.pages`), /pages is gone/);
    assert.match(
      await after((s) => `ALTER TABLE ${s}.pages ADD CHECK (events > 5) NOT VALID`),
      /^POSTGRES_SCHEMA_CHANGED/,
    );
    assert.equal(
      await after((s) => `ALTER TABLE ${s}.pages ADD note text; CREATE INDEX ON ${s}.pages (url)`),
      "works",
    );
    assert.match(
      await after(
        (s) => `CREATE FUNCTION ${s}.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                CREATE TRIGGER drops BEFORE INSERT ON ${s}.pages FOR EACH ROW EXECUTE FUNCTION ${s}.nothing()`,
      ),
      /took 0 of 1 rows/,
    );
    assert.match(await after((s) => `INSERT INTO ${s}._steps VALUES (99)`), /^POSTGRES_NEWER/);
    const owned = await fresh();
    const topic = { name: "other", id: "other" };
    assert.match(await refusal(owned, { topic }), /^POSTGRES_OTHER_OUTPUT.*another topic clicks/);
    const queries = [query("pages", { by: [], measures: { events: count() } })];
    assert.match(await refusal(owned, { queries }), /^POSTGRES_OTHER_OUTPUT.*other queries/);
    await postgres.query(`CREATE SCHEMA taken; CREATE TABLE taken.pages (n int)`);
    assert.match(await refusal("taken"), /^POSTGRES_SCHEMA_CHANGED.*already exists/);
    await postgres.query("CREATE SCHEMA empty");
    assert.equal(await refusal("empty"), "works");
  });

  test("other rows for a window that is final are refused and change nothing", async () => {
    const schema = `conflict_${++schemas}`;
    const sink = new PostgresSink({ connection: connectionTo(postgres), schema, ownership: ownershipOf() });
    await sink.write([pagesWindow(1, "/a"), pagesWindow(2, "/a")]);
    const before = await tableContents(postgres, schema, [PAGES]);
    const others = [pagesWindow(3, "/a"), pagesWindow(2, "/b")];
    await assert.rejects(sink.write(others), { code: "POSTGRES_CONFLICT", message: /2026-11-23T12:02/ });
    assert.deepEqual(await tableContents(postgres, schema, [PAGES]), before);
    await sink.close();
  });

  test("every text and number comes back as it was, on whatever day", async () => {
    const schema = `texts_${++schemas}`;
    const sink = new PostgresSink({ connection: connectionTo(postgres), schema, ownership: ownershipOf() });
    const windows = new WindowsInMemory();
    windows.add(
      pagesWindow(1, "\0", "␀", "␀0", "a\tb\nc\rd\\e\\.", "\\N", '"', "\u{1f600}", "\ufffe", " ", "ß", "z"),
    );
    windows.add(pagesWindow(2, "x".repeat(1_000_000), `${"x".repeat(1_000_000)}y`));
    for (const startMs of [0, Date.parse("9999-12-31T23:59:00Z"), Date.parse("2000-02-29T12:00:00Z")]) {
      windows.add(pagesWindow((startMs - NOON_MS) / 60_000, "/"));
    }
    await sink.write(await windows.list());
    await sink.close();
    assert.deepEqual(await tableContents(postgres, schema, [PAGES]), windows.contents);
    const partitions = await postgres.query<{ name: string }>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = '${schema}.pages'::regclass ORDER BY 1`,
    );
    assert.deepEqual(
      partitions.map(({ name }) => name),
      ["19700101", "20000229", "20261123", "99991231", "default"].map((day) => `${schema}."pages$${day}"`),
    );
  });

  test("a connection that can't be is named, without the password", async () => {
    const { port } = postgres;
    await postgres.query(
      "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    );
    await postgres.query(`CREATE ROLE guest LOGIN PASSWORD '${PASSWORD}'`);
    const look = async (url: string, password: string | undefined = PASSWORD): Promise<string> => {
      const connection = { target: parsePostgresUrl(url), password: async () => password };
      const sink = new PostgresSink({ connection, schema: "looks", ownership: ownershipOf() });
      try {
        await sink.written();
        return "works";
      } catch (error) {
        assert(error instanceof Error && "code" in error && "nextStep" in error, String(error));
        assert(!`${error.stack} ${error.nextStep}`.includes(PASSWORD));
        return `${error.code}: ${error.message}`;
      } finally {
        await sink.close();
      }
    };
    assert.equal(await look(postgres.url), "works");
    assert.match(await look(postgres.url, "wrong"), /^POSTGRES_LOGIN.*password authentication failed/);
    const none = { target: parsePostgresUrl(postgres.url), password: async () => undefined };
    await assert.rejects(PostgresSession.open(none), { code: "POSTGRES_LOGIN", message: /there is none/ });
    assert.match(await look(`postgres://click@127.0.0.1:${port}/nowhere`), /^POSTGRES_LOGIN.*does not exist/);
    assert.match(await look(`postgres://guest@127.0.0.1:${port}/postgres`), /^POSTGRES_DENIED/);
    assert.match(await look(`postgres://click@127.0.0.1:${port}/latin`), /^POSTGRES_ENCODING.*LATIN1/);
    assert.match(await look(`${postgres.url}?sslmode=require`), /^POSTGRES_TLS.*does not support SSL/);
    assert.match(await look("postgres://click@127.0.0.1:1/postgres"), /^POSTGRES_UNREACHABLE.*ECONNREFUSED/);
    assert.match(
      await look("postgres://click@none.invalid/postgres?sslmode=disable"),
      /^POSTGRES_UNREACHABLE/,
    );
    const socket = encodeURIComponent(join(postgres.folder, "server"));
    assert.equal(await look(`postgres://click@host:${port}/postgres?host=${socket}`), "works");
  });
});
