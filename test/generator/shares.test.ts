import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_EVENT_RULES, EVENT_FIELDS } from "../../src/events/event.ts";
import { judge } from "../../src/events/judge.ts";
import type { DeadReason } from "../../src/events/reasons.ts";
import { BREAKAGES } from "../../src/generator/broken-events.ts";
import { EVENT_ROOM_BYTES, EventWriter } from "../../src/generator/event-bytes.ts";
import { EventDescriptions } from "../../src/generator/event-descriptions.ts";
import { eventNumber } from "../../src/generator/uuid.ts";
import { SOUND, START_MS } from "./generator-settings.ts";

const MINUTE_MS = 60_000;
const bytes = Buffer.alloc(EVENT_ROOM_BYTES);

/** The texts of events `from` to `to`, a step apart. */
function* texts(settings: typeof SOUND, from: number, to: number, step = 1): Generator<[number, string]> {
  const writer = new EventWriter(settings);
  for (let n = from; n < to; n += step) {
    yield [n, bytes.toString("latin1", 0, writer.write(n, START_MS + n, bytes, 0))];
  }
}

/** Five standard deviations of a share among `events`: a seeded run is either always within them or never. */
function assertShare(found: number, events: number, share: number): void {
  const deviation = Math.sqrt((share * (1 - share)) / events);
  const difference = Math.abs(found / events - share);
  assert.ok(difference <= 5 * deviation, `${found} of ${events} are not a share of ${share}`);
}

test("as many events are late as asked, by ten to twenty-five minutes", () => {
  const events = 200_000;
  let late = 0;
  for (const [n, text] of texts({ ...SOUND, lateShare: 0.02 }, 0, events)) {
    const behindMs = START_MS + n - Date.parse(JSON.parse(text).timestamp);
    if (behindMs <= 30_000) continue;
    late++;
    assert.ok(behindMs >= 10 * MINUTE_MS && behindMs <= 25 * MINUTE_MS, `${behindMs}`);
  }
  assertShare(late, events, 0.02);
});

test("as many events repeat an earlier one as asked, byte for byte", () => {
  const events = 200_000;
  const recent = new Map<number, string>();
  let repeats = 0;
  for (const [n, text] of texts({ ...SOUND, duplicateShare: 0.05, lateShare: 0.01 }, 0, events)) {
    const original = eventNumber(JSON.parse(text).event_id)!;
    if (original === n) recent.set(n, text);
    else {
      repeats++;
      assert.ok(n - original < 1_000);
      assert.equal(text, recent.get(original));
    }
  }
  assertShare(repeats, events, 0.05);
});

test("as many events are broken as asked, each kind equally often, under the right key", () => {
  const events = 200_000;
  const settings = { ...SOUND, brokenShare: 0.02 };
  const descriptions = new EventDescriptions(settings);
  const writer = new EventWriter(settings);
  const found = new Map<DeadReason, number>();
  for (let n = 0; n < events; n++) {
    const value = bytes.subarray(0, writer.write(n, START_MS + n, bytes, 0));
    const verdict = judge(value, DEFAULT_EVENT_RULES);
    if ("event" in verdict && verdict.event.timeMs <= START_MS + n) continue;
    const reason = "reason" in verdict ? verdict.reason : "from_the_future";
    found.set(reason, (found.get(reason) ?? 0) + 1);
    const { breakage, userId } = descriptions.describeEvent(n, START_MS + n);
    assert.equal(reason, breakage?.reason, value.toString());
    assert.equal(
      writer.keyBytes.toString("latin1", writer.keyStart, writer.keyStart + writer.keyLength),
      userId,
    );
  }
  const total = [...found.values()].reduce((sum, count) => sum + count, 0);
  assertShare(total, events, 0.02);
  for (const { reason } of BREAKAGES) {
    const ways = BREAKAGES.filter((breakage) => breakage.reason === reason).length;
    assertShare(found.get(reason) ?? 0, total, ways / BREAKAGES.length);
  }
});

test("every breakage leads to its dead-letter reason, whatever its chance", () => {
  const descriptions = new EventDescriptions(SOUND);
  for (let n = 0; n < 200; n++) {
    const { fields } = descriptions.describeEvent(n, START_MS + n);
    for (const [index, { reason, make }] of BREAKAGES.entries()) {
      const value = make(fields, Math.imul(n + 1, 0x9e3779b9), START_MS + n);
      const verdict = judge(value, DEFAULT_EVENT_RULES);
      const ahead = "event" in verdict && verdict.event.timeMs - (START_MS + n) >= 24 * 60 * MINUTE_MS;
      const found = "reason" in verdict ? verdict.reason : ahead && "from_the_future";
      assert.equal(found, reason, `breakage ${index}: ${Buffer.from(value)}`);
    }
  }
});

test("there is a breakage for every dead-letter reason but too_large", () => {
  const reasons: DeadReason[] = [
    ...[
      "not_json",
      "not_an_object",
      "bad_timestamp",
      "unknown_action",
      "unknown_device_type",
      "from_the_future",
    ],
    ...EVENT_FIELDS.flatMap((field) => [
      `missing_field:${field}`,
      `wrong_type:${field}`,
      `empty_field:${field}`,
    ]),
  ] as DeadReason[];
  assert.deepEqual(new Set(BREAKAGES.map(({ reason }) => reason)), new Set(reasons));
});

test("visitors' activity is uneven, their mix stable, their number changes with the hour", () => {
  const counts = (startMinute: number): Map<string, number>[] => {
    const tallies = Array.from({ length: 4 }, () => new Map<string, number>());
    const from = startMinute * MINUTE_MS;
    for (const [, text] of texts(SOUND, from, from + 30 * MINUTE_MS, 23)) {
      const event = JSON.parse(text);
      for (const [index, word] of [
        event.user_id,
        event.device_type,
        event.action,
        event.session_id,
      ].entries()) {
        tallies[index]!.set(word, (tallies[index]!.get(word) ?? 0) + 1);
      }
    }
    return tallies;
  };
  const events = Math.ceil((30 * MINUTE_MS) / 23);
  const evening = counts(11 * 60);
  const night = counts(18 * 60);
  for (const [users, devices, actions] of [evening, night]) {
    const byActivity = [...users!.values()].sort((a, b) => b - a);
    assert.ok(byActivity.length > 600 && byActivity[0]! > 8 * byActivity[Math.floor(byActivity.length / 2)]!);
    assert.ok(byActivity[0]! < 0.06 * events);
    const share = (tally: Map<string, number>, word: string) => tally.get(word)! / events;
    assert.ok(Math.abs(share(devices!, "mobile") - 0.55) < 0.1);
    assert.ok(share(devices!, "tablet") > 0.02 && share(devices!, "tablet") < 0.16);
    for (const action of DEFAULT_EVENT_RULES.actions) {
      assert.ok(share(actions!, action) > 0.08 && share(actions!, action) < 0.55, action);
    }
  }
  const [evenings, nights] = [evening[3]!.size, night[3]!.size];
  assert.ok(evenings > 1.2 * nights, `${evenings} sessions in the evening, ${nights} at night`);
});
