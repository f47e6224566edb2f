import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DEFAULT_EVENT_RULES, EVENT_FIELDS } from "../../src/events/event.ts";
import { judge } from "../../src/events/judge.ts";
import { EVENT_ROOM_BYTES, EventWriter } from "../../src/generator/event-bytes.ts";
import { EventDescriptions } from "../../src/generator/event-descriptions.ts";
import { eventNumber } from "../../src/generator/uuid.ts";
import { anyNumber, anySettings, SOUND, START_MS } from "./generator-settings.ts";

const bytes = Buffer.alloc(EVENT_ROOM_BYTES);

/** Value, key and visitor of an event. */
function written(writer: EventWriter, n: number, timeMs: number): string[] {
  const end = writer.write(n, timeMs, bytes, 0);
  const key = writer.keyBytes.toString("latin1", writer.keyStart, writer.keyStart + writer.keyLength);
  return [bytes.toString("latin1", 0, end), key, String(writer.user)];
}

test("the bytes are those that the slow description tells, for any settings, numbers and times", () => {
  const events = fc.array(fc.tuple(anyNumber, fc.nat(100_000_000)), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(anySettings, events, (settings, asked) => {
      const writer = new EventWriter(settings);
      const descriptions = new EventDescriptions(settings);
      for (const [n, sinceStartMs] of asked) {
        const timeMs = settings.startMs + sinceStartMs;
        const { value, userId, user } = descriptions.describeEvent(n, timeMs);
        const expected = [Buffer.from(value).toString("latin1"), userId, String(user)];
        assert.deepEqual(written(writer, n, timeMs), expected, `event ${n}`);
      }
    }),
    { numRuns: 60 },
  );
});

test("consecutive events of twenty minutes are those that the slow description tells", () => {
  const settings = { ...SOUND, lateShare: 0.01, brokenShare: 0.01, duplicateShare: 0.01 };
  const writer = new EventWriter(settings);
  const descriptions = new EventDescriptions(settings);
  for (let n = 0; n < 1_200_000; n++) {
    const timeMs = START_MS + n;
    const end = writer.write(n, timeMs, bytes, 0);
    if (n % 97 !== 0) continue;
    const { value } = descriptions.describeEvent(n, timeMs);
    if (bytes.compare(value, 0, value.length, 0, end) !== 0) {
      assert.equal(bytes.toString("utf8", 0, end), Buffer.from(value).toString());
    }
  }
});

test("an event is the same alone, in sequence, from any start and in any order", () => {
  fc.assert(
    fc.property(
      anySettings,
      anyNumber,
      fc.nat(3_000),
      fc.infiniteStream(fc.nat()),
      (settings, n, before, picks) => {
        const at = (number: number) => settings.startMs + number;
        const sequence = new EventWriter(settings);
        for (let earlier = Math.max(0, n - before); earlier < n; earlier++)
          written(sequence, earlier, at(earlier));
        const inSequence = written(sequence, n, at(n));
        const shuffled = new EventWriter(settings);
        for (let other = 0; other < 200; other++) {
          const number = picks.next().value!;
          written(shuffled, number, at(number));
        }
        assert.deepEqual(inSequence, written(new EventWriter(settings), n, at(n)), "alone");
        assert.deepEqual(inSequence, written(shuffled, n, at(n)), "after others");
      },
    ),
    { numRuns: 40 },
  );
});

test("a sound event is compact JSON with the fields in order, and valid; its id carries its number", () => {
  const settings = { ...SOUND, lateShare: 0.1 };
  const writer = new EventWriter(settings);
  fc.assert(
    fc.property(anyNumber, (n) => {
      const [value = "", key] = written(writer, n, START_MS + n);
      const event = JSON.parse(value);
      assert.deepEqual(Object.keys(event), EVENT_FIELDS);
      assert.equal(JSON.stringify(event), value);
      assert.equal(event.user_id, key);
      assert.equal(eventNumber(event.event_id), n);
      assert.match(event.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.equal(new Date(event.timestamp).toISOString(), event.timestamp);
      assert.match(event.session_id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      assert.ok("event" in judge(Buffer.from(value), DEFAULT_EVENT_RULES));
    }),
    { numRuns: 2_000 },
  );
});

test("events of other numbers and of other seeds have nothing random in common", () => {
  const random = (seed: number, n: number): string =>
    JSON.parse(written(new EventWriter({ ...SOUND, seed, users: 5 }), n, START_MS)[0]!).event_id.slice(0, 23);
  const numbers = [0, 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 33, 2 ** 47];
  const seeds = [0, 1, -1, 2 ** 32, 2 ** 52];
  const found = seeds.flatMap((seed) => numbers.map((n) => random(seed, n)));
  assert.equal(new Set(found).size, found.length);
});

test("a live event carries the time that it is given, out of order by no more than asked", () => {
  const happenedMs = (writer: EventWriter, n: number, timeMs: number): number =>
    Date.parse(JSON.parse(written(writer, n, timeMs)[0]!).timestamp);
  const inOrder = new EventWriter({ ...SOUND, outOfOrderMs: 0 });
  const disordered = new EventWriter({ ...SOUND, outOfOrderMs: 1_000 });
  const live = fc.integer({ min: START_MS, max: START_MS + 10 * 365 * 86_400_000 });
  fc.assert(
    fc.property(anyNumber, live, (n, timeMs) => {
      assert.equal(happenedMs(inOrder, n, timeMs), timeMs);
      const behindMs = timeMs - happenedMs(disordered, n, timeMs);
      assert.ok(behindMs >= 0 && behindMs <= 1_000, `${behindMs}`);
    }),
    { numRuns: 200 },
  );
});

test("the bytes before the position stay, and so do those behind the room", () => {
  const settings = { ...SOUND, brokenShare: 0.3, users: 12 };
  const writer = new EventWriter(settings);
  const wide = Buffer.alloc(EVENT_ROOM_BYTES * 3);
  for (let n = 0; n < 5_000; n++) {
    wide.fill(0xee);
    const position = 1 + (n % EVENT_ROOM_BYTES);
    const end = writer.write(n, START_MS + n, wide, position);
    assert.ok(end <= position + EVENT_ROOM_BYTES);
    assert.ok(wide.subarray(0, position).every((byte) => byte === 0xee));
    assert.ok(wide.subarray(position + EVENT_ROOM_BYTES).every((byte) => byte === 0xee));
  }
});

test("a writer may go from one buffer to another", () => {
  const writer = new EventWriter(SOUND);
  const first = Buffer.alloc(EVENT_ROOM_BYTES);
  const second = Buffer.alloc(2 * EVENT_ROOM_BYTES).subarray(100);
  const pool = [first, second, first];
  const texts = pool.map((buffer) => buffer.toString("latin1", 7, writer.write(5, START_MS + 5, buffer, 7)));
  assert.deepEqual(new Set(texts).size, 1);
});
