import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { ClickstreamError } from "../../core/errors.ts";
import type { QueryPlan } from "../../queries/plan.ts";
import type { Sink, WindowRows } from "../sink.ts";
import { columnsOf, identifier, KEY_HASH, sqlTime } from "./columns.ts";
import { copyText } from "./copy-text.ts";
import { DayPartitions, qualified } from "./day-partitions.ts";
import { schemaChanged } from "./postgres-errors.ts";
import { lockSchema, type PostgresOwnership, prepareSchema } from "./schema.ts";
import { WINDOWS_TABLE } from "./schema-steps.ts";
import { PostgresSession } from "./session.ts";
import type { PostgresConnection } from "./target.ts";

/** Where rows go, and whose they are. */
export interface PostgresOptions {
  connection: PostgresConnection;
  /** Created when it is absent; belongs to one output. */
  schema: string;
  ownership: PostgresOwnership;
}

/** About so many bytes of rows are written in one transaction: a fraction of a second, and little to do again. */
const TRANSACTION_BYTES = 8 << 20;
const TRANSACTION_WINDOWS = 1_000;
const MILLISECONDS = "(extract(epoch FROM window_start) * 1000)::float8";

/**
 * A table a query. In the transaction that writes a window, `_windows` gets its digest: by that, a window is written once
 * and never changes.
 */
export class PostgresSink implements Sink {
  readonly name = "postgres";
  readonly #options: PostgresOptions;
  readonly #queries: ReadonlyMap<string, QueryPlan>;
  #session: PostgresSession | undefined;
  #partitions = new Map<string, DayPartitions>();
  /** What was dropped through this connection. */
  #keptFrom = new Map<string, number>();

  /** Connects when it is first used. */
  constructor(options: PostgresOptions) {
    this.#options = options;
    this.#queries = new Map(options.ownership.queries.map((query) => [query.name, query]));
  }

  /**
   * Several windows in one transaction, each whole.
   * @throws PostgresFailure, which says whether it may pass; POSTGRES_CONFLICT when a window is there with other rows
   */
  async write(entries: readonly WindowRows[]): Promise<void> {
    for (const part of parts(entries)) {
      await this.#use((session) => session.transaction(() => this.#place(session, part)));
    }
  }

  /** Starts of the windows that are there, by query, ms since the epoch. @throws PostgresFailure */
  async written(): Promise<Map<string, Set<number>>> {
    const rows = await this.#use((session) =>
      session.query<{ query: string; starts: number[] }>(
        `SELECT query, array_agg(${MILLISECONDS}) AS starts
         FROM ${this.#table(WINDOWS_TABLE)} GROUP BY query`,
      ),
    );
    return new Map(rows.map(({ query, starts }) => [query, new Set(starts)]));
  }

  /**
   * Drops the partitions of days that are no longer kept, and what says that their windows are there. Cheap when there are
   * none.
   * @throws PostgresFailure, POSTGRES_LOCKED while somebody reads one of these tables for longer than some seconds
   */
  async dropBefore(keptFrom: ReadonlyMap<string, number>): Promise<void> {
    const news = [...keptFrom].filter(([query, startMs]) => this.#keptFrom.get(query) !== startMs);
    for (const [query, startMs] of news) {
      await this.#use((session) =>
        session.transaction(async () => {
          await lockSchema(session, this.#options.schema);
          await session.query(
            `DELETE FROM ${this.#table(WINDOWS_TABLE)} WHERE query = $1 AND window_start < $2`,
            [query, time(startMs)],
          );
          await this.#partitions.get(query)?.dropBefore(startMs);
        }),
      );
      this.#keptFrom.set(query, startMs);
    }
  }

  /** Also while a call is under way, which then fails. The next call opens a connection again. */
  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  /** Whatever fails, the next call begins with a connection and a look at the tables. */
  async #use<T>(work: (session: PostgresSession) => Promise<T>): Promise<T> {
    try {
      this.#session ??= await this.#open();
      return await work(this.#session);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #open(): Promise<PostgresSession> {
    const { connection, schema, ownership } = this.#options;
    const session = await PostgresSession.open(connection);
    try {
      await prepareSchema(session, schema, ownership);
      this.#partitions = new Map();
      this.#keptFrom = new Map();
      for (const query of this.#queries.keys()) {
        this.#partitions.set(query, await DayPartitions.open(session, schema, query));
      }
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async #place(session: PostgresSession, entries: readonly WindowRows[]): Promise<void> {
    await lockSchema(session, this.#options.schema);
    await this.#register(session, entries);
    for (const [name, ofQuery] of Map.groupBy(entries, ({ query }) => query)) {
      await this.#replaceRows(session, this.#queries.get(name) as QueryPlan, ofQuery);
    }
  }

  async #register(session: PostgresSession, entries: readonly WindowRows[]): Promise<void> {
    const digests = entries.map(({ bytes }) => createHash("sha256").update(bytes).digest("hex"));
    const registered = await session.query<{ query: string; start: number; sha256: string }>(
      `INSERT INTO ${this.#table(WINDOWS_TABLE)} AS registered (query, window_start, window_end, rows, sha256)
       SELECT query, window_start, window_end, rows, decode(sha256, 'hex')
       FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::bigint[], $5::text[])
         AS given (query, window_start, window_end, rows, sha256)
       ON CONFLICT (query, window_start) DO UPDATE SET written_at = now()
       RETURNING query, ${MILLISECONDS} AS start, encode(sha256, 'hex') AS sha256`,
      [
        entries.map(({ query }) => query),
        entries.map(({ windowStartMs }) => time(windowStartMs)),
        entries.map(({ windowEndMs }) => time(windowEndMs)),
        entries.map(({ rowCount }) => rowCount),
        digests,
      ],
    );
    const kept = new Map(registered.map(({ query, start, sha256 }) => [`${query}/${start}`, sha256]));
    const conflict = entries.find(
      ({ query, windowStartMs }, index) => kept.get(`${query}/${windowStartMs}`) !== digests[index],
    );
    if (conflict === undefined) return;
    const { query, windowStartMs } = conflict;
    throw new ClickstreamError({
      code: "POSTGRES_CONFLICT",
      message: `The table ${this.#options.schema}.${query} already holds other rows for the window that starts at ${time(windowStartMs)}.`,
      nextStep: "Another output was written into this schema: choose another --postgres-schema, or drop it.",
    });
  }

  async #replaceRows(
    session: PostgresSession,
    query: QueryPlan,
    entries: readonly WindowRows[],
  ): Promise<void> {
    const starts = entries.map(({ windowStartMs }) => windowStartMs);
    await this.#partitions.get(query.name)?.ensure(starts);
    const table = this.#table(query.name);
    await session.query(`DELETE FROM ${table} WHERE window_start = ANY ($1::timestamptz[])`, [
      starts.map(time),
    ]);
    const columns = [KEY_HASH, ...columnsOf(query).map(({ name }) => name)].map(identifier).join(", ");
    const rows = entries.map(({ bytes }) => bytes);
    const copied = await session.copy(
      `COPY ${table} (${columns}) FROM STDIN`,
      Readable.from(copyText(query, rows), { objectMode: false }),
    );
    const given = entries.reduce((sum, { rowCount }) => sum + rowCount, 0);
    if (copied !== given) {
      const name = `${this.#options.schema}.${query.name}`;
      throw schemaChanged(`The table ${name} took ${copied} of ${given} rows: something in it drops rows`);
    }
  }

  #table(name: string): string {
    return qualified(this.#options.schema, name);
  }
}

function* parts(entries: readonly WindowRows[]): Generator<WindowRows[]> {
  let part: WindowRows[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (
      part.length >= TRANSACTION_WINDOWS ||
      (part.length > 0 && bytes + entry.bytes.length > TRANSACTION_BYTES)
    ) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(entry);
    bytes += entry.bytes.length;
  }
  if (part.length > 0) yield part;
}

function time(timeMs: number): string {
  return sqlTime(new Date(timeMs).toISOString());
}
