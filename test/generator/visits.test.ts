import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EVENT_ROOM_BYTES, EventWriter } from "../../src/generator/event-bytes.ts";
import { ENTRANCES, LINKS, PAGES } from "../../src/generator/shop.ts";
import { type Stay, Visitors } from "../../src/generator/visitors.ts";
import { walk } from "../../src/generator/walk.ts";
import { SOUND, START_MS } from "./generator-settings.ts";

const MINUTE_MS = 60_000;
const visitors = new Visitors(1, 1_000);
const slot = Math.floor(START_MS / (15 * MINUTE_MS));

function staysOf(user: number, slots: number): Stay[] {
  return Array.from({ length: slots }, (_, number) => visitors.stay(user, slot + number)).filter(
    (stay) => stay !== undefined,
  );
}

test("every visitor's stays last minutes, with pauses between them", () => {
  for (let user = 0; user < visitors.count; user++) {
    const stays = staysOf(user, 40);
    assert.ok(stays.length > 5, `visitor ${user} comes too rarely`);
    for (const [index, { startMs, endMs }] of stays.entries()) {
      assert.ok(endMs - startMs >= MINUTE_MS && endMs - startMs <= 12 * MINUTE_MS);
      const before = stays[index - 1];
      if (before !== undefined) assert.ok(startMs - before.endMs >= MINUTE_MS);
    }
  }
});

test("visitor and slot can be told from a session's id, so no two sessions share one", () => {
  const slotWords = new Map<string, number>();
  const firstWords = new Set<string>();
  for (let user = 0; user < visitors.count; user++) {
    for (const stay of staysOf(user, 8)) {
      const { id } = visitors.session(stay);
      const [first = "", last = ""] = [id.slice(0, 8), id.slice(-8)];
      const slotWord = String(Number.parseInt(first, 16) ^ Number.parseInt(last, 16));
      assert.equal(slotWords.get(slotWord) ?? stay.slot, stay.slot);
      slotWords.set(slotWord, stay.slot);
      const visitorInSlot = `${stay.slot} ${first}`;
      assert.ok(!firstWords.has(visitorInSlot), id);
      firstWords.add(visitorInSlot);
    }
  }
  assert.equal(slotWords.size, 8);
});

test("somebody is always on the site, however few visitors there are", () => {
  const instants = fc.integer({ min: 0, max: START_MS });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), instants, (count, timeMs) => {
      const few = new Visitors(3, count);
      assert.ok(few.stayAt(few.onDuty(timeMs), timeMs) !== undefined);
    }),
  );
});

test("a walk begins at an entrance, follows links and leaves no gap", () => {
  const entrances = new Set(ENTRANCES.map(({ page }) => page));
  const seen = new Set<number>();
  for (const stay of [2, 3, 5, 8, 13].flatMap((user) => staysOf(user, 400))) {
    const visits = walk(stay);
    assert.ok(entrances.has(visits[0]!.page));
    for (const [index, visit] of visits.entries()) {
      seen.add(visit.page);
      assert.ok(visit.endSecond - visit.startSecond >= 2 && visit.endSecond - visit.startSecond <= 75);
      const before = visits[index - 1];
      assert.equal(visit.startSecond, before?.endSecond ?? 0);
      if (before !== undefined) assert.ok(LINKS[before.page]!.some(({ page }) => page === visit.page));
    }
    assert.ok(visits.at(-1)!.endSecond * 1_000 >= stay.endMs - stay.startMs);
  }
  assert.ok(seen.size > 0.9 * PAGES.length, `only ${seen.size} of ${PAGES.length} pages are visited`);
});

test("the shop's pages have different URLs and are all linked to", () => {
  assert.equal(new Set(PAGES.map(({ url }) => url)).size, PAGES.length);
  const linked = new Set(LINKS.flatMap((links) => links.map(({ page }) => page)));
  assert.equal(linked.size, PAGES.length);
});

/** What the events say of one session. */
interface SeenSession {
  said: string;
  urls: [timeMs: number, url: string][];
}

test("events of a session share user, device and browser, lie within minutes and walk along links", () => {
  const writer = new EventWriter({ ...SOUND, users: 60, lateShare: 0.01 });
  const bytes = Buffer.alloc(EVENT_ROOM_BYTES);
  const sessions = new Map<string, SeenSession>();
  for (let n = 0; n < 40 * MINUTE_MS; n += 7) {
    const event = JSON.parse(bytes.toString("utf8", 0, writer.write(n, START_MS + n, bytes, 0)));
    const said = `${event.user_id} ${event.device_type} ${event.browser}`;
    const session = sessions.get(event.session_id) ?? { said, urls: [] };
    assert.equal(said, session.said);
    session.urls.push([Date.parse(event.timestamp), event.url]);
    sessions.set(event.session_id, session);
  }
  const pageOf = new Map(PAGES.map(({ url }, page) => [url, page]));
  let steps = 0;
  for (const { urls } of sessions.values()) {
    urls.sort(([a], [b]) => a - b);
    assert.ok(urls.at(-1)![0] - urls[0]![0] < 12 * MINUTE_MS);
    for (const [index, [timeMs, url]] of urls.entries()) {
      const [beforeMs, before] = urls[index - 1] ?? [timeMs, url];
      // Pages are seen for two seconds at least: none was in between.
      if (before === url || timeMs - beforeMs > 2_000) continue;
      steps++;
      const links = LINKS[pageOf.get(before)!]!;
      assert.ok(
        links.some(({ page }) => PAGES[page]!.url === url),
        `${before} → ${url}`,
      );
    }
  }
  assert.ok(sessions.size > 80 && steps > 1_000, `${sessions.size} sessions, ${steps} steps`);
});
