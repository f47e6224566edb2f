import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { UsageError } from "../../core/errors.ts";
import { decimalText } from "../../events/decimal.ts";
import {
  EVENT_FIELDS,
  type EventField,
  type EventRules,
  EXTRA_FIELD_NAME,
  type FieldSource,
  type NumberSource,
} from "../../events/event.ts";
import type { ConfigFile } from "./config-file.ts";
import { nearest } from "./nearest.ts";

/** A member's name, names joined by dots through nested objects, or a list of names, which may then hold dots. */
export type WrittenPath = string | readonly string[];

/** How a config file says where a field comes from. */
export type WrittenSource =
  | WrittenPath
  | {
      readonly path: WrittenPath;
      /** Stands for a value that is missing or null. */
      readonly default?: string;
      /** What texts mean; others stay as they are. */
      readonly map?: Readonly<Record<string, string>>;
      /** A text. */
      readonly type?: undefined;
    }
  /** The same for every event. */
  | { readonly value: string };

/** The fields of the events of other people's producers, by our names. */
export type FieldMapping = Readonly<Partial<Record<EventField, WrittenSource>>>;

/** How a config file says where a number comes from. */
export interface WrittenNumber {
  readonly path: WrittenPath;
  readonly type: "number";
  /** Stands for a value that is missing or null. */
  readonly default?: number;
}

/** Text and number fields of one's own, beside those of every event, and where events hold them. */
export type ExtraFields = Readonly<Record<string, WrittenSource | WrittenNumber>>;

const word = z.string().refine((text) => text !== "" && text.isWellFormed(), "it is empty or no valid text");
const path = z
  .union([z.string().transform((text) => text.split(".")), z.array(z.string())])
  .pipe(z.array(word).min(1).max(100));
const writtenSource: z.ZodType<FieldSource> = z.union([
  path.transform((names) => ({ path: names })),
  z.strictObject({ value: word }),
  z.strictObject({
    path,
    default: word.optional(),
    map: z
      .record(
        z.string().refine((text) => text.isWellFormed()),
        word,
      )
      .optional(),
  }),
]);
const writtenNumber: z.ZodType<NumberSource> = z
  .strictObject({
    path,
    type: z.literal("number"),
    default: z
      .number()
      .transform((value) => decimalText(String(value)))
      .pipe(z.string())
      .optional(),
  })
  .transform(({ default: preset, ...source }) =>
    preset === undefined ? source : { ...source, default: preset },
  );

/**
 * The mapping of a config file as rules carry it; undefined when it changes nothing.
 * @throws UsageError naming the field that can't be mapped so.
 */
export function resolveFields(
  file: ConfigFile | undefined,
  rules: Pick<EventRules, "actions" | "deviceTypes">,
): EventRules["fields"] {
  const example = '{ user_id: "userId", url: "context.page.url" }';
  const entries: [EventField, FieldSource][] = [];
  for (const [name, value] of written(file, "fields", example)) {
    const field = knownField(name, file?.path);
    const source = readSource(field, value, `fields.${field} in ${file?.path}`);
    refuseImpossibleTexts(field, source, rules, `fields.${field} in ${file?.path}`);
    if (!isDeepStrictEqual(source, { path: [field] })) entries.push([field, source]);
  }
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/**
 * The extra fields of a config file as rules carry them, by name; undefined when there are none.
 * @throws UsageError naming the field that can't be declared so.
 */
export function resolveExtraFields(file: ConfigFile | undefined): EventRules["extraFields"] {
  const entries = written(file, "extraFields", '{ country: "geo.country" }').map(
    ([name, value]): [string, FieldSource | NumberSource] => {
      const where = `extraFields.${name} in ${file?.path}`;
      if (!EXTRA_FIELD_NAME.test(name) || RESERVED.has(name)) {
        throw new UsageError(
          `${where} is no name for a field of one's own.`,
          `Use lower-case letters, digits and underscores, and none of ${[...RESERVED].join(", ")}.`,
        );
      }
      const isNumber = typeof value === "object" && value !== null && "type" in value;
      return [name, isNumber ? readNumberSource(value, where) : readSource(name, value, where)];
    },
  );
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const RESERVED: ReadonlySet<string> = new Set([...EVENT_FIELDS, "window_start", "window_end"]);

function written(
  file: ConfigFile | undefined,
  key: string,
  example: string,
): [name: string, value: unknown][] {
  const value = file?.values[key];
  if (file === undefined || value === undefined) return [];
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(`${key} in ${file.path} must be an object.`, `Write: ${key}: ${example}.`);
  }
  return Object.entries(value).filter(([, one]) => one !== undefined);
}

function knownField(name: string, filePath: string | undefined): EventField {
  const field = EVENT_FIELDS.find((known) => known === name);
  if (field !== undefined) return field;
  const guess = nearest(name, EVENT_FIELDS);
  throw new UsageError(
    `fields in ${filePath} maps ${JSON.stringify(name)}, which is no field of an event.`,
    guess === undefined ? `The fields are ${EVENT_FIELDS.join(", ")}.` : `Did you mean ${guess}?`,
  );
}

function readSource(field: string, written: unknown, where: string): FieldSource {
  const parsed = writtenSource.safeParse(written);
  if (!parsed.success) {
    throw new UsageError(
      `${where} can't be ${JSON.stringify(written) ?? String(written)}.`,
      'Give a path such as "context.page.url" or { path: "type", default: "…", map: { page: "view" } }, or { value: "…" }; texts may not be empty.',
    );
  }
  if (field === "timestamp" && Object.keys(parsed.data).some((key) => key !== "path")) {
    throw new UsageError(
      `${where} can only be a path.`,
      "An event without a time of its own belongs to no window: leave out default, map and value.",
    );
  }
  return parsed.data;
}

function readNumberSource(written: object, where: string): NumberSource {
  const parsed = writtenNumber.safeParse(written);
  if (parsed.success) return parsed.data;
  throw new UsageError(
    `${where} can't be ${JSON.stringify(written)}.`,
    'Give a number field as { path: "cart.price", type: "number" }, with a number below 10^12 as its default if it may be missing.',
  );
}

/** A text that the rules refuse would make dead letters for ever: most likely a slip. */
function refuseImpossibleTexts(
  field: EventField,
  source: FieldSource,
  { actions, deviceTypes }: Pick<EventRules, "actions" | "deviceTypes">,
  where: string,
): void {
  const allowed = { action: actions, device_type: deviceTypes }[field as string];
  if (allowed === undefined) return;
  const texts = "value" in source ? [source.value] : [source.default, ...Object.values(source.map ?? {})];
  const refused = texts.find((text) => text !== undefined && !allowed.includes(text));
  if (refused === undefined) return;
  throw new UsageError(
    `${where} gives the ${field} ${JSON.stringify(refused)}, which no event may have.`,
    `Use one of ${allowed.join(", ")}, or add it to ${field === "action" ? "actions" : "deviceTypes"}.`,
  );
}
