import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { seededRandom } from "../../src/core/random.ts";
import { CountedIds } from "../../src/engines/embedded/counted-ids.ts";
import { inspectState } from "../../src/engines/embedded/inspect-state.ts";
import { SqliteStore } from "../../src/engines/embedded/sqlite-store.ts";
import type { Commit, Ownership } from "../../src/engines/embedded/state-store.ts";
import { firstUnconfirmedEndMs } from "../../src/engines/embedded/unconfirmed-windows.ts";
import { Dictionary } from "../../src/events/dictionary.ts";
import { DEFAULT_EVENT_RULES } from "../../src/events/event.ts";
import { DEFAULT_WINDOWS } from "../../src/queries/plan.ts";
import { STANDARD_QUERIES } from "../../src/queries/standard.ts";
import type { PartitionManifest } from "../../src/sinks/manifest.ts";
import type { SlotRewrite } from "../../src/windows/open-windows.ts";
import { SLOT_FORMATS } from "../../src/windows/sealed-bytes.ts";
import { CrashPlan, Disk } from "../simulation/world.ts";

const OWNERSHIP: Ownership = {
  topic: { name: "clickstream", id: "00000000-0000-4000-8000-000000000001" },
  queries: STANDARD_QUERIES,
  windows: DEFAULT_WINDOWS,
  rules: DEFAULT_EVENT_RULES,
};

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "clickstream-state-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

function partition(position: number): PartitionManifest {
  const floors = position > 3 ? [{ offset: 3, floorMs: 60_000 }] : [];
  const greatestMs = position === 0 ? null : position * 1_000;
  return {
    partition: 0,
    startOffset: 0,
    position,
    greatestMs,
    floors,
    lost: [],
    read: position,
    counted: position,
    late: 0,
    dead: {},
  };
}

/** Bytes that the store takes for a slot: format, content, checksum. */
function slotOf(content: string): Uint8Array {
  const body = Buffer.concat([Buffer.from([SLOT_FORMATS.tables]), Buffer.from(content)]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(body));
  return Buffer.concat([body, checksum]);
}

/** The encoded form of one event id. */
function idsOf(id: string): Uint8Array {
  const ids = new CountedIds();
  const dictionary = new Dictionary();
  ids.add(dictionary, dictionary.internString(id), Number.MAX_SAFE_INTEGER, 0);
  return ids.takeNew(0)[0]!.bytes;
}

/** The slot that commit n brought, whole. */
function rewriteOf(n: number, parts: Iterable<Uint8Array>): SlotRewrite {
  return { group: n % 2, paneStartMs: n * 60_000, firstEndMs: (n + 1) * 60_000, parts };
}

/** Commit number n of a story in which panes come, are rewritten and go, and rows wait in the outbox. */
function commitOf(n: number): Commit {
  const entry = (window: number) => ({
    sink: "files",
    query: "url_counts",
    windowStartMs: window * 60_000,
    windowEndMs: window * 60_000 + 300_000,
    rowCount: window,
    bytes: Buffer.from(`rows of ${window}`),
  });
  return {
    partitions: [partition(n)],
    closedThroughMs: n < 2 ? null : n * 60_000,
    windowsClosed: n,
    newSlots: [
      {
        group: n % 2,
        paneStartMs: n * 60_000,
        firstEndMs: (n + 1) * 60_000,
        bytes: slotOf(`pane ${n}`),
      },
    ],
    rewrites: n % 3 === 2 ? [rewriteOf(n - 1, [slotOf("half a pane"), slotOf("the rest")])] : [],
    dropPanesThroughMs: [n < 5 ? Number.NEGATIVE_INFINITY : (n - 5) * 60_000, (n - 7) * 60_000],
    newIds: n % 4 === 3 ? [] : [{ partition: n % 3, untilMs: (n + 3) * 60_000, bytes: idsOf(`event-${n}`) }],
    dropIdsThroughMs: new Map([
      [0, n * 60_000],
      [1, Number.NEGATIVE_INFINITY],
    ]),
    newOutbox: [entry(n)],
    confirmed: n === 0 ? [] : [entry(n - 1)],
  };
}

test("what was committed is loaded again, as from the simulation's store", (t) => {
  const path = folder(t);
  const disk = new Disk();
  const model = disk.store(new CrashPlan(seededRandom(1), 0));
  let store = new SqliteStore(path);
  assert.equal(store.load(), undefined);
  for (const each of [store, model]) each.create(OWNERSHIP, [partition(0)]);
  for (let n = 0; n < 12; n++) {
    for (const each of [store, model]) each.commit(commitOf(n));
    store.close();
    store = new SqliteStore(path);
    assert.deepEqual(hexed(store.load()), hexed(model.load()), `after commit ${n}`);
    assert.deepEqual(hexed([...store.slots()]), hexed([...model.slots()]), `after commit ${n}`);
    assert.deepEqual(hexed([...store.countedIds()]), hexed([...model.countedIds()]), `after commit ${n}`);
  }
  store.close();
});

/** The same with all bytes as text: SQLite hands out other classes of byte arrays than were given. */
function hexed(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(hexed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, hexed(of)]));
}

test("a second process is refused until the first has ended, however it ends", async (t) => {
  const path = folder(t);
  const module = fileURLToPath(new URL("../../src/engines/embedded/sqlite-store.ts", import.meta.url));
  const program = `
    import { SqliteStore } from ${JSON.stringify(module)};
    globalThis.store = new SqliteStore(${JSON.stringify(path)}); // kept: a collected store gives up its lock
    process.stdout.write("open");
    setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => other.kill("SIGKILL"));
  await once(other.stdout, "data");
  assert.throws(() => new SqliteStore(path), { code: "STATE_LOCKED" });
  other.kill("SIGKILL");
  await once(other, "exit");
  new SqliteStore(path).close();
});

test("a commit of a process that was taken over changes nothing", (t) => {
  const path = folder(t);
  const store = new SqliteStore(path);
  store.create(OWNERSHIP, [partition(0)]);
  const intruder = new DatabaseSync(join(path, "state.sqlite"));
  intruder.exec("UPDATE pipeline SET epoch = epoch + 1");
  intruder.close();
  assert.throws(() => store.commit(commitOf(1)), { code: "STATE_TAKEN_OVER" });
  assert.equal(store.load()?.partitions[0]?.position, 0);
  store.close();
});

test("a commit that fails while a slot is rewritten changes nothing", (t) => {
  const path = folder(t);
  const store = new SqliteStore(path);
  store.create(OWNERSHIP, [partition(0)]);
  store.commit(commitOf(0));
  const before = hexed([store.load(), ...store.slots()]);
  const parts = function* (): Generator<Uint8Array> {
    yield slotOf("half a pane");
    throw new Error("no memory");
  };
  assert.throws(() => store.commit({ ...commitOf(1), rewrites: [rewriteOf(0, parts())] }), {
    code: "STATE_WRITE_FAILED",
  });
  assert.deepEqual(hexed([store.load(), ...store.slots()]), before);
  store.close();
});

test("a state of a newer format is refused by its number", (t) => {
  const path = folder(t);
  new SqliteStore(path).close();
  const file = join(path, "state.sqlite");
  const database = new DatabaseSync(file);
  database.exec("PRAGMA user_version = 9; DROP TABLE outbox");
  database.close();
  const bytes = readFileSync(file);
  const refused = { code: "STATE_FORMAT", message: /format 9; .* up to \d/, nextStep: /left as it is/ };
  assert.throws(() => new SqliteStore(path), refused);
  assert.throws(() => inspectState(path), refused);
  assert.throws(() => firstUnconfirmedEndMs(path), refused);
  assert.deepEqual(readFileSync(file), bytes);
});

test("a folder that can't hold a state is not called locked", (t) => {
  const path = folder(t);
  writeFileSync(join(path, "file"), "");
  assert.throws(() => new SqliteStore(join(path, "file")), { code: "STATE_UNREADABLE", message: /EEXIST/ });
  mkdirSync(join(path, "state.lock"));
  assert.throws(() => new SqliteStore(path), { code: "STATE_UNREADABLE", message: /unable to open/ });
  rmSync(join(path, "state.lock"), { recursive: true });
  writeFileSync(join(path, "state.lock"), "no database, but bytes enough to be taken for one".repeat(9));
  assert.throws(() => new SqliteStore(path), { code: "STATE_UNREADABLE", message: /not a database/ });
});

test("a damaged pane, page or record is named before anything goes on from it", (t) => {
  const path = folder(t);
  const store = new SqliteStore(path);
  store.create(OWNERSHIP, [partition(0)]);
  store.commit(commitOf(0));
  store.close();
  const file = join(path, "state.sqlite");
  const whole = readFileSync(file);
  assert.equal(inspectState(path)?.groups[0]?.parts, 1);
  for (const content of ["pane 0", "CREATE TABLE partitions", '"startOffset"']) {
    const bytes = Buffer.from(whole);
    bytes[bytes.indexOf(content)]! ^= 1;
    writeFileSync(file, bytes);
    assert.throws(() => inspectState(path), { code: "STATE_UNREADABLE" }, content);
    assert.throws(
      () => {
        const damaged = new SqliteStore(path);
        try {
          damaged.load();
          return [...damaged.slots()];
        } finally {
          damaged.close();
        }
      },
      { code: "STATE_UNREADABLE", nextStep: /restore a copy/ },
      content,
    );
  }
});

test("a state is inspected while a process commits to it, as of one commit", (t) => {
  const path = folder(t);
  assert.equal(inspectState(path), undefined);
  const store = new SqliteStore(path);
  t.after(() => store.close());
  assert.equal(inspectState(path), undefined);
  const hourly = { ...STANDARD_QUERIES[0]!, name: "hourly", windows: { sizeMs: 3_600_000, slideMs: 60_000 } };
  store.create({ ...OWNERSHIP, queries: [...STANDARD_QUERIES, hourly] }, [partition(0)]);
  for (let n = 0; n < 5; n++) {
    store.commit(commitOf(n));
    const found = inspectState(path);
    assert.equal(found?.windowsClosed, n);
    assert.equal(found.partitions[0]?.position, n);
    assert.equal(found.leastWatermarkMs, [null, -599_000, -598_000, -597_000, 60_000][n]);
    const [outbox] = found.outbox;
    assert.deepEqual([outbox?.windows, outbox?.rows, outbox?.lastWindowEndMs], [1, n, (n + 5) * 60_000]);
    assert(found.files.logBytes > 0);
  }
});

test("a disk that is full when a state is opened is told apart from a damaged state, and costs nothing", (t) => {
  const path = folder(t);
  const store = new SqliteStore(path);
  store.create(OWNERSHIP, [partition(0)]);
  store.commit(commitOf(0));
  const before = hexed([store.load(), ...store.slots()]);
  store.close();
  const module = fileURLToPath(new URL("../../src/engines/embedded/sqlite-store.ts", import.meta.url));
  const program = `
    import { SqliteStore } from ${JSON.stringify(module)};
    try { new SqliteStore(${JSON.stringify(path)}); } catch (error) { process.stdout.write(error.code + error.nextStep); }`;
  // As a full disk: no file may grow beyond one kilobyte.
  const limited = spawnSync(
    "bash",
    [
      "-c",
      'ulimit -f 1 && exec "$0" "$@"',
      process.execPath,
      "--input-type=module-typescript",
      "-e",
      program,
    ],
    { encoding: "utf8" },
  );
  assert.match(limited.stdout, /^STATE_WRITE_FAILED.*free space/);
  const again = new SqliteStore(path);
  assert.deepEqual(hexed([again.load(), ...again.slots()]), before);
  again.close();
});

test("a damaged state is told apart by its next step", (t) => {
  const path = folder(t);
  new SqliteStore(path).close();
  writeFileSync(join(path, "state.sqlite"), "no database at all".repeat(100));
  assert.throws(() => new SqliteStore(path), { code: "STATE_UNREADABLE", nextStep: /restore a copy/ });
});
