import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import type { GeneratorPosition } from "../../src/generator/position.ts";
import type { GeneratorProgress } from "../../src/generator/progress-meter.ts";
import { type EventLog, type RunOptions, runGenerator } from "../../src/generator/runner.ts";
import { ManualClock } from "./manual-clock.ts";

const NOW_MS = Date.UTC(2026, 10, 23);
const USERS = 5_000;

interface Written {
  n: number;
  timeMs: number;
  partition: number;
  timestampMs: number;
  key: string;
}

/** A run on a log in memory; what is committed counts. */
function world(given: Partial<RunOptions> & { next?: number; lastTimeMs?: number; startMs?: number }) {
  const clock = new ManualClock(NOW_MS);
  const stopping = new AbortController();
  const committed: Written[] = [];
  const transactions: number[] = [];
  const told: GeneratorProgress[] = [];
  let open: Written[] | undefined;
  let asked = 0;
  const source = {
    keyBytes: Buffer.from(Array.from({ length: USERS }, (_, user) => String(10_000 + user)).join("")),
    keyStart: 0,
    keyLength: 5,
    user: 0,
    write(n: number, timeMs: number, bytes: Buffer, position: number): number {
      this.user = (n * 7) % USERS;
      this.keyStart = this.user * 5;
      return position + bytes.write(`${n} ${timeMs}`, position);
    },
  };
  const log: EventLog = {
    acknowledgeMs: 3,
    partitionFor(bytes, start, length) {
      asked++;
      return Number(Buffer.from(bytes).toString("utf8", start, start + length)) % 3;
    },
    append(partition, timestampMs, key, keyStart, keyLength, value, valueStart, valueLength) {
      const text = (from: Uint8Array | null, start: number, length: number): string =>
        Buffer.from(from ?? []).toString("utf8", start, start + length);
      const [n, timeMs] = text(value, valueStart, valueLength).split(" ").map(Number);
      open!.push({
        n: n!,
        timeMs: timeMs!,
        partition,
        timestampMs,
        key: text(key, keyStart, keyLength),
      });
    },
    begin() {
      assert.equal(open, undefined);
      open = [];
    },
    send() {},
    async ready() {
      await clock.sleep(2);
    },
  };
  const { next = 0, lastTimeMs = 0, startMs = NOW_MS - 1_000_000, ...options } = given;
  const settings = { seed: 1, startMs, users: USERS, lateShare: 0, outOfOrderMs: 0, brokenShare: 0 };
  const run = (): Promise<GeneratorPosition> =>
    runGenerator({
      source,
      log,
      async commit(position) {
        for (const event of open!) committed.push(event);
        transactions.push(open!.length);
        open = undefined;
        assert.equal(position.next, next + committed.length);
        assert.equal(position.lastTimeMs, committed.at(-1)!.timeMs);
      },
      clock,
      position: { next, lastTimeMs, topicId: "id", settings: { ...settings, duplicateShare: 0 } },
      total: 1_000,
      rate: null,
      live: null,
      batch: 100,
      signal: stopping.signal,
      onProgress: (progress) => told.push(progress),
      ...options,
    });
  return { clock, stopping, committed, transactions, told, run, askedPartitions: () => asked };
}

function checkSequence(events: readonly Written[], next: number): void {
  events.forEach(({ n, partition, key, timeMs, timestampMs }, index) => {
    assert.equal(n, next + index);
    assert.equal(Number(key), 10_000 + ((n * 7) % USERS));
    assert.equal(partition, Number(key) % 3);
    assert.equal(timestampMs, timeMs);
    assert(timeMs >= (events[index - 1]?.timeMs ?? 0), "times do not go back");
  });
}

test("whatever the batch and the rate, the backlog is written once, a millisecond apart", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 3_000 }),
      fc.integer({ min: 0, max: 3_000 }),
      fc.integer({ min: 1, max: 700 }),
      fc.option(fc.integer({ min: 1, max: 100_000 })),
      async (next, total, batch, rate) => {
        const { committed, run, told } = world({ next, total, batch, rate });
        const position = await run();
        assert.equal(committed.length, Math.max(0, total - next));
        assert.equal(position.next, Math.max(next, total));
        assert(committed.every(({ n, timeMs }) => timeMs === NOW_MS - 1_000_000 + n));
        checkSequence(committed, next);
        assert.equal(told[0]?.produced, next);
        assert.equal(told.at(-1)?.produced, position.next);
      },
    ),
  );
});

test("a partition is asked for once a visitor", async () => {
  const { run, askedPartitions } = world({ total: 20_000 });
  await run();
  assert.equal(askedPartitions(), USERS);
});

test("at full speed a transaction holds many batches, but ends after 200,000 events or a second", async () => {
  const many = world({ total: 210_000, batch: 70_000 });
  await many.run();
  assert.deepEqual(many.transactions, [200_000, 10_000]);
  const slow = world({ total: 2_000, batch: 1, startMs: NOW_MS - 10_000 });
  await slow.run();
  assert.deepEqual(slow.transactions, [500, 500, 500, 500]);
});

test("live events follow the backlog at their rate and at their time, in a transaction a batch", async () => {
  const w = world({ total: 1_000, live: { rate: 500 }, batch: 250 });
  const end = NOW_MS + 60_000;
  const running = w.run();
  while (w.clock.nowMs() < end) await nextTurn();
  w.stopping.abort();
  const position = await running;
  checkSequence(w.committed, 0);
  const live = w.committed.slice(1_000);
  const seconds = (w.clock.nowMs() - NOW_MS) / 1_000;
  assert(Math.abs(live.length - seconds * 500) < 300, `${live.length} events in ${seconds} s`);
  for (const [index, { timeMs }] of live.entries()) {
    const due = NOW_MS + index * 2;
    assert(
      timeMs >= NOW_MS - 500 && Math.abs(timeMs - due) < 1_200,
      `live event ${index} at ${timeMs - due} ms`,
    );
  }
  assert.equal(position.next, w.committed.length);
  const liveTransactions = w.transactions.slice(1, -1);
  assert(liveTransactions.every((events) => events >= 250 && events < 300));
  assert.deepEqual([w.told[0]?.live, w.told.at(-1)?.live], [false, true]);
});

test("a stop in the middle commits what is written", async () => {
  const w = world({ total: 1_000_000, batch: 1_000 });
  const running = w.run();
  while (w.told.length < 2) await nextTurn();
  w.stopping.abort();
  const position = await running;
  assert(position.next > 0 && position.next < 1_000_000);
  assert.equal(w.committed.length, position.next);
});

test("no event arrives in the future, nor before the one that was written last", async () => {
  const future = world({ total: 50, startMs: NOW_MS - 10 });
  await future.run();
  assert(future.committed.every(({ timeMs }, n) => timeMs === Math.min(NOW_MS - 10 + n, NOW_MS)));
  const afterLive = world({ next: 10, total: 50, lastTimeMs: NOW_MS - 5_000 });
  await afterLive.run();
  assert(afterLive.committed.every(({ timeMs }) => timeMs === NOW_MS - 5_000));
});
