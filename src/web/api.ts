/**
 * The contract of the HTTP API: what every response and every event of the live stream holds. The same schemas make the
 * OpenAPI document (`/api/openapi.json`) and the types of the code. Names ending in `Ms` are ms since the epoch, or durations
 * in ms; rows are what the files of the output hold, with ISO times. Members may be added, never removed or changed.
 */
import { z } from "zod";
import { alertsSchema } from "./alerts-contract.ts";
import { qualitySchema } from "./quality-api.ts";

export type { Alerts } from "./alerts-contract.ts";

const count = z.int().nonnegative();
const timeMs = z.int();
const durationMs = z.number().nonnegative();
const rate = z.number().nonnegative();

/** A row of a window's file: `window_start`, `window_end`, the query's keys, its measures. */
export const rowSchema = z
  .record(z.string(), z.union([z.string(), z.number()]))
  .describe("window_start and window_end (ISO, UTC), then the query's keys and measures");
export type Row = z.infer<typeof rowSchema>;

/** Every error, as `application/problem+json` (RFC 9457). */
export const problemSchema = z.strictObject({
  type: z.string().describe('"about:blank", or a URN that names the kind: urn:clickstream:<code>'),
  title: z.string().describe("The kind of problem, the same for all of its kind"),
  status: z.int(),
  detail: z.string().describe("What was wrong with this request, and what to do"),
  code: z.string().describe("Stable, for programs: BAD_PARAMETER, UNKNOWN_QUERY, BUSY, NOT_FOUND …"),
  parameters: z
    .array(z.strictObject({ name: z.string(), problem: z.string() }))
    .optional()
    .describe("With BAD_PARAMETER: what is wrong with which"),
});
export type Problem = z.infer<typeof problemSchema>;

/** How values of a measure are combined over several windows. */
export const combineSchema = z
  .enum(["sum", "max", "min"])
  .describe(
    "sum: counts, sums and summed spans, over windows that do not overlap. max: distinct counts (the most in any one window), " +
      "greatest numbers, longest spans, latest times. min: least numbers, earliest times. Of texts any one is told",
  );

export const columnSchema = z.strictObject({
  name: z.string(),
  role: z.enum(["key", "measure"]),
  type: z
    .enum(["text", "count", "number", "seconds", "time"])
    .describe("number: of a number field; seconds: up to three decimals; time: ISO text"),
  combine: combineSchema.nullable().describe("Null for keys and texts"),
});

export const queryInfoSchema = z.strictObject({
  name: z.string(),
  sizeMs: durationMs.describe("Length of its windows"),
  slideMs: durationMs.describe("From one window to the next; a divisor of the length"),
  columns: z.array(columnSchema).describe("Behind window_start and window_end, in the order of the rows"),
  firstStartMs: timeMs
    .nullable()
    .describe("Start of the first final window that is there, null when none is"),
  lastStartMs: timeMs.nullable(),
});
export type QueryInfo = z.infer<typeof queryInfoSchema>;

/** GET /api/queries */
export const queriesSchema = z.strictObject({
  engine: z
    .enum(["embedded", "spark"])
    .nullable()
    .describe("Who writes this output; null before its first commit"),
  topic: z.string().nullable(),
  closedThroughMs: timeMs
    .nullable()
    .describe("Every window that ends at or before it is final and can be asked for"),
  queries: z.array(queryInfoSchema),
});
export type Queries = z.infer<typeof queriesSchema>;

/** GET /api/windows?query=&from=&to=&step=&limit=&cursor= : final rows, in the order of windows, then of keys. */
export const windowsSchema = z.strictObject({
  query: z.string(),
  fromMs: timeMs.describe("As asked for or, left out, as chosen: windows that start at or after it"),
  toMs: timeMs.describe("Windows that start before it"),
  rows: z.array(rowSchema).describe("As many as asked for, or as take about 8 MB; one at least"),
  nextCursor: z.string().nullable().describe("Ask again with cursor= for what follows; null at the end"),
});
export type Windows = z.infer<typeof windowsSchema>;

/** GET /api/top?query=&by=&from=&to=&limit=&search=&points= : the keys with the greatest values of a measure. */
export const topSchema = z.strictObject({
  query: z.string(),
  by: z.string().describe("The measure"),
  combine: combineSchema,
  fromMs: timeMs,
  toMs: timeMs,
  stepMs: durationMs.describe(
    "One window is taken for each step, so that windows do not overlap: its length or longer",
  ),
  windows: count.describe("Windows that were taken"),
  keys: count.describe("Different keys in them, those that search leaves out not counted"),
  total: z.number().nullable().describe("Of all these keys; null unless combine is sum"),
  pointsMs: z
    .array(timeMs)
    .describe("Starts of the windows (or runs of windows) behind `series`; empty with points=0"),
  items: z.array(
    z.strictObject({
      key: z.record(z.string(), z.string()).describe("By key column"),
      value: z.number(),
      measures: z
        .record(z.string(), z.union([z.string(), z.number()]))
        .describe("Every measure of the query over the same windows, each combined as /api/queries says"),
      series: z.array(z.number()).describe("The measure at `pointsMs`; 0 where the key has no row"),
    }),
  ),
});
export type Top = z.infer<typeof topSchema>;

/** GET /api/users/:id?from=&to=&limit=&cursor= : one user's windows, latest first. 404 when there is no row. */
export const userSchema = z.strictObject({
  user: z.string(),
  query: z.string().describe("The query that groups by user_id alone, from which this comes"),
  fromMs: timeMs,
  toMs: timeMs,
  totals: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .describe("Every measure over windows that do not overlap, each combined as /api/queries says"),
  windows: z.array(rowSchema),
  nextCursor: z.string().nullable(),
});
export type User = z.infer<typeof userSchema>;

export const partitionSchema = z.strictObject({
  partition: z.int(),
  position: count.describe("Next offset to read"),
  end: count.nullable().describe("Behind its last record; null where no engine tells (serve), as lag"),
  lag: count.nullable(),
  greatestMs: timeMs.nullable().describe("Greatest valid event time so far"),
  watermarkMs: timeMs.nullable(),
  floorMs: timeMs.nullable().describe("The watermark is at least this, because the partition was silent"),
  idle: z.boolean(),
  read: count,
  counted: count,
  late: count,
  dead: count,
});
export type Partition = z.infer<typeof partitionSchema>;

/** The next window to become final, and who holds it open. */
export const nextWindowSchema = z.strictObject({
  startMs: timeMs.nullable().describe("Null while no window has an end yet"),
  endMs: timeMs.nullable(),
  queries: z.array(z.string()).describe("Whose window it is; empty when it is every query's"),
  heldBy: z.int().describe("The partition with the least watermark"),
  alsoHeldBy: z.array(z.int()),
  reason: z
    .enum([
      "behind",
      "stopped",
      "open_transaction",
      "no_event_yet",
      "waits_for_events",
      "idle",
      "all_idle",
      "end_unknown",
    ])
    .describe(
      "behind: events are still to be read. stopped: the same, and no engine runs. open_transaction: what comes next is " +
        "undecided. no_event_yet, waits_for_events: read to its end. idle: silent, the next commits close without it. " +
        "all_idle: all are silent. end_unknown: nobody knows what is left to read",
    ),
  neededEventMs: timeMs.nullable().describe("An event of this time in every holder lets the window close"),
});
export type NextWindow = z.infer<typeof nextWindowSchema>;

export const producerSchema = z.strictObject({
  produced: count.describe("Events acknowledged on the topic, earlier runs included"),
  total: count.describe(
    "Events that the topic shall hold before live ones: what progress is measured against",
  ),
  live: z.boolean().describe("The total is reached, live events follow"),
  perSecond: rate,
  batchEvents: count,
  batchMs: z.array(durationMs).describe("Latest batches, from first byte to acknowledgement, newest first"),
});
export type Producer = z.infer<typeof producerSchema>;

export const sparkSchema = z.strictObject({
  queries: z.array(
    z.strictObject({
      name: z.string(),
      status: z.enum(["running", "ended"]),
      batches: count,
      inputPerSecond: rate.nullable(),
      processedPerSecond: rate.nullable().describe("Below the input rate it falls behind"),
      batchMs: z.array(durationMs).describe("Latest micro-batches, newest first; perhaps only the last"),
      droppedRows: count.describe("Behind Spark's watermark, so that it left them out"),
      stateRows: count.nullable(),
      watermarkMs: timeMs.nullable(),
    }),
  ),
  executors: z.array(
    z.strictObject({
      id: z.string(),
      host: z.string(),
      active: z.boolean(),
      cores: count,
      activeTasks: count,
      failedTasks: count,
    }),
  ),
});
export type Spark = z.infer<typeof sparkSchema>;

/** GET /api/pipeline, and the event `pipeline` of /api/live: one look at everything. */
export const pipelineSchema = z.strictObject({
  nowMs: timeMs.describe("The server's clock: ages are measured against it"),
  engine: z.enum(["embedded", "spark"]).nullable(),
  topic: z.string().nullable(),
  status: z
    .enum(["starting", "running", "ended", "elsewhere", "stopped"])
    .describe(
      "starting: nothing committed yet. running, ended: the engine of this process. elsewhere: another process writes this " +
        "output. stopped: none does. The last two only with `clickstream serve`, where numbers are as of the last commit",
    ),
  provisional: z
    .enum(["yes", "serve", "spark"])
    .describe(
      "Whether rows of open windows can be shown, or why not: no engine in this process, or Spark tells none",
    ),
  read: count.describe("Events read = counted + duplicates + late + dead; committed, earlier runs included"),
  counted: count,
  duplicates: count.nullable().describe("Events that counted before; null without --dedupe"),
  late: count,
  dead: z
    .record(z.string(), count)
    .describe(
      "Dead letters by reason, 50 reasons at most, the rest under `other`; Spark knows but their number, `all reasons`",
    ),
  lost: count.describe("Events that Kafka dropped before they were read, skipped because that was allowed"),
  readBytes: count.nullable().describe("Since this process began"),
  perSecond: rate.nullable().describe("Events processed a second, over the last seconds"),
  lag: count.nullable().describe("Events in Kafka that are not read yet"),
  greatestMs: timeMs.nullable(),
  watermarkMs: timeMs.nullable().describe("The least over the partitions"),
  closedThroughMs: timeMs.nullable().describe("Every window that ends at or before it is final"),
  window: z.strictObject({ sizeMs: durationMs, slideMs: durationMs, delayMs: durationMs }).nullable(),
  windowsClosed: count.nullable(),
  windowsOpen: count.nullable(),
  lastCommitMs: timeMs
    .nullable()
    .describe("When the last commit ended; with serve when the manifest was written"),
  commits: count.nullable().describe("Of this process"),
  commitMs: z.array(durationMs).describe("Durations of the latest commits, newest first"),
  state: z
    .strictObject({
      bytes: count,
      maxBytes: count,
      openPanes: count,
      outbox: count.describe("Final results that no sink has confirmed yet"),
    })
    .nullable(),
  workers: z.array(
    z.strictObject({
      worker: z.int(),
      busyShare: z.number().min(0).max(1).describe("Of the time since the last look"),
    }),
  ),
  partitions: z.array(partitionSchema).describe("The first 1,000"),
  partitionCount: count,
  next: nextWindowSchema.nullable().describe("Null when nothing holds it open, or nothing is known yet"),
  producer: producerSchema.nullable().describe("Null unless this process generates events"),
  spark: sparkSchema.nullable(),
  quality: qualitySchema.nullable(),
  postgres: z
    .strictObject({
      windows: count.describe("Written by this process"),
      rows: count.describe("Of those windows"),
      waiting: count.describe("Windows that are final and not in the tables yet"),
      trouble: z.string().nullable().describe("Code of the failure that is being tried again"),
    })
    .nullable()
    .describe("Null where results go into files alone"),
  alerts: alertsSchema
    .nullable()
    .describe("Null where there are none: with --no-alerts, or before the first look"),
  replay: z
    .enum(["yes", "serve"])
    .describe("Whether POST /api/replay sends dead letters again; serve: this process knows no brokers"),
});
export type Pipeline = z.infer<typeof pipelineSchema>;

/** POST /api/replay/plan: which dead letters are meant. */
export const replayChoiceSchema = z.strictObject({
  reason: z
    .string()
    .min(1)
    .max(200)
    .nullable()
    .describe("As /api/pipeline tells it under `dead`; missing_field covers every field; null for all"),
  limit: z.int().min(1).max(10_000).default(1_000).describe("Letters to send at most: the first"),
});
export type ReplayChoice = z.infer<typeof replayChoiceSchema>;

const planned = {
  selected: count.describe("Letters with this reason"),
  replayed: count.describe("Of those: were replayed before, each is replayed at most once"),
  exhausted: count.describe("Of those: have no attempts left"),
  truncated: count.describe("Of those: their originals were too long to be kept"),
  toSend: count.describe("Of those: would be sent now"),
  late: count
    .nullable()
    .describe("Of those to send: would be late and counted in no window; null: nobody knows"),
  dead: z
    .record(z.string(), count)
    .nullable()
    .describe("Of those to send: would be dead letters again, by reason; null: nobody knows"),
  dedupe: z.boolean().describe("Whether those that repeat a counted event would not count"),
};

/** The answer: what a replay would do; nothing was sent. */
export const replayPlanSchema = z.strictObject({
  ...planned,
  confirmation: z.string().nullable().describe("For POST /api/replay, once; null when nothing is to be sent"),
  validUntilMs: timeMs.nullable().describe("Of the confirmation, which also ends with the next plan"),
});
export type ReplayPlan = z.infer<typeof replayPlanSchema>;

/** POST /api/replay: does what a plan said. */
export const replayRequestSchema = z.strictObject({
  confirmation: z.string().max(100).describe("Of the latest plan"),
});

/** The answer: what was done. */
export const replaySchema = z.strictObject({
  ...planned,
  sent: count,
  refused: count.describe("Kafka will never take them; they stay dead letters"),
  complete: z
    .boolean()
    .describe("False when the server ended before the replay did; the rest can be replayed"),
});
export type Replay = z.infer<typeof replaySchema>;

/** An open window: its rows may still change. */
export const openWindowSchema = z.strictObject({
  startMs: timeMs,
  endMs: timeMs,
  asOfMs: timeMs.describe("When it was looked at: windows are looked at in turn, the newest most often"),
  queries: z.record(
    z.string(),
    z.strictObject({
      keys: count.describe("Rows that the window would have now"),
      rows: z
        .array(rowSchema)
        .describe(
          "Those with the greatest first measure, greatest first: 20 at most, fewer when they are long. Of a key of more than " +
            "600 characters only these are told, and behind them `… (<bytes> bytes, <hash>)`",
        ),
    }),
  ),
});
export type OpenWindow = z.infer<typeof openWindowSchema>;

/** The event `provisional` of /api/live. */
export const provisionalSchema = z.strictObject({
  windows: z
    .array(openWindowSchema)
    .describe("The newest 30 of the open windows, ascending; all of them in each event"),
});
export type Provisional = z.infer<typeof provisionalSchema>;

/** The event `final` of /api/live: every window whose end is in (afterMs, throughMs] is final now and can be asked for. */
export const finalSchema = z.strictObject({
  afterMs: timeMs.nullable().describe("Null: nothing was known to be final before"),
  throughMs: timeMs,
});
export type Final = z.infer<typeof finalSchema>;

/**
 * The events of GET /api/live (`text/event-stream`): `event: <name>`, one line of JSON as data. A new client is at once
 * sent `pipeline` and, where there are, `provisional` and `final`; then each when there is news, no more than four a second.
 * A client that reads slowly is sent the newest of each and misses what lies between, never what became final: `final`
 * carries an id, and a client that comes back with Last-Event-ID is told all since then. A comment every 15 seconds
 * shows that the connection lives. `bye` says that the server ends in order: try again later.
 */
export const LIVE_EVENTS = {
  pipeline: pipelineSchema,
  provisional: provisionalSchema,
  final: finalSchema,
  bye: z.strictObject({ reason: z.string() }),
} as const;
export type LiveEvent = keyof typeof LIVE_EVENTS;

/** GET /livez, GET /readyz: 200 when it is so, else 503. */
export const healthSchema = z.strictObject({
  ok: z.boolean(),
  checks: z.record(z.string(), z.string()).describe("What was looked at, and what it says"),
});
export type Health = z.infer<typeof healthSchema>;
