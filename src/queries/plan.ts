import type { KeyField } from "../events/event.ts";

/** One measure of a query, as data. A new kind must be compiled by every engine: their switches are exhaustive. */
export type Measure =
  | { readonly kind: "count" }
  | { readonly kind: "countWhere"; readonly field: KeyField; readonly value: string }
  | { readonly kind: "countDistinct"; readonly field: KeyField }
  | { readonly kind: "minTime" }
  | { readonly kind: "maxTime" }
  /**
   * Over the distinct values of `field`, the sum or the greatest of (last − first event time), in seconds with up to
   * three decimals.
   */
  | { readonly kind: "timeSpan"; readonly field: KeyField; readonly pick: "sum" | "longest" }
  /**
   * Over the numbers of `field`, which is a number field and nothing but these three: their sum, the least, the greatest.
   * A number is the decimal that its JSON token writes (never a double), rounded half away from zero to six places; of
   * magnitude below 10¹² after that, or the event is `out_of_range`. Sums are exact. Rows have JSON numbers without
   * exponent, without needless zeros, and 0 for −0, with as many digits as it takes.
   */
  | { readonly kind: "sum" | "min" | "max"; readonly field: KeyField }
  /** Of whole sessions alone: the text of the earliest or latest event, in the order of `SessionRule`. */
  | { readonly kind: "first" | "last"; readonly field: KeyField }
  /** Of whole sessions alone: 1 when all events have the same text, else 0. */
  | { readonly kind: "single"; readonly field: KeyField };

/** A windowed analysis, frozen and serialisable. Every engine compiles the same plan. */
export interface QueryPlan {
  /** Names the output folder: lower-case letters, digits, underscores. */
  readonly name: string;
  /** Key fields of a row, in the order of the row's columns; none for one row a window. */
  readonly by: readonly KeyField[];
  /** Row column → measure, in the order of the row's columns. */
  readonly measures: Readonly<Record<string, Measure>>;
  /** The query's own windows; absent when those of the pipeline hold. */
  readonly windows?: WindowLengths | undefined;
  /** Whose rows come of whole sessions. `by` then names columns, not fields. */
  readonly sessions?: SessionRule | undefined;
  /**
   * Whose rows are of all records read, whatever became of them. A record belongs to the tumbling window that holds the time
   * its partition had come to: the greatest time of its valid events up to it, or its floor if that is greater. Records before
   * a partition's first valid event belong to none. `by` and `measures` then name columns, not fields.
   */
  readonly arrivals?: true | undefined;
}

/**
 * Sessions, from their first event to their last. An event counts when the pane that holds it ends after its partition's
 * watermark at that event. A session is a longest run of such events of one `session_id`, in the order of event time, then
 * offset, then partition, whose neighbours are at most `gapMs` apart.
 */
export interface SessionRule {
  readonly gapMs: number;
  /** Length of panes: at most the gap, and the pipeline's slide is a multiple of it. */
  readonly paneMs: number;
  /**
   * `sessions`: a row a session, in the window (a pane long) that holds its last event's time + gap. `transitions`: a row
   * for each two different pages that follow each other in sessions, with how often they do so; it counts where the later
   * of both events is.
   */
  readonly rows: "sessions" | "transitions";
}

/** How long windows are and how far apart, ms. They are aligned to the epoch: day-long ones are days in UTC. */
export interface WindowLengths {
  readonly sizeMs: number;
  /** Windows start at every multiple of it; `sizeMs` is a multiple of it. */
  readonly slideMs: number;
}

/** The windows of a pipeline's queries unless they have their own, and when events count in any of them. Times in ms. */
export interface WindowSettings extends WindowLengths {
  /** How far the watermark stays behind the greatest event time. */
  readonly delayMs: number;
  /** An event further ahead of its record's timestamp is `from_the_future`; below `delayMs`. */
  readonly maxAheadMs: number;
  /**
   * Whether an event counts once: an event whose event_id a counted event of its partition had before it is a duplicate,
   * and counts nowhere, until the partition's watermark has passed every window that holds the first one. Absent: no.
   */
  readonly dedupe?: true | undefined;
}

/** The windows unless the user says otherwise: 5 minutes sliding by 1, watermark 10 minutes behind. */
export const DEFAULT_WINDOWS: WindowSettings = {
  sizeMs: 300_000,
  slideMs: 60_000,
  delayMs: 600_000,
  maxAheadMs: 60_000,
};
