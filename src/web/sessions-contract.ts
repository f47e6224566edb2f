/** What the API tells of whole sessions; part of `api.ts`, whose rules hold. */
import { z } from "zod";

const count = z.int().nonnegative();
const seconds = z.number().nonnegative();
const stretch = {
  query: z.string().describe("The query that this comes from"),
  fromMs: z.int().describe("As asked for or, left out, as chosen: windows that start at or after it"),
  toMs: z.int().describe("Windows that start before it"),
};

/** GET /api/sessions?from=&to= : sessions that ended in a stretch of time, and how long they were. */
export const sessionsSchema = z.strictObject({
  ...stretch,
  gapMs: z.int().describe("Silence that ends a session"),
  sessions: count,
  bounces: count.describe("Those of one page alone"),
  events: count,
  pages: count.describe("Different pages, summed over the sessions"),
  totalSeconds: seconds.describe("From first to last event, summed over the sessions"),
  medianSeconds: seconds
    .nullable()
    .describe("Whole seconds, beyond an hour whole minutes, rounded down; null without sessions"),
  p90Seconds: seconds.nullable().describe("Nine of ten sessions are no longer; told as the median"),
  lengths: z
    .array(
      z.strictObject({
        fromSeconds: seconds,
        toSeconds: seconds.nullable().describe("Shorter than it; null for the longest"),
        sessions: count,
      }),
    )
    .describe("Every session is in one of them"),
});
export type Sessions = z.infer<typeof sessionsSchema>;

/** GET /api/sessions/pages?side=&from=&to=&limit=&cursor=&search= : pages on which sessions begin or end, most first. */
export const sessionPagesSchema = z.strictObject({
  ...stretch,
  side: z.enum(["entry", "exit"]),
  pages: count.describe("Different ones, those that search leaves out not counted"),
  sessions: count.describe("Of all these pages"),
  items: z
    .array(
      z.strictObject({
        page: z.string(),
        sessions: count,
        bounces: count,
        totalSeconds: seconds.describe("Of these sessions together"),
      }),
    )
    .describe("As many as asked for, or as take about 8 MB; one at least"),
  nextCursor: z.string().nullable().describe("Ask again with cursor= for what follows; null at the end"),
});
export type SessionPages = z.infer<typeof sessionPagesSchema>;

const flowPage = z.strictObject({ page: z.string(), transitions: count });
const place = z.int().nonnegative().nullable();

/** GET /api/flow?from=&to=&pages= : how often one page followed another, between the busiest and all others. */
export const flowSchema = z.strictObject({
  ...stretch,
  stepMs: z.int().describe("One window is taken for each step, so that windows do not overlap"),
  transitions: count,
  pairs: count.describe("Different pages that followed each other"),
  sources: z.array(flowPage).describe("Pages that were left most, most first"),
  targets: z.array(flowPage).describe("Pages that were gone to most, most first"),
  links: z
    .array(
      z.strictObject({
        source: place.describe("Its place among sources; null for all other pages"),
        target: place.describe("Its place among targets; null for all other pages"),
        transitions: count,
      }),
    )
    .describe("Most first. Every transition is in one of them"),
});
export type Flow = z.infer<typeof flowSchema>;
