import type {
  OpenWindow,
  Pipeline,
  Queries,
  QueryInfo,
  Replay,
  ReplayChoice,
  ReplayPlan,
  Row,
  Top,
  User,
} from "./api.ts";
import type { Flow, SessionPages, Sessions } from "./sessions-contract.ts";

/** Whoever knows how the pipeline is doing: the engine of this process, or the manifest of an output tree. */
export interface PipelineSource {
  /** Cheap: asked a few times a second while somebody looks. */
  pipeline(): Pipeline | Promise<Pipeline>;
  /** The open windows, ascending; what it may cost is the source's to bound. Undefined where there are none to see. */
  openWindows(): readonly OpenWindow[] | undefined;
}

/** Whoever can send the events of dead letters to their topic again, each letter at most once. */
export interface DeadLetterReplay {
  /** What a replay would do; sends nothing. @throws ClickstreamError */
  plan(choice: ReplayChoice): Promise<Omit<ReplayPlan, "confirmation" | "validUntilMs">>;
  /** Ends early, in order, when the signal aborts. @throws ClickstreamError */
  send(choice: ReplayChoice, signal: AbortSignal): Promise<Replay>;
}

/** A stretch of windows by their starts, [fromMs, toMs), in ms since the epoch. */
export interface Stretch {
  fromMs: number;
  toMs: number;
}

/** Windows of one query, in order, behind a position. */
export interface WindowsRequest extends Stretch {
  query: string;
  /** Only windows that start at a multiple of it; null for all. */
  stepMs: number | null;
  limit: number;
  after: Cursor | null;
}

/** Where a page ended: `row` rows of the window that starts at `startMs` have been told. */
export interface Cursor {
  startMs: number;
  row: number;
}

/** The keys of a query with the greatest values of a measure. */
export interface TopRequest extends Stretch {
  query: string;
  by: string;
  limit: number;
  /** Keys hold it somewhere, in any case; empty for all. */
  search: string;
  points: number;
}

/** One user's windows, latest first. */
export interface UserRequest extends Stretch {
  user: string;
  limit: number;
  after: Cursor | null;
}

/** The pages on which most sessions of a query begin or end. */
export interface SessionPagesRequest extends Stretch {
  query: string;
  side: "entry" | "exit";
  limit: number;
  /** So many of the first are not told. */
  skip: number;
  /** Pages hold it somewhere, in any case; empty for all. */
  search: string;
}

/** How often one page followed another, of a query's `pages` busiest on each side. */
export interface FlowRequest extends Stretch {
  query: string;
  pages: number;
}

/** A query as it is declared. */
export type KnownQuery = Pick<QueryInfo, "name" | "columns">;

/** Final results, whichever engine wrote them. Callers have checked that queries and measures exist. */
export interface History {
  /** All that is there; takes in all that became final. */
  queries(): Promise<Queries>;
  /** The queries that there are; reads no results. */
  known(): Promise<KnownQuery[]>;
  /** Start of the last window that a query has; null when it has none. */
  lastStartMs(query: string): Promise<number | null>;
  windows(request: WindowsRequest): Promise<{ rows: Row[]; next: Cursor | null }>;
  top(request: TopRequest): Promise<Omit<Top, keyof Stretch | "query" | "by" | "combine">>;
  /** Of the query that groups by user_id alone; undefined when the user has no row there. */
  user(
    query: string,
    request: UserRequest,
  ): Promise<{ totals: User["totals"]; windows: Row[]; next: Cursor | null } | undefined>;
  /** Of a query with a row for each session. */
  sessions(request: Stretch & { query: string }): Promise<Omit<Sessions, keyof Stretch | "query">>;
  /** Of the same. `next`: how many are told with these; null at the end. */
  sessionPages(
    request: SessionPagesRequest,
  ): Promise<Pick<SessionPages, "pages" | "sessions" | "items"> & { next: number | null }>;
  /** Of a query with a row for each two pages that follow each other. */
  flow(request: FlowRequest): Promise<Omit<Flow, keyof Stretch | "query">>;
}
