import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { newerFormat } from "../core/newer-format.ts";
import type { AlertState } from "./lifecycle.ts";
import type { Notification } from "./notification.ts";
import type { PastValues } from "./past-values.ts";

/** The file, in the folder of alerts below the output's checkpoints. */
export const ALERTS_FILE = "alerts.sqlite";
const FORMAT = 1;
/** Changes that the page can show. */
export const KEPT_CHANGES = 500;

const SCHEMA = `
  CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE rules (
    name TEXT PRIMARY KEY, definition TEXT NOT NULL, from_ms INTEGER, through_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE states (
    rule TEXT, key TEXT, phase TEXT NOT NULL, since_ms INTEGER NOT NULL, fired_ms INTEGER, value REAL,
    PRIMARY KEY (rule, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE past (
    rule TEXT, end_ms INTEGER, key TEXT, value REAL NOT NULL, PRIMARY KEY (rule, end_ms, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE changes (number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE outbox (
    number INTEGER PRIMARY KEY, sink TEXT NOT NULL, body TEXT NOT NULL, recorded_ms INTEGER NOT NULL
  ) STRICT;
`;

/** What is kept of a rule beside the states of its alerts. */
export interface StoredRule {
  readonly name: string;
  /** What makes it the same rule. */
  readonly definition: string;
  readonly fromMs: number | null;
  /** Of rules of the pipeline: when it was looked at last, wall-clock time. */
  readonly throughMs: number | null;
}

/** A notification that a sink has not confirmed. */
export interface Undelivered {
  readonly number: number;
  readonly notification: Notification;
  /** Wall-clock time at which the change was recorded. */
  readonly recordedMs: number;
}

/**
 * What alerts must not forget, in a SQLite file beside the engine's state. A change, the progress that led to it and what
 * sinks are to be told are one transaction, synced before anybody is told.
 */
export class AlertStore implements Disposable {
  /** A name of this file's own, part of the ids of its notifications. */
  readonly source: string;
  readonly #database: DatabaseSync;

  /**
   * Opens the file, or makes it; with `readOnly` what is there, beside whoever writes it.
   * @throws ClickstreamError ALERTS_FORMAT; the system's errors and SQLite's
   */
  constructor(folder: string, { readOnly = false }: { readOnly?: boolean } = {}) {
    const path = join(folder, ALERTS_FILE);
    if (!readOnly) mkdirSync(folder, { recursive: true });
    this.#database = new DatabaseSync(path, { readOnly });
    try {
      this.#database.exec("PRAGMA busy_timeout = 5000");
      if (!readOnly) {
        this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
        this.#create();
      }
      this.#checkFormat(path);
      this.source = this.#about("source")!;
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** All or nothing, durable on return. */
  transaction<Result>(work: () => Result): Result {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** Remembers which windows were final before there were alerts; only the first call ever does. */
  begin(closedThroughMs: number | null): void {
    this.#database
      .prepare("INSERT OR IGNORE INTO about VALUES ('begun_after', ?)")
      .run(closedThroughMs === null ? "nothing" : String(closedThroughMs));
  }

  /** What `begin` was first called with; null also before that. */
  get begunAfterMs(): number | null {
    const value = this.#about("begun_after");
    return value === undefined || value === "nothing" ? null : Number(value);
  }

  rules(): StoredRule[] {
    const rows = this.#database.prepare("SELECT name, definition, from_ms, through_ms FROM rules").all();
    return rows.map((row) => ({
      name: String(row.name),
      definition: String(row.definition),
      fromMs: numberOrNull(row.from_ms),
      throughMs: numberOrNull(row.through_ms),
    }));
  }

  saveRule({ name, definition, fromMs, throughMs }: StoredRule): void {
    this.#database
      .prepare("INSERT OR REPLACE INTO rules VALUES (?, ?, ?, ?)")
      .run(name, definition, fromMs, throughMs);
  }

  /** Forgets a rule, its alerts and what it compares with. */
  dropRule(name: string): void {
    this.#database.prepare("DELETE FROM rules WHERE name = ?").run(name);
    this.#database.prepare("DELETE FROM states WHERE rule = ?").run(name);
    this.#database.prepare("DELETE FROM past WHERE rule = ?").run(name);
  }

  /** By key. */
  states(rule: string): Map<string, AlertState> {
    const rows = this.#database.prepare("SELECT * FROM states WHERE rule = ? ORDER BY key").all(rule);
    return new Map(
      rows.map((row) => [
        String(row.key),
        {
          phase: row.phase as AlertState["phase"],
          sinceMs: Number(row.since_ms),
          firedMs: numberOrNull(row.fired_ms),
          value: numberOrNull(row.value),
        },
      ]),
    );
  }

  /** Replaces the states of a rule. */
  saveStates(rule: string, states: ReadonlyMap<string, AlertState>): void {
    this.#database.prepare("DELETE FROM states WHERE rule = ?").run(rule);
    const insert = this.#database.prepare("INSERT INTO states VALUES (?, ?, ?, ?, ?, ?)");
    for (const [key, { phase, sinceMs, firedMs, value }] of states) {
      insert.run(rule, key, phase, sinceMs, firedMs, value);
    }
  }

  past(rule: string): PastValues {
    const select = this.#database.prepare("SELECT key, value FROM past WHERE rule = ? AND end_ms = ?");
    const insert = this.#database.prepare("INSERT OR REPLACE INTO past VALUES (?, ?, ?, ?)");
    const remove = this.#database.prepare("DELETE FROM past WHERE rule = ? AND end_ms < ?");
    return {
      at: (endMs) => new Map(select.all(rule, endMs).map(({ key, value }) => [String(key), Number(value)])),
      put(endMs, values) {
        for (const [key, value] of values) insert.run(rule, endMs, key, value);
      },
      dropBefore: (endMs) => void remove.run(rule, endMs),
    };
  }

  /** Records a change, once, and what each sink is to be told of it. */
  record(notification: Notification, sinks: readonly string[], recordedMs: number): void {
    const body = JSON.stringify(notification);
    const inserted = this.#database
      .prepare("INSERT OR IGNORE INTO changes (id, body) VALUES (?, ?)")
      .run(notification.id, body);
    if (inserted.changes === 0) return;
    const tell = this.#database.prepare("INSERT INTO outbox (sink, body, recorded_ms) VALUES (?, ?, ?)");
    for (const sink of sinks) tell.run(sink, body, recordedMs);
    this.#database
      .prepare("DELETE FROM changes WHERE number <= ?")
      .run(Number(inserted.lastInsertRowid) - KEPT_CHANGES);
  }

  /** The latest changes, newest first. */
  changes(limit: number): Notification[] {
    const rows = this.#database.prepare("SELECT body FROM changes ORDER BY number DESC LIMIT ?").all(limit);
    return rows.map(({ body }) => JSON.parse(String(body)) as Notification);
  }

  /** What a sink is to be told next. */
  next(sink: string): Undelivered | undefined {
    const row = this.#database
      .prepare("SELECT * FROM outbox WHERE sink = ? ORDER BY number LIMIT 1")
      .get(sink);
    if (row === undefined) return undefined;
    return {
      number: Number(row.number),
      notification: JSON.parse(String(row.body)) as Notification,
      recordedMs: Number(row.recorded_ms),
    };
  }

  /** A sink has taken it, or never will. */
  delivered(number: number): void {
    this.#database.prepare("DELETE FROM outbox WHERE number = ?").run(number);
  }

  /** By sink, how much it has not confirmed. */
  undelivered(): Record<string, number> {
    const rows = this.#database.prepare("SELECT sink, count(*) AS waiting FROM outbox GROUP BY sink").all();
    return Object.fromEntries(rows.map(({ sink, waiting }) => [String(sink), Number(waiting)]));
  }

  /** Forgets what is meant for sinks that are no longer there. */
  keepSinks(sinks: readonly string[]): void {
    const marks = sinks.map(() => "?").join(", ");
    this.#database.prepare(`DELETE FROM outbox WHERE sink NOT IN (${marks})`).run(...sinks);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #create(): void {
    const exists =
      this.#database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'about'").get() !== undefined;
    if (exists) return;
    this.transaction(() => {
      this.#database.exec(SCHEMA);
      const insert = this.#database.prepare("INSERT INTO about VALUES (?, ?)");
      insert.run("format", String(FORMAT));
      insert.run("source", randomUUID());
    });
  }

  #checkFormat(path: string): void {
    const found = Number(this.#about("format"));
    if (found > FORMAT) {
      throw newerFormat({ code: "ALERTS_FORMAT", what: `The alerts' state ${path}`, found, known: FORMAT });
    }
  }

  #about(name: string): string | undefined {
    const row = this.#database.prepare("SELECT value FROM about WHERE name = ?").get(name);
    return row === undefined ? undefined : String(row.value);
  }
}

function numberOrNull(value: SQLOutputValue | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
