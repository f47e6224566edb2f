import type { EventField } from "../events/event.ts";

/**
 * A click event for a test. A field that is left out gets a sound value: `timestamp` the time of the test's clock, the
 * session one a user, the others the same in every event. One that is `undefined` is missing from the event. Fields may
 * hold anything, and there may be more of them: broken events are worth a test.
 */
export type TestEvent = { readonly [F in EventField]?: unknown } & { readonly [field: string]: unknown };

/** What a producer may send: an event, or the value of a Kafka record as it is. */
export type TestValue = TestEvent | string | Uint8Array | null;

/** The bytes of a record's value. `number` makes the event's id. */
export function valueBytes(value: TestValue, number: number, nowMs: number): Uint8Array | null {
  if (value === null || value instanceof Uint8Array) return value;
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(completed(value, number, nowMs)));
}

/** The key of the record, by which it finds its partition. */
export function keyOf(value: TestValue): string {
  const user = typeof value === "object" && !(value instanceof Uint8Array) ? value?.user_id : undefined;
  return typeof user === "string" ? user : DEFAULT_USER;
}

const DEFAULT_USER = "user-1";

function completed(event: TestEvent, number: number, nowMs: number): Record<EventField, unknown> {
  return {
    event_id: `event-${number}`,
    user_id: DEFAULT_USER,
    session_id: `session-of-${keyOf(event)}`,
    url: "/",
    action: "view",
    timestamp: new Date(nowMs).toISOString(),
    device_type: "desktop",
    browser: "Firefox",
    ...event,
  };
}
