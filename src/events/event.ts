/** The fields of a click event, in the order in which a verdict looks at them. All are required. */
export const EVENT_FIELDS = [
  "event_id",
  "user_id",
  "session_id",
  "url",
  "action",
  "timestamp",
  "device_type",
  "browser",
] as const;

/** The name of a field of a click event. */
export type EventField = (typeof EVENT_FIELDS)[number];

/** A field that queries may group by or count: every one but the event time. */
export type KeyField = Exclude<EventField, "timestamp">;

/** An accepted event: the strings as JSON decodes them, the event time in ms since the epoch. */
export interface ClickEvent extends Record<KeyField, string> {
  timeMs: number;
}

/** What decides whether an event is accepted, apart from its time. */
export interface EventRules {
  /** A larger value is `too_large`. */
  maxEventBytes: number;
  /** Every allowed value of `action`. */
  actions: readonly string[];
  /** Every allowed value of `device_type`. */
  deviceTypes: readonly string[];
}

/** The rules unless the user extends them. */
export const DEFAULT_EVENT_RULES: EventRules = {
  maxEventBytes: 1_048_576,
  actions: ["click", "view", "scroll", "hover"],
  deviceTypes: ["mobile", "desktop", "tablet"],
};
