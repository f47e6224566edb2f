import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { WindowLengths } from "../../queries/plan.ts";
import type { PartitionManifest } from "../../sinks/manifest.ts";
import { isIntactSlot } from "../../windows/sealed-bytes.ts";
import { groupByWindows } from "../../windows/window-groups.ts";
import { countIds } from "./ids-codec.ts";
import { watermarkOf } from "./partition-ledger.ts";
import { readStateFile, STATE_FILE } from "./state-file.ts";
import type { Ownership } from "./state-store.ts";

/** One partition as the last commit left it; times in ms since the epoch, null before the first. */
export interface InspectedPartition extends PartitionManifest {
  watermarkMs: number | null;
}

/** What the state holds of the open windows of one window setting. */
export interface InspectedGroup extends WindowLengths {
  /** Of whole sessions, whose panes are kept until their sessions must have ended; null of other windows. */
  sessionGapMs: number | null;
  queries: string[];
  panes: number;
  /** Pieces that commits have brought, and not yet put together. */
  parts: number;
  bytes: number;
  /** Null without panes. */
  firstPaneMs: number | null;
  lastPaneMs: number | null;
}

/** Final rows of a query that a sink has not confirmed. */
export interface InspectedOutbox {
  sink: string;
  query: string;
  windows: number;
  rows: number;
  bytes: number;
  firstWindowEndMs: number;
  lastWindowEndMs: number;
}

/** A state, whole but for the events themselves. */
export interface InspectedState extends Ownership {
  path: string;
  format: number;
  /** How often a process has opened it for writing. */
  epoch: number;
  closedThroughMs: number | null;
  windowsClosed: number;
  /** Windows close up to it; null while a partition has none. */
  leastWatermarkMs: number | null;
  partitions: InspectedPartition[];
  groups: InspectedGroup[];
  /** Ids of counted events, with de-duplication. */
  countedIds: { ids: number; parts: number; bytes: number };
  outbox: InspectedOutbox[];
  files: {
    stateBytes: number;
    /** Of the state, as file and log together make it: what later commits fill before it grows. */
    freeBytes: number;
    /** The write-ahead log. */
    logBytes: number;
  };
}

/**
 * Looks into the state of a folder as of its last commit, an engine may be at work on it, and reads all of it: what comes
 * back was found intact. Undefined when there is no state, or one in which nothing was begun.
 * @throws ClickstreamError STATE_FORMAT, STATE_UNREADABLE
 */
export function inspectState(folder: string): InspectedState | undefined {
  return readStateFile(folder, (database, format) => {
    const pipeline = database
      .prepare("SELECT epoch, ownership, closed_through, windows_closed FROM pipeline")
      .get();
    if (typeof pipeline?.ownership !== "string") return undefined;
    checkPages(database);
    const ownership = JSON.parse(pipeline.ownership) as Ownership;
    const partitions = partitionsIn(database, ownership);
    return {
      path: join(folder, STATE_FILE),
      format,
      epoch: pipeline.epoch as number,
      ...ownership,
      closedThroughMs: pipeline.closed_through as number | null,
      windowsClosed: pipeline.windows_closed as number,
      leastWatermarkMs: leastOf(partitions),
      partitions,
      groups: groupsIn(database, ownership, format),
      countedIds: countedIdsIn(database, format),
      outbox: outboxIn(database),
      files: filesOf(database, join(folder, STATE_FILE)),
    };
  });
}

function checkPages(database: DatabaseSync): void {
  const found = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  if (found !== "ok") throw new Error(`it is damaged: ${found}`);
}

function partitionsIn(database: DatabaseSync, { windows }: Ownership): InspectedPartition[] {
  const rows = database.prepare("SELECT state FROM partitions ORDER BY partition").all();
  return rows.map(({ state }) => {
    const partition = JSON.parse(state as string) as PartitionManifest;
    const watermarkMs = watermarkOf(partition, windows.delayMs);
    return { ...partition, watermarkMs: Number.isFinite(watermarkMs) ? watermarkMs : null };
  });
}

function leastOf(partitions: readonly InspectedPartition[]): number | null {
  const watermarks = partitions.map(({ watermarkMs }) => watermarkMs ?? Number.NEGATIVE_INFINITY);
  const leastMs = Math.min(...watermarks);
  return Number.isFinite(leastMs) ? leastMs : null;
}

function groupsIn(database: DatabaseSync, { queries, windows }: Ownership, format: number): InspectedGroup[] {
  const groups = groupByWindows(queries, windows).map((group) => ({
    ...group.windows,
    sessionGapMs: group.sessions?.gapMs ?? null,
    queries: group.queries.map(({ name }) => name),
    paneStarts: new Set<number>(),
    parts: 0,
    bytes: 0,
  }));
  const group = format === 1 ? "0" : "window_group";
  const slots = database.prepare(`SELECT ${group} AS window_group, pane_start, bytes FROM slots`);
  for (const row of slots.iterate()) {
    const bytes = row.bytes as Uint8Array;
    const own = groups[row.window_group as number];
    if (own === undefined) throw new Error("a pane is of no query's windows");
    if (!isIntactSlot(bytes)) throw new Error("a pane is damaged");
    own.paneStarts.add(row.pane_start as number);
    own.parts++;
    own.bytes += bytes.length;
  }
  return groups.map(({ paneStarts, ...own }) => {
    const starts = [...paneStarts].sort((a, b) => a - b);
    return {
      ...own,
      panes: starts.length,
      firstPaneMs: starts[0] ?? null,
      lastPaneMs: starts.at(-1) ?? null,
    };
  });
}

function countedIdsIn(database: DatabaseSync, format: number): InspectedState["countedIds"] {
  const found = { ids: 0, parts: 0, bytes: 0 };
  if (format < 3) return found;
  for (const row of database.prepare("SELECT bytes FROM counted_ids").iterate()) {
    const bytes = row.bytes as Uint8Array;
    found.ids += countIds(bytes);
    found.parts++;
    found.bytes += bytes.length;
  }
  return found;
}

function outboxIn(database: DatabaseSync): InspectedOutbox[] {
  return database
    .prepare(
      `SELECT sink, query, count(*) AS windows, sum(row_count) AS rows, sum(length(bytes)) AS bytes,
         min(window_end) AS firstWindowEndMs, max(window_end) AS lastWindowEndMs
       FROM outbox GROUP BY sink, query ORDER BY sink, query`,
    )
    .all()
    .map((row) => ({ ...row }) as unknown as InspectedOutbox);
}

function filesOf(database: DatabaseSync, path: string): InspectedState["files"] {
  const pragma = (name: string): number => database.prepare(`PRAGMA ${name}`).get()?.[name] as number;
  const log = `${path}-wal`;
  return {
    stateBytes: statSync(path).size,
    freeBytes: pragma("freelist_count") * pragma("page_size"),
    logBytes: existsSync(log) ? statSync(log).size : 0,
  };
}
