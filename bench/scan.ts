// How many events a second one thread scans, and what share of compact JSON's speed other layouts keep:
// `node bench/scan.ts [part of a name]`. Half a minute; prints M ev/s of CPU time, asserts nothing.

import { seededRandom } from "../src/core/random.ts";
import { createEventColumns, createRejectedRows } from "../src/events/columns.ts";
import { DEFAULT_EVENT_RULES, type KeyField } from "../src/events/event.ts";
import type { RecordColumns } from "../src/events/records.ts";
import { compileScanner, type Scanner } from "../src/events/scanner.ts";

const FIELDS: readonly KeyField[] = ["user_id", "session_id", "url", "action", "device_type", "browser"];
const EVENTS = 200_000;
const BATCH = 4_000;
const ROUNDS = 10;
/** As the engine does about once a second. */
const ROUNDS_BETWEEN_RESETS = 10;

type Style = (event: Record<string, unknown>, n: number) => string;

/** Layouts of steady producers, and two that are not steady. */
const STYLES: Record<string, Style> = {
  compact: (event) => JSON.stringify(event),
  "Python's separators": (event) =>
    JSON.stringify({ ...event, timestamp: String(event.timestamp).replace("Z", "000+00:00") })
      .replaceAll('","', '", "')
      .replaceAll('":"', '": "'),
  "another key order": (event) => JSON.stringify(Object.fromEntries(Object.entries(event).toReversed())),
  "time first, in ms": ({ timestamp, ...rest }) =>
    JSON.stringify({ timestamp: Date.parse(String(timestamp)), ...rest }),
  "pretty-printed": (event) => JSON.stringify(event, null, 2),
  "pretty-printed, CRLF": (event) => `${JSON.stringify(event, null, 2)}\n`.replaceAll("\n", "\r\n"),
  "escaped slashes, a referrer": (event) =>
    JSON.stringify({ ...event, referrer: event.url }).replaceAll("/", "\\/"),
  "ASCII escapes in a page": (event) => JSON.stringify(event).replace(/"url":"/, "$&\\u4ea7\\u54c1 "),
  "ASCII escapes in a title": (event) =>
    JSON.stringify({ ...event, title: event.url }).replace(/"title":"/, "$&Gr\\u00f6\\u00dfe "),
  "4-byte UTF-8": (event) => JSON.stringify(event).replace(/"url":"/, "$&/\u{1f600}\u{1f680}"),
  "4-byte UTF-8 in a title": (event) =>
    JSON.stringify({ ...event, title: `\u{1f600}\u{1f680} ${event.url}` }),
  "a field given twice": (event) => JSON.stringify(event).replace("{", '{"user_id":"nobody",'),
  "nested extra members of our names": (event, n) =>
    JSON.stringify({
      context: { page: { url: event.url, depth: n }, user_id: ["a", `${n}`] },
      ...event,
      items: [{ action: n }],
    }),
  "nested extra members, pretty-printed": (event, n) =>
    JSON.stringify(
      { context: { page: { url: event.url, depth: n }, tags: ["a", `${n}`] }, ...event, items: [{ n }] },
      null,
      2,
    ),
  "two styles in turn": (event, n) =>
    n % 2 === 0 ? JSON.stringify(event) : JSON.stringify(event).replaceAll('","', '", "'),
  "no two alike (slow path)": (event, n) => `${JSON.stringify(event).slice(0, -1)},"o${n}":0}`,
};

const random = seededRandom(7);
const hex = (digits: number): string => {
  let text = "";
  while (text.length < digits) text += (random.int32() >>> 0).toString(16).padStart(8, "0");
  return text.slice(0, digits);
};
const uuid = (): string => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
const pick = <T>(values: readonly T[]): T => values[random.below(values.length)] as T;

const sessions = Array.from({ length: 1_000 }, (_, n) => ({
  user_id: `user-${String(n).padStart(6, "0")}`,
  session_id: uuid(),
  device_type: pick(DEFAULT_EVENT_RULES.deviceTypes),
  browser: pick(["Chrome", "Firefox", "Safari", "Edge", "Opera"]),
}));
const pages = ["/", "/search", "/cart", "/checkout", "/help"];
for (let n = 0; n < 200; n++) pages.push(`/product/${n}`, `/category/${n % 20}/page/${n}`);

function eventAt(n: number): Record<string, unknown> {
  const { user_id, session_id, device_type, browser } = pick(sessions);
  return {
    event_id: uuid(),
    user_id,
    session_id,
    url: pick(pages),
    action: pick(DEFAULT_EVENT_RULES.actions),
    timestamp: new Date(1_764_000_000_000 + n).toISOString(),
    device_type,
    browser,
  };
}

function batches(style: Style): RecordColumns[] {
  return Array.from({ length: EVENTS / BATCH }, (_, batch) => {
    const values = Array.from({ length: BATCH }, (_, i) => Buffer.from(style(eventAt(batch * BATCH + i), i)));
    const valueStart = new Int32Array(BATCH);
    const valueEnd = new Int32Array(BATCH);
    let position = 0;
    for (const [row, value] of values.entries()) {
      valueStart[row] = position;
      position += value.length;
      valueEnd[row] = position;
    }
    return {
      bytes: Buffer.concat([...values, Buffer.alloc(16)]),
      count: BATCH,
      offset: new Float64Array(BATCH),
      timestampMs: new Float64Array(BATCH),
      valueStart,
      valueEnd,
      recordStart: new Int32Array(BATCH),
    };
  });
}

/** CPU time, so that other programs on the machine matter little. */
function scanMs(scanner: Scanner, input: readonly RecordColumns[], name: string): number {
  const from = process.threadCpuUsage();
  for (const records of input) {
    events.count = 0;
    rejected.count = 0;
    scanner.scan(records, 0, records.count, events, rejected);
    if (events.count !== records.count) throw new Error(`${name}: an event was rejected`);
  }
  const { user, system } = process.threadCpuUsage(from);
  return (user + system) / 1_000;
}

const events = createEventColumns(FIELDS, BATCH);
const rejected = createRejectedRows(16);
const friendly = {
  scanner: compileScanner({ fields: FIELDS, rules: DEFAULT_EVENT_RULES }),
  input: batches(STYLES.compact as Style),
};
const scanner = compileScanner({ fields: FIELDS, rules: DEFAULT_EVENT_RULES });
const wanted = process.argv[2] ?? "";
for (const [name, style] of Object.entries(STYLES)) {
  if (!name.includes(wanted)) continue;
  const input = batches(style);
  let [firstMs, bestMs, friendlyMs] = [0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS; round++) {
    if (round % ROUNDS_BETWEEN_RESETS === 0) for (const one of [scanner, friendly.scanner]) one.reset();
    friendlyMs = Math.min(friendlyMs, scanMs(friendly.scanner, friendly.input, "compact"));
    const spentMs = scanMs(scanner, input, name);
    if (round === 0) firstMs = spentMs;
    bestMs = Math.min(bestMs, spentMs);
  }
  const bytes = input.reduce((total, records) => total + records.bytes.length - 16, 0);
  const rate = (ms: number): string => (EVENTS / ms / 1_000).toFixed(2);
  process.stdout.write(
    `${name.padEnd(38)} ${((friendlyMs / bestMs) * 100).toFixed(0).padStart(4)} % of compact  ` +
      `${rate(bestMs)} M ev/s, ${rate(firstMs)} in the first round, ${Math.round(bytes / EVENTS)} bytes an event\n`,
  );
}
