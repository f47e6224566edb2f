import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { ClickstreamError } from "../../core/errors.ts";
import type { PartitionManifest } from "../../sinks/manifest.ts";
import type { EncodedSlot } from "../../windows/open-windows.ts";
import { isIntactSlot } from "../../windows/sealed-bytes.ts";
import { lockState, type StateLock } from "../state-lock.ts";
import { countIds } from "./ids-codec.ts";
import { checkStateFormat, STATE_FILE, stateFormatFor, unreadableState } from "./state-file.ts";
import type { Commit, OutboxEntry, Ownership, PartitionIds, StateStore, StoredState } from "./state-store.ts";

const COUNTED_IDS = `
  CREATE TABLE counted_ids (
    id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, until INTEGER NOT NULL, bytes BLOB NOT NULL
  );
  CREATE INDEX counted_ids_by_end ON counted_ids (partition, until);
`;

const SCHEMA = `
  CREATE TABLE pipeline (
    epoch INTEGER NOT NULL,
    ownership TEXT,
    closed_through INTEGER,
    windows_closed INTEGER NOT NULL
  );
  CREATE TABLE partitions (partition INTEGER PRIMARY KEY, state TEXT NOT NULL);
  CREATE TABLE slots (
    id INTEGER PRIMARY KEY, pane_start INTEGER NOT NULL, first_end INTEGER NOT NULL, bytes BLOB NOT NULL,
    window_group INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX slots_by_key ON slots (window_group, pane_start, first_end);
  CREATE TABLE outbox (
    sink TEXT, query TEXT, window_end INTEGER, window_start INTEGER NOT NULL, row_count INTEGER NOT NULL, bytes BLOB NOT NULL,
    PRIMARY KEY (sink, query, window_end)
  );
  ${COUNTED_IDS}
  INSERT INTO pipeline (epoch, windows_closed) VALUES (0, 0);
  PRAGMA user_version = 3;
`;

/** Format 4 has the same tables, and panes of sessions in them. Format 2 knew nothing of event ids. */
const FROM_FORMAT_2 = `
  ${COUNTED_IDS}
  PRAGMA user_version = 3;
`;

/** Format 1 knew one window setting for all queries: the group that is 0 now. */
const FROM_FORMAT_1 = `
  ALTER TABLE slots ADD COLUMN window_group INTEGER NOT NULL DEFAULT 0;
  DROP INDEX slots_by_pane;
  CREATE INDEX slots_by_key ON slots (window_group, pane_start, first_end);
  ${FROM_FORMAT_2}
`;

/** SQLite's codes for a disk that is full or takes no more: the file itself is as good as the last commit. */
const SQLITE_FULL = 13;
const SQLITE_IOERR = 10;
const FAILED_WRITES = [3, 4, 5, 6, 7, 18, 19].map((detail) => SQLITE_IOERR | (detail << 8));

/** The engine's state in one SQLite file: WAL, every commit synced to disk. */
export class SqliteStore implements StateStore {
  private readonly path: string;
  private readonly lock: StateLock;
  private readonly database: DatabaseSync;
  private readonly epoch: number;
  private readonly prepared = new Map<string, StatementSync>();

  /** Opens the state below `folder`, making both when they are absent, and locks out every other process. */
  constructor(folder: string) {
    this.path = join(folder, STATE_FILE);
    let lock: StateLock | undefined;
    try {
      mkdirSync(folder, { recursive: true });
      this.lock = lock = lockState(folder);
      this.database = this.open();
      this.epoch = this.takeOver();
    } catch (error) {
      lock?.release();
      throw isFailedWrite(error) ? this.writeFailed(error) : unreadableState(this.path, error);
    }
  }

  load(): StoredState | undefined {
    try {
      return this.read();
    } catch (error) {
      throw unreadableState(this.path, error);
    }
  }

  private read(): StoredState | undefined {
    const pipeline = this.run("SELECT ownership, closed_through, windows_closed FROM pipeline").get();
    if (typeof pipeline?.ownership !== "string") return undefined;
    return {
      ownership: JSON.parse(pipeline.ownership) as Ownership,
      closedThroughMs: pipeline.closed_through as number | null,
      windowsClosed: pipeline.windows_closed as number,
      partitions: this.run("SELECT state FROM partitions ORDER BY partition")
        .all()
        .map(({ state }) => JSON.parse(state as string) as PartitionManifest),
      outbox: this.run("SELECT * FROM outbox ORDER BY window_end, query, sink").all().map(outboxEntry),
    };
  }

  *slots(): Generator<EncodedSlot> {
    const rows = this.run("SELECT window_group, pane_start, first_end, bytes FROM slots ORDER BY id");
    try {
      for (const row of rows.iterate()) {
        const bytes = row.bytes as Uint8Array;
        if (!isIntactSlot(bytes)) throw new Error("a pane is damaged");
        yield {
          group: row.window_group as number,
          paneStartMs: row.pane_start as number,
          firstEndMs: row.first_end as number,
          bytes,
        };
      }
    } catch (error) {
      throw unreadableState(this.path, error);
    }
  }

  *countedIds(): Generator<PartitionIds> {
    const rows = this.run("SELECT partition, until, bytes FROM counted_ids");
    try {
      for (const row of rows.iterate()) {
        const bytes = row.bytes as Uint8Array;
        countIds(bytes); // throws for damaged ones
        yield { partition: row.partition as number, untilMs: row.until as number, bytes };
      }
    } catch (error) {
      throw unreadableState(this.path, error);
    }
  }

  create(ownership: Ownership, partitions: readonly PartitionManifest[]): void {
    this.transaction(() => {
      this.run("UPDATE pipeline SET ownership = ?").run(JSON.stringify(ownership));
      this.database.exec(`PRAGMA user_version = ${stateFormatFor(ownership.queries)}`);
      this.writePartitions(partitions);
    });
  }

  commit(commit: Commit): void {
    this.transaction(() => {
      this.run("UPDATE pipeline SET closed_through = ?, windows_closed = ?").run(
        commit.closedThroughMs,
        commit.windowsClosed,
      );
      this.writePartitions(commit.partitions);
      this.writeSlots(commit);
      this.writeIds(commit);
      const forget = this.run("DELETE FROM outbox WHERE sink = ? AND query = ? AND window_end = ?");
      for (const { sink, query, windowEndMs } of commit.confirmed) forget.run(sink, query, windowEndMs);
      const add = this.run("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?)");
      for (const entry of commit.newOutbox) {
        add.run(entry.sink, entry.query, entry.windowEndMs, entry.windowStartMs, entry.rowCount, entry.bytes);
      }
    });
  }

  close(): void {
    this.database.close();
    this.lock.release();
  }

  private open(): DatabaseSync {
    const database = new DatabaseSync(this.path);
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    const format = checkStateFormat(database, this.path);
    if (format === 0) database.exec(`BEGIN; ${SCHEMA} COMMIT`);
    else if (format === 1) database.exec(`BEGIN; ${FROM_FORMAT_1} COMMIT`);
    else if (format === 2) database.exec(`BEGIN; ${FROM_FORMAT_2} COMMIT`);
    return database;
  }

  private takeOver(): number {
    const epoch = this.run("UPDATE pipeline SET epoch = epoch + 1 RETURNING epoch").get()?.epoch;
    return epoch as number;
  }

  private writePartitions(partitions: readonly PartitionManifest[]): void {
    const write = this.run("INSERT OR REPLACE INTO partitions VALUES (?, ?)");
    for (const partition of partitions) write.run(partition.partition, JSON.stringify(partition));
  }

  private writeSlots({ newSlots, rewrites, dropPanesThroughMs }: Commit): void {
    const add = this.run(
      "INSERT INTO slots (window_group, pane_start, first_end, bytes) VALUES (?, ?, ?, ?)",
    );
    for (const { group, paneStartMs, firstEndMs, bytes } of newSlots) {
      add.run(group, paneStartMs, firstEndMs, bytes);
    }
    const forget = this.run("DELETE FROM slots WHERE window_group = ? AND pane_start = ? AND first_end = ?");
    for (const { group, paneStartMs, firstEndMs, parts } of rewrites) {
      forget.run(group, paneStartMs, firstEndMs);
      for (const bytes of parts) add.run(group, paneStartMs, firstEndMs, bytes);
    }
    const drop = this.run("DELETE FROM slots WHERE window_group = ? AND pane_start <= ?");
    for (const [group, throughMs] of dropPanesThroughMs.entries()) {
      if (Number.isFinite(throughMs)) drop.run(group, throughMs);
    }
  }

  private writeIds({ newIds, dropIdsThroughMs }: Commit): void {
    const add = this.run("INSERT INTO counted_ids (partition, until, bytes) VALUES (?, ?, ?)");
    for (const { partition, untilMs, bytes } of newIds) add.run(partition, untilMs, bytes);
    const drop = this.run("DELETE FROM counted_ids WHERE partition = ? AND until <= ?");
    for (const [partition, throughMs] of dropIdsThroughMs) {
      if (Number.isFinite(throughMs)) drop.run(partition, throughMs);
    }
  }

  private transaction(body: () => void): void {
    try {
      this.database.exec("BEGIN IMMEDIATE");
      if (this.run("SELECT epoch FROM pipeline").get()?.epoch !== this.epoch) {
        throw new ClickstreamError({
          code: "STATE_TAKEN_OVER",
          message: `Another process has taken over the state in ${this.path}.`,
          nextStep: "Let only one process write to an output folder.",
        });
      }
      body();
      this.database.exec("COMMIT");
    } catch (error) {
      if (this.database.isTransaction) this.database.exec("ROLLBACK");
      throw error instanceof ClickstreamError ? error : this.writeFailed(error);
    }
  }

  private run(sql: string): StatementSync {
    let statement = this.prepared.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.prepared.set(sql, statement);
    }
    return statement;
  }

  private writeFailed(cause: unknown): ClickstreamError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new ClickstreamError({
      code: "STATE_WRITE_FAILED",
      message: `The state in ${this.path} can't be written: ${reason}.`,
      nextStep:
        "Check the disk's free space and the folder's permissions, then start again: it goes on from the last commit.",
      cause,
    });
  }
}

function isFailedWrite(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode === SQLITE_FULL || (errcode !== undefined && FAILED_WRITES.includes(errcode));
}

function outboxEntry(row: Record<string, unknown>): OutboxEntry {
  return {
    sink: row.sink as string,
    query: row.query as string,
    windowStartMs: row.window_start as number,
    windowEndMs: row.window_end as number,
    rowCount: row.row_count as number,
    bytes: row.bytes as Uint8Array,
  };
}
