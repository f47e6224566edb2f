// How many events a second one thread scans: `node bench/scan.ts`. A few seconds; prints M ev/s, asserts nothing.

import { seededRandom } from "../src/core/random.ts";
import { createEventColumns, createRejectedRows } from "../src/events/columns.ts";
import { DEFAULT_EVENT_RULES, type KeyField } from "../src/events/event.ts";
import type { RecordColumns } from "../src/events/records.ts";
import { compileScanner } from "../src/events/scanner.ts";

const FIELDS: readonly KeyField[] = ["user_id", "session_id", "url", "action", "device_type", "browser"];
const EVENTS = 200_000;
const BATCH = 4_000;
const ROUNDS = 10;
/** As the engine does about once a second. */
const ROUNDS_BETWEEN_RESETS = 10;

type Style = (event: Record<string, unknown>, n: number) => string;

const STYLES: Record<string, Style> = {
  compact: (event) => JSON.stringify(event),
  "Python's separators and times": (event) =>
    JSON.stringify({ ...event, timestamp: String(event.timestamp).replace("Z", "000+00:00") })
      .replaceAll('","', '", "')
      .replaceAll('":"', '": "'),
  "time first, in ms": ({ timestamp, ...rest }) =>
    JSON.stringify({ timestamp: Date.parse(String(timestamp)), ...rest }),
  "escaped slashes, a referrer": (event) =>
    JSON.stringify({ ...event, referrer: event.url }).replaceAll("/", "\\/"),
  "Python's escapes in a title": (event) =>
    JSON.stringify({ ...event, title: event.url }).replace(/"title":"/, "$&Gr\\u00f6\\u00dfe "),
  "a field given twice": (event) => JSON.stringify(event).replace("{", '{"user_id":"nobody",'),
  "nested extra members": (event, n) =>
    JSON.stringify({
      context: { page: { path: event.url, depth: n }, tags: ["a", `${n}`] },
      ...event,
      items: [{ n }],
    }),
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

const scanner = compileScanner({ fields: FIELDS, rules: DEFAULT_EVENT_RULES });
for (const [name, style] of Object.entries(STYLES)) {
  const input = batches(style);
  const events = createEventColumns(FIELDS, BATCH);
  const rejected = createRejectedRows(16);
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (round % ROUNDS_BETWEEN_RESETS === 0) scanner.reset();
    const startMs = performance.now();
    for (const records of input) {
      events.count = 0;
      rejected.count = 0;
      scanner.scan(records, 0, records.count, events, rejected);
      if (events.count !== records.count) throw new Error(`${name}: an event was rejected`);
    }
    rates.push(EVENTS / (performance.now() - startMs) / 1_000);
  }
  const bytes = input.reduce((total, records) => total + records.bytes.length - 16, 0);
  const [first, best] = [rates[0] as number, Math.max(...rates)];
  process.stdout.write(
    `${name}: ${best.toFixed(2)} M ev/s at best, ${first.toFixed(2)} in the first round (${Math.round(bytes / EVENTS)} bytes an event)\n`,
  );
}
