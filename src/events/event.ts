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

/** A field of every click event that queries may group by or count. */
export type EventKey = Exclude<EventField, "timestamp">;

declare const declared: unique symbol;
/** The name of a field that the user declared beside those of a click event (`EventRules.extraFields`). */
export type ExtraField = string & { readonly [declared]: true };

/** A field that queries may group by or count: all but the event time. */
export type KeyField = EventKey | ExtraField;

/** What a name of an extra field looks like. */
export const EXTRA_FIELD_NAME = /^[a-z][a-z0-9_]{0,62}$/;

/**
 * An accepted event: the strings as JSON decodes them, numbers as canonical decimal text (`decimal.ts`), the event time in
 * ms since the epoch.
 */
export interface ClickEvent extends Record<KeyField, string> {
  timeMs: number;
}

/**
 * Where an event holds a field: at the end of a path of member names through nested objects, or nowhere, when the same
 * text holds for all events.
 */
export type FieldSource =
  | {
      readonly path: readonly string[];
      /** Stands for a value that is missing or null. */
      readonly default?: string | undefined;
      /** What texts mean; others stay as they are. */
      readonly map?: Readonly<Record<string, string>> | undefined;
    }
  | { readonly value: string };

/** Where an event holds a number: at the end of a path of member names. */
export interface NumberSource {
  readonly path: readonly string[];
  readonly type: "number";
  /** Stands for a value that is missing or null; canonical decimal text (`decimal.ts`). */
  readonly default?: string | undefined;
}

/** What decides whether an event is accepted, apart from its time. */
export interface EventRules {
  /** A larger value is `too_large`. */
  maxEventBytes: number;
  /** Every allowed value of `action`. */
  actions: readonly string[];
  /** Every allowed value of `device_type`. */
  deviceTypes: readonly string[];
  /** Fields that are not simply the members of the same name. The timestamp has a path only. */
  fields?: Readonly<Partial<Record<EventField, FieldSource>>> | undefined;
  /**
   * Text and number fields beside them, required too unless they have a default; looked at after the others, in this
   * order.
   */
  extraFields?: Readonly<Record<ExtraField, FieldSource | NumberSource>> | undefined;
}

/** The names of the extra fields, in the order in which a verdict looks at them. */
export function extraFieldsOf({ extraFields = {} }: EventRules): readonly ExtraField[] {
  return Object.keys(extraFields) as ExtraField[];
}

/** The rules unless the user extends them. */
export const DEFAULT_EVENT_RULES: EventRules = {
  maxEventBytes: 1_048_576,
  actions: ["click", "view", "scroll", "hover"],
  deviceTypes: ["mobile", "desktop", "tablet"],
};
