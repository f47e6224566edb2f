// Times are seconds after a round minute; windows of 5 s that slide by 1, delay 10 s.
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../src/core/random.ts";
import { DEFAULT_EVENT_RULES } from "../../src/events/event.ts";
import type { LogRecord } from "../../src/oracle/oracle.ts";
import { count, query } from "../../src/queries/query.ts";
import type { Accounting, Manifest } from "../../src/sinks/manifest.ts";
import { expectedOutput, finishedManifest } from "../simulation/expected-output.ts";
import { type ArrivingRecord, type RandomLog, randomLog, SMALL_WINDOWS } from "../simulation/random-log.ts";

const START_MS = Date.UTC(2026, 10, 23, 8, 5, 0);
const SEEDS = 20;

function event(offset: number, id: string, seconds: number, partition = 0): LogRecord {
  const timestamp = START_MS + seconds * 1_000;
  const value = { event_id: id, user_id: "u", session_id: "s", url: "/", action: "view", timestamp };
  return {
    partition,
    offset,
    timestampMs: timestamp,
    value: Buffer.from(JSON.stringify({ ...value, device_type: "tablet", browser: "b" })),
  };
}

function accountingOf(
  records: LogRecord[],
  floors: { offset: number; seconds: number }[] = [],
): Accounting[] {
  const manifest: Manifest = {
    format: 1,
    engine: "embedded",
    topic: { name: "clickstream", id: "id" },
    windows: { ...SMALL_WINDOWS, dedupe: true },
    rules: DEFAULT_EVENT_RULES,
    queries: [query("totals", { by: [], measures: { events: count() } })],
    closedThroughMs: START_MS + 1_000_000,
    partitions: [0, 1].map((partition) => ({
      partition,
      startOffset: 0,
      position: 100,
      greatestMs: null,
      floors: floors.map(({ offset, seconds }) => ({ offset, floorMs: START_MS + seconds * 1_000 })),
      lost: [],
      read: 0,
      counted: 0,
      late: 0,
      dead: {},
    })),
  };
  return [...expectedOutput({ records }, manifest).accounting.values()];
}

test("the first event with an id counts, others of its partition are duplicates, whatever they say", () => {
  const records = [
    event(0, "a", 7),
    event(1, "a", 7),
    event(2, "b", 7),
    event(3, "a", 9),
    event(0, "a", 7, 1),
  ];
  assert.deepEqual(accountingOf(records), [
    { read: 4, counted: 2, duplicates: 2, late: 0, dead: {} },
    { read: 1, counted: 1, duplicates: 0, late: 0, dead: {} },
  ]);
});

test("an id is remembered until the watermark has passed the last window that holds its event", () => {
  // The last window of 7 ends at 12: an event at 21.999 leaves the watermark just before it, one at 22 reaches it.
  const before = [event(0, "a", 7), event(1, "b", 21.999), event(2, "a", 21)];
  assert.deepEqual(accountingOf(before)[0], { read: 3, counted: 2, duplicates: 1, late: 0, dead: {} });
  const after = [event(0, "a", 7), event(1, "b", 22), event(2, "a", 21), event(3, "a", 22)];
  assert.deepEqual(accountingOf(after)[0], { read: 4, counted: 3, duplicates: 1, late: 0, dead: {} });
  const floored = accountingOf([event(0, "a", 7), event(2, "a", 9)], [{ offset: 1, seconds: 12 }]);
  assert.deepEqual(floored[0], { read: 2, counted: 2, duplicates: 0, late: 0, dead: {} });
});

test("late and dead events are nobody's duplicates, and nobody is theirs", () => {
  const broken = { ...event(3, "b", 20), value: Buffer.from('{"event_id":"b"}') };
  const records = [event(0, "a", 20), event(1, "b", 5), event(2, "a", 5), broken, event(4, "b", 20)];
  assert.deepEqual(accountingOf(records)[0], {
    read: 5,
    counted: 2,
    duplicates: 0,
    late: 2,
    dead: { "missing_field:user_id": 1 },
  });
});

/** The log with an id of its own for each event, and room between offsets. */
function withOwnIds(log: RandomLog): RandomLog {
  const records = log.records.map((record, n) => {
    const text =
      record.value &&
      Buffer.from(record.value)
        .toString("latin1")
        .replace(/nt-\d+/, `nt-${n}`);
    const value = text === null ? null : Buffer.from(text, "latin1");
    return { ...record, offset: record.offset * 1_000, value };
  });
  return { ...log, records, endOffsets: log.endOffsets.map((end) => end * 1_000) };
}

/** The log, in which some records come again, later in their partition. */
function withRepeats(log: RandomLog, seed: number): RandomLog {
  const random = seededRandom(seed);
  const repeats = log.records.flatMap((record, n): ArrivingRecord[] => {
    if (random.below(3) > 0) return [];
    const later = log.records.slice(n).filter(({ partition }) => partition === record.partition);
    const behind = later[random.below(later.length)] as ArrivingRecord;
    return [{ ...record, offset: behind.offset + 1 + n }];
  });
  const records = [...log.records, ...repeats].sort((a, b) => a.offset - b.offset);
  return { ...log, records };
}

test(`repeats of the same events change no row, over ${SEEDS} logs`, () => {
  let repeated = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const log = withOwnIds(randomLog(seededRandom(seed)));
    const once = finishedManifest(log);
    const wanted = expectedOutput(log, once);
    const found = expectedOutput(withRepeats(log, seed), {
      ...once,
      windows: { ...once.windows, dedupe: true },
    });
    assert.deepEqual(found.files, wanted.files, `seed ${seed}`);
    for (const [partition, { counted, duplicates = 0 }] of found.accounting) {
      assert.equal(counted, wanted.accounting.get(partition)?.counted, `seed ${seed}`);
      repeated += duplicates;
    }
  }
  assert(repeated > SEEDS, "there were repeats to leave out");
});
