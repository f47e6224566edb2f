// Rules follow an output tree through failures of everything around them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AlertStore } from "../../src/alerts/alert-store.ts";
import { Alerting } from "../../src/alerts/alerting.ts";
import type { Notification } from "../../src/alerts/notification.ts";
import type { AlertRule } from "../../src/alerts/rule.ts";
import type { AlertSink } from "../../src/alerts/sink.ts";
import { systemClock } from "../../src/core/clock.ts";
import { type Random, seededRandom } from "../../src/core/random.ts";
import { count, query } from "../../src/queries/query.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";

const MINUTE_MS = 60_000;
const LENGTHS = { sizeMs: 5 * MINUTE_MS, slideMs: MINUTE_MS };
const PAGES = query("pages", { by: ["url"], measures: { events: count() } });
const START_MS = Date.parse("2026-11-23T08:00:00Z");
const WINDOWS = 600;

const told = { severity: "warning", note: null } as const;
const watched = { kind: "query", query: "pages", measure: "events" } as const;
const HOUR_MS = 3_600_000;
const RULES: readonly AlertRule[] = [
  {
    ...told,
    ...watched,
    name: "busy",
    forMs: 2 * MINUTE_MS,
    where: {},
    condition: { kind: "above", limit: 70 },
  },
  {
    ...{ ...told, ...watched, name: "fell", forMs: MINUTE_MS, where: { url: "/a" } },
    condition: { kind: "falls", by: 0.4, againstMs: HOUR_MS, least: 5 },
  },
  {
    ...told,
    ...watched,
    name: "none",
    forMs: 0,
    where: { url: "/b" },
    measure: null,
    condition: { kind: "noData" },
  },
];

type Window = { startMs: number; text: string };

function randomTree(random: Random): Window[] {
  const windows: Window[] = [];
  for (let n = 0; n < WINDOWS; n++) {
    const rows = ["/a", "/b", "/c"]
      .filter(() => random.unit() < 0.8)
      .map((url) => JSON.stringify({ url, events: Math.floor(random.unit() * 100) }));
    if (rows.length === 0 || random.unit() < 0.05) continue;
    windows.push({ startMs: START_MS + n * MINUTE_MS, text: `${rows.join("\n")}\n` });
  }
  return windows;
}

/** Goes through the whole tree, in steps of random length; a new start whenever a step failed. */
async function changes(
  folder: string,
  tree: readonly Window[],
  { random, fails }: { random: Random; fails: () => boolean },
): Promise<Notification[]> {
  const received = new Map<string, Notification>();
  const maybeFail = (what: string): void => {
    if (fails()) throw new Error(what);
  };
  const windows = {
    async *between(_plan: unknown, { fromMs, toMs }: { fromMs: number | null; toMs: number }) {
      maybeFail("the folder can't be listed");
      for (const window of tree) {
        if (window.startMs >= toMs) return;
        if (fromMs !== null && window.startMs < fromMs) continue;
        maybeFail("the file can't be read");
        yield window;
      }
    },
  };
  const sink: AlertSink = {
    name: "receiver",
    async send(notification) {
      received.set(notification.id, notification);
      maybeFail("the answer was lost");
    },
  };
  const end = START_MS + (WINDOWS + 10) * MINUTE_MS;
  for (let closedMs = START_MS + 6 * MINUTE_MS; ; ) {
    using store = new AlertStore(folder);
    store.begin(null);
    const commit = store.transaction.bind(store);
    store.transaction = (work) => {
      maybeFail("the disk is full");
      return commit(() => {
        const result = work();
        maybeFail("the disk is full, at the end");
        return result;
      });
    };
    let problem = "";
    try {
      const alerting = new Alerting({
        ...{ store, rules: RULES, watched: new Map([["pages", { plan: PAGES, lengths: LENGTHS }]]), windows },
        ...{ sinks: [sink], clock: systemClock, topic: "clicks", closedBeforeMs: null },
        onProblem: (message) => {
          problem = message;
        },
        onStatus: () => {},
      });
      alerting.tell(SAMPLE, closedMs);
      await alerting.stop({ evaluate: true, deliverMs: 0 });
    } catch (error) {
      problem = String(error); // it could not even start
    }
    const isEvaluated =
      store.rules().length > 0 && store.rules().every(({ throughMs }) => throughMs === closedMs);
    if (closedMs === end && isEvaluated && store.next("receiver") === undefined) break;
    if (problem === "" || isEvaluated) {
      closedMs = Math.min(end, closedMs + Math.ceil(random.unit() * 150) * MINUTE_MS);
    }
  }
  return [...received.values()];
}

const SAMPLE = {
  ...{ atMs: 0, read: 0, late: 0, dead: 0, lag: 0, watermarkMs: null, lastCommitMs: null },
  ...{ stateShare: null, outboxEntries: null, failed: false },
};

test("failures anywhere, again and again, neither lose nor repeat a change", async () => {
  let fired = 0;
  for (let seed = 0; seed < 8; seed++) {
    const tree = randomTree(seededRandom(seed));
    await using quiet = await temporaryFolder();
    await using stormy = await temporaryFolder();
    const random = seededRandom(seed + 100);
    const wanted = await changes(quiet.path, tree, { random, fails: () => false });
    const found = await changes(stormy.path, tree, { random, fails: () => random.unit() < 0.02 });
    const text = (list: readonly Notification[]): string[] =>
      list.map(({ rule, key, state, at, value }) => JSON.stringify([rule, key, state, at, value])).sort();
    assert.deepEqual(text(found), text(wanted), `seed ${seed}`);
    fired += wanted.length;
  }
  assert(fired > 200, `too little happens: ${fired}`);
});
