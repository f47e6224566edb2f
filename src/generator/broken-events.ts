import { EVENT_FIELDS, type EventField } from "../events/event.ts";
import type { DeadReason } from "../events/reasons.ts";
import { below } from "./mixing.ts";

/** The fields of a sound event, in the order in which they are written. */
export type EventFieldValues = Record<EventField, string>;

/** One way in which a producer gets an event wrong. */
export interface Breakage {
  /** The dead-letter reason that it leads to. */
  reason: DeadReason;
  /** The broken value. `word` is random; `arrivedMs` is when the event reaches the log. */
  make(fields: EventFieldValues, word: number, arrivedMs: number): Uint8Array;
}

const DAY_MS = 86_400_000;

const textual = (reason: DeadReason, make: (json: string, word: number) => string): Breakage => ({
  reason,
  make: (fields, word) => Buffer.from(make(JSON.stringify(fields), word)),
});

/** The fields with another value in one of them. */
const replaced = (reason: DeadReason, field: EventField, values: readonly unknown[]): Breakage => ({
  reason,
  make: (fields, word) =>
    Buffer.from(JSON.stringify({ ...fields, [field]: values[below(word, values.length)] })),
});

const missing = (field: EventField): Breakage => ({
  reason: `missing_field:${field}`,
  make(fields) {
    const { [field]: _, ...rest } = fields;
    return Buffer.from(JSON.stringify(rest));
  },
});

/** A whole number is a right timestamp, so it is wrong only elsewhere. */
function wrongValues(field: EventField): unknown[] {
  const values: unknown[] = [null, true, ["a", "b"], { value: "a" }];
  return field === "timestamp" ? values : [...values, 17];
}

const invalidUtf8: Breakage = {
  reason: "not_json",
  make: ({ browser, ...rest }) =>
    Buffer.concat([
      Buffer.from(`${JSON.stringify(rest).slice(0, -1)},"browser":"${browser}`),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}'),
    ]),
};

const fromTheFuture: Breakage = {
  reason: "from_the_future",
  make(fields, word, arrivedMs) {
    const timestamp = new Date(arrivedMs + DAY_MS + below(word, 30 * DAY_MS)).toISOString();
    return Buffer.from(JSON.stringify({ ...fields, timestamp }));
  },
};

const WRONG_TIMES = [
  ...["yesterday", "2026-11-23", "2026-11-23T08:05:00.123", "2026-11-23 08:05:00Z", "2026-02-30T08:05:00Z"],
  ...["2026-13-01T08:05:00Z", "2026-11-23T24:00:00Z", "2026-11-23T08:05:60Z", "2026-11-23T08:05:00+0100"],
  ...["2026-11-23T08:05:00+19:00", "1969-12-31T23:59:59Z", "1763885100", 1763885100123.5, -1],
  253_402_300_800_000,
];

/** Every way in which events are broken; one of them for every dead-letter reason but `too_large`. */
export const BREAKAGES: readonly Breakage[] = [
  textual("not_json", (json, word) => json.slice(0, below(word, json.length))),
  textual("not_json", (json) => `${json}}`),
  textual("not_json", (json) => `${json.slice(0, -1)},}`),
  textual("not_json", (json) => json.replaceAll('"', "'")),
  textual("not_json", (json) => `\uFEFF${json}`),
  textual("not_json", (json) => json.replace('"url":"', '"url":"\\ud800')),
  textual("not_json", (json) => json.replace('"browser":"', '"browser":"\n')),
  textual("not_json", (json) => json.replace(/"browser":.*}/, '"browser":NaN}')),
  invalidUtf8,
  textual(
    "not_an_object",
    (json, word) => [`[${json}]`, JSON.stringify(json), "null", "42"][below(word, 4)]!,
  ),
  ...EVENT_FIELDS.map(missing),
  ...EVENT_FIELDS.map((field) => replaced(`wrong_type:${field}`, field, wrongValues(field))),
  ...EVENT_FIELDS.map((field) => replaced(`empty_field:${field}`, field, [""])),
  replaced("bad_timestamp", "timestamp", WRONG_TIMES),
  replaced("unknown_action", "action", ["tap", "CLICK", "view "]),
  replaced("unknown_device_type", "device_type", ["tv", "Mobile", "phone"]),
  fromTheFuture,
];
