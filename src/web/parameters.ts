import { z } from "zod";
import { parseDuration } from "../core/durations.ts";
import { HttpProblem } from "./problems.ts";
import type { Cursor } from "./sources.ts";

/** 9999-12-31, the last day that an event can have. */
const MAX_TIME_MS = 253_402_300_799_999;
const MAX_STEP_MS = 366 * 86_400_000;

/** Of rankings more are told by SQL, not page by page. */
const MAX_RANK = 100_000;

const time = z
  .union([z.string().regex(/^\d{1,15}$/), z.iso.datetime({ offset: true })], {
    error: "a time: RFC 3339 with a zone, or ms since the epoch",
  })
  .transform((text) => (/^\d+$/.test(text) ? Number(text) : Date.parse(text)))
  .refine((timeMs) => timeMs >= 0 && timeMs <= MAX_TIME_MS, "a time from 1970 to 9999");

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `a whole number from ${min} to ${max}`);

const step = z
  .string()
  .max(20)
  .transform((text, context) => {
    try {
      return parseDuration(text, "");
    } catch {
      context.addIssue({ code: "custom", message: "a duration such as 5m or 1h" });
      return z.NEVER;
    }
  })
  .refine((durationMs) => durationMs >= 1_000 && durationMs <= MAX_STEP_MS, "from 1s to 366 days");

const name = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, "a name: lower-case letters, digits, underscores");

const cursor = z
  .string()
  .regex(/^\d{1,15}\.\d{1,9}$/, "what nextCursor of the page before says")
  .transform((text): Cursor => {
    const [startMs, row] = text.split(".").map(Number) as [number, number];
    return { startMs, row };
  });

const from = time.optional().describe("Windows that start at or after it; an hour before `to` when left out");
const to = time.optional().describe("Windows that start before it; all that are final when left out");

/** Where a page of a ranking ended: how many were told. */
const rankCursor = z
  .string()
  .regex(/^\d{1,6}$/, "what nextCursor of the page before says")
  .transform(Number)
  .refine((told) => told <= MAX_RANK, "what nextCursor of the page before says");

export const windowsParameters = z.strictObject({
  query: name.describe("A name that /api/queries tells"),
  from,
  to,
  step: step
    .optional()
    .describe("Only windows that start at a multiple of it, to thin out long stretches: 15m, 1h"),
  limit: whole(1, 10_000).default(1_000).describe("Rows at most; fewer when they take more than about 8 MB"),
  cursor: cursor.optional().describe("nextCursor of the page before"),
});

export const topParameters = z.strictObject({
  query: name.default("url_counts").describe("A name that /api/queries tells, of a query with keys"),
  by: name.optional().describe("A measure that is no time; the query's first when left out"),
  from,
  to,
  limit: whole(1, 100).default(10).describe("Keys at most; fewer when they take more than about 8 MB"),
  search: z.string().max(200).default("").describe("Only keys that hold this text, in any case"),
  points: whole(0, 120).default(0).describe("Points of each key's series"),
});

export const userParameters = z.strictObject({
  from,
  to,
  limit: whole(1, 1_000).default(100).describe("Windows at most"),
  cursor: cursor.optional().describe("nextCursor of the page before"),
});

export const userPath = z.strictObject({
  id: z.string().min(1).max(512).describe("The user_id, percent-encoded"),
});

export const stretchParameters = z.strictObject({ from, to });

export const sessionPagesParameters = z.strictObject({
  side: z.enum(["entry", "exit"]).describe("On which sessions begin, or end"),
  from,
  to,
  limit: whole(1, 100).default(10).describe("Pages at most; fewer when they take more than about 8 MB"),
  cursor: rankCursor.optional().describe("nextCursor of the page before"),
  search: z.string().max(200).default("").describe("Only pages that hold this text, in any case"),
});

export const flowParameters = z.strictObject({
  from,
  to,
  pages: whole(1, 20)
    .default(8)
    .describe("Pages of each side at most; fewer when they take more than about 8 MB"),
});

export const noParameters = z.strictObject({});

/** Reads untrusted parameters. @throws HttpProblem BAD_PARAMETER, which names each that can't be used */
export function readParameters<T>(schema: z.ZodType<T>, given: unknown): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const parameters = parsed.error.issues.slice(0, 10).flatMap(({ path, message, code, ...issue }) => {
    const names = "keys" in issue && Array.isArray(issue.keys) ? issue.keys.map(String) : [path.join(".")];
    const problem = code === "unrecognized_keys" ? "there is no such parameter" : message;
    return names.slice(0, 10).map((parameter) => ({ name: parameter.slice(0, 100), problem }));
  });
  const named = parameters.map((parameter) => `${parameter.name}: ${parameter.problem}`).join("; ");
  throw new HttpProblem("BAD_PARAMETER", named, parameters);
}

/** A cursor as clients hand it back. */
export function cursorText(position: Cursor | null): string | null {
  return position === null ? null : `${position.startMs}.${position.row}`;
}

/** The same of a ranking, of which no more than the first `MAX_RANK` are told. */
export function rankCursorText(told: number | null): string | null {
  return told === null || told > MAX_RANK ? null : String(told);
}
