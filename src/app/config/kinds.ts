import { z } from "zod";
import { type DurationText, formatDuration, parseDuration } from "../../core/durations.ts";
import type { FieldEdit } from "../../events/field-edit.ts";

/** How values of a setting are read from text (flags, environment) or from a config file, and written back. */
export interface Kind<T, W = unknown> {
  /** Reads text and, for the config file, the plain value. */
  readonly schema: z.ZodType<T>;
  /** No value, only a type: how a config file writes it. */
  readonly written?: W;
  /** Completes "… must be": `a whole number of at least 1`. */
  readonly hint: string;
  /** Placeholder in the help; absent for switches, which take no value. */
  readonly placeholder?: string;
  /** Whether the flag may be given several times: the schema then reads an array. */
  readonly repeatable?: true;
  /** The value as a person would write it; reading that gives the value again. */
  format(value: T): unknown;
}

const same = <T>(value: T): T => value;
const parsedText = <T>(parse: (text: string) => T): z.ZodType<T> =>
  z.string().transform((text, context) => {
    try {
      return parse(text.trim());
    } catch {
      context.addIssue({ code: "custom" });
      return z.NEVER;
    }
  });
const numberText = (pattern: RegExp): z.ZodType<number> =>
  z.union([
    z.number(),
    z
      .string()
      .regex(pattern)
      .transform((text) => Number(text.replaceAll("_", ""))),
  ]);

/** A whole number; text may group digits as in `10_000_000`. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): Kind<number, number> {
  const hint =
    max > 0xffff_ffff ? `a whole number of at least ${min}` : `a whole number from ${min} to ${max}`;
  const schema = numberText(/^\s*-?\d+(_\d{3})*\s*$/).pipe(z.int().min(min).max(max));
  return { schema, hint, placeholder: "n", format: same };
}

/** A part of a whole. */
export const share: Kind<number, number> = {
  schema: numberText(/^\s*\d*\.?\d+(e-?\d+)?\s*$/i).pipe(z.number().min(0).max(1)),
  hint: "a share from 0 to 1, such as 0.001",
  placeholder: "share",
  format: same,
};

/** A duration in ms, written as in `5m` or `250 ms`. */
export function duration(minMs: number, maxMs = 36_500 * 86_400_000): Kind<number, DurationText> {
  return {
    schema: parsedText((text) => parseDuration(text, "")).pipe(z.int().min(minMs).max(maxMs)),
    hint: `a duration of at least ${formatDuration(minMs)}, such as "5 minutes", "30s" or "250ms"`,
    placeholder: "duration",
    format: formatDuration,
  };
}

/** Events a second; null is as fast as the machine takes them. */
export const rate: Kind<number | null, number | "max"> = {
  schema: z.union([
    z.literal("max").transform(() => null),
    numberText(/^\s*\d+(_\d{3})*\s*$/).pipe(z.int().min(1).max(100_000_000)),
  ]),
  hint: 'a whole number of events a second, or "max"',
  placeholder: "n|max",
  format: (value) => value ?? "max",
};

/** A moment in ms since the epoch, written as RFC 3339 with a zone. */
export const moment: Kind<number, string> = {
  schema: z
    .string()
    .trim()
    .pipe(z.iso.datetime({ offset: true }))
    .transform((text) => Date.parse(text)),
  hint: 'a time with a zone, such as "2026-11-23T08:00:00Z"',
  placeholder: "time",
  format: (value) => new Date(value).toISOString(),
};

/** A moment in ms since the epoch, or a stretch in ms back from now. */
export type Since = { atMs: number } | { agoMs: number };

/** A moment, or how long ago it was. */
export const momentOrAgo: Kind<Since> = {
  schema: z.union([
    moment.schema.transform((atMs) => ({ atMs })),
    parsedText((text) => ({ agoMs: parseDuration(text, "") })),
  ]),
  hint: 'a time with a zone, such as "2026-11-23T08:00:00Z", or how long ago, such as "2h"',
  placeholder: "time|ago",
  format: (value) => ("atMs" in value ? moment.format(value.atMs) : formatDuration(value.agoMs)),
};

/** New values of fields: `field=text`, or `field:=` and JSON. */
export const fieldEdits: Kind<readonly FieldEdit[]> = {
  schema: z.array(parsedText(parseFieldEdit)),
  hint: 'a field and its text, such as "device_type=mobile", or a field, ":=" and JSON',
  placeholder: "field=text",
  repeatable: true,
  format: (edits) => edits.map(({ field, json }) => `${field}:=${json}`),
};

function parseFieldEdit(text: string): FieldEdit {
  const [, field, colon, value] = /^([^=]+?)(:?)=(.*)$/s.exec(text) ?? [];
  if (field === undefined || value === undefined) throw new RangeError("no field");
  return { field, json: JSON.stringify(colon === ":" ? JSON.parse(value) : value) };
}

/** On or off. As a flag it takes no value. */
export const toggle: Kind<boolean, boolean> = {
  schema: z.union([
    z.boolean(),
    z.enum(["true", "1", "yes", "on"]).transform(() => true),
    z.enum(["false", "0", "no", "off"]).transform(() => false),
  ]),
  hint: "true or false",
  format: same,
};

/** Text that may not be empty. */
export function text(placeholder: string): Kind<string, string> {
  return { schema: z.string().trim().min(1), hint: "text that is not empty", placeholder, format: same };
}

/** An address of the web, without a user's name and password, which belong to no list of processes. */
export const webAddress: Kind<string, string> = {
  schema: z
    .string()
    .trim()
    .refine((value) => {
      const url = URL.parse(value);
      const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
      return isWeb && url.username === "" && url.password === "";
    }),
  hint: "an address like https://alerts.example/hook, without a user and password",
  placeholder: "url",
  format: same,
};

/** A secret: that it is given is all that is kept; who needs it reads it where it is. */
export const secret: Kind<"[hidden]"> = {
  schema: z
    .string()
    .min(1)
    .transform(() => "[hidden]" as const),
  hint: "text that is not empty",
  placeholder: "secret",
  format: same,
};

/** One of a few words. */
export function choice<const W extends readonly string[]>(
  placeholder: string,
  words: W,
): Kind<W[number], W[number]> {
  return { schema: z.enum(words), hint: `one of ${words.join(", ")}`, placeholder, format: same };
}

/** A name that Kafka takes for a topic. */
export const topicName: Kind<string, string> = {
  schema: z
    .string()
    .trim()
    .regex(/^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/),
  hint: "a topic name: up to 249 letters, digits, dots, underscores and dashes",
  placeholder: "name",
  format: same,
};

/** A schema of PostgreSQL that needs no quotes. */
export const schemaName: Kind<string, string> = {
  schema: z
    .string()
    .trim()
    .regex(/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/),
  hint: "the name of a schema: lower-case letters, digits and underscores, not beginning with pg_",
  placeholder: "name",
  format: same,
};

/** Comma-separated words, in a config file also an array. */
export function words(placeholder: string): Kind<readonly string[], string | readonly string[]> {
  return {
    schema: list(z.string().trim().min(1), 0),
    hint: "words separated by commas",
    placeholder: `${placeholder},…`,
    format: same,
  };
}

/** Kafka addresses. */
export const brokers: Kind<readonly string[], string | readonly string[]> = {
  schema: list(
    z
      .string()
      .trim()
      .regex(/^([^\s:,/]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/)
      .refine((address) => Number(address.slice(address.lastIndexOf(":") + 1)) <= 65_535),
    1,
  ),
  hint: "host:port addresses separated by commas, such as 127.0.0.1:9092",
  placeholder: "host:port,…",
  format: same,
};

/** Where a server listens. */
export type ListenAddress = { readonly host: string; readonly port: number } | "off";

/** A port on this machine alone, a host with a port, or none. */
export const listenAddress: Kind<ListenAddress, number | string> = {
  schema: z.union([
    z.literal("off"),
    z
      .int()
      .min(0)
      .max(65_535)
      .transform((port) => ({ host: "127.0.0.1", port })),
    z
      .string()
      .trim()
      .regex(/^(?:(?:[^\s:,/[\]]+|\[[0-9a-fA-F:.]+\]):)?\d{1,5}$/)
      .transform((address) => {
        const colon = address.lastIndexOf(":");
        const host = colon === -1 ? "127.0.0.1" : address.slice(0, colon).replace(/^\[|\]$/g, "");
        return { host, port: Number(address.slice(colon + 1)) };
      })
      .refine(({ port }) => port <= 65_535),
  ]),
  hint: 'a port, host:port, or "off"',
  placeholder: "[host:]port|off",
  format: (value) =>
    value === "off" ? value : `${value.host.includes(":") ? `[${value.host}]` : value.host}:${value.port}`,
};

function list(item: z.ZodType<string>, least: number): z.ZodType<readonly string[]> {
  const split = (value: unknown): unknown => (typeof value === "string" ? value.split(",") : value);
  return z.preprocess(split, z.array(item).min(least));
}
