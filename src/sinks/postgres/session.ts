import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "pg";
import { connectedClient } from "./connected-client.ts";
import { postgresFailure } from "./postgres-errors.ts";
import { whyNoAnswer } from "./second-look.ts";
import { type PostgresConnection, targetName } from "./target.ts";

/** For a statement of a few MB. A server that takes longer is taken for dead; what it did is undone. */
const STATEMENT_TIMEOUT_MS = 300_000;
/** Longer than nearly all statements take; with the look that follows, a path that is dead is known in half a minute. */
const PATIENCE_MS = 15_000;
/** For the server to take leave. */
const CLOSE_TIMEOUT_MS = 2_000;
const SETTINGS = [
  "SET TimeZone = 'UTC'",
  "SET DateStyle = 'ISO'",
  "SET standard_conforming_strings = on",
  "SET synchronous_commit = on", // what is confirmed is on disk, whatever the server's default
  "SET lock_timeout = '5s'", // readers queue behind a lock that is waited for
  "SET idle_in_transaction_session_timeout = '60s'", // this program may be stopped while it holds locks
].join("; ");

/** A value of a statement's `$1`. */
export type Parameter = string | number | readonly string[] | readonly number[] | Uint8Array;

/** One connection to a server, for one statement after another. */
export class PostgresSession {
  readonly server: string;
  readonly #connection: PostgresConnection;
  readonly #client: Client;
  /** The server's process; 0 before it is known. */
  #backend = 0;
  /** What ended the connection between statements; the next one only says that there is none. */
  #lost: Error | undefined;

  private constructor(connection: PostgresConnection, client: Client) {
    this.server = targetName(connection.target);
    this.#connection = connection;
    this.#client = client;
    client.on("error", (error) => {
      this.#lost ??= error;
    });
  }

  /** @throws PostgresFailure */
  static async open(connection: PostgresConnection): Promise<PostgresSession> {
    let session: PostgresSession | undefined;
    try {
      session = new PostgresSession(connection, await connectedClient(connection, STATEMENT_TIMEOUT_MS));
      const [own] = await session.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      session.#backend = own?.pid ?? 0;
      await session.query(SETTINGS);
      return session;
    } catch (error) {
      await session?.close();
      throw postgresFailure(targetName(connection.target), error);
    }
  }

  /** @throws PostgresFailure */
  async query<Row extends object>(sql: string, parameters: readonly Parameter[] = []): Promise<Row[]> {
    const isCopy = false;
    const { rows } = await this.#attended(isCopy, () => this.#client.query<Row>(sql, [...parameters]));
    return rows;
  }

  /** Hands text in the format of COPY to a `COPY … FROM STDIN`; returns how many rows it made. @throws PostgresFailure */
  async copy(sql: string, text: Readable): Promise<number> {
    const { from: copyFrom } = await import("pg-copy-streams");
    return await this.#attended(true, async () => {
      const copying = this.#client.query(copyFrom(sql));
      await pipeline(text, copying);
      return copying.rowCount;
    });
  }

  /** All of it or nothing; a failure ends the session, by which the server undoes it. @throws what `body` throws */
  async transaction<T>(body: () => Promise<T>, mode = ""): Promise<T> {
    try {
      await this.query(`BEGIN ${mode}`);
      const result = await body();
      await this.query("COMMIT");
      return result;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Also while a statement is under way, which then fails. */
  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#client.once("end", resolve));
    const inTime = delay(CLOSE_TIMEOUT_MS, undefined, { ref: false });
    await Promise.race([this.#client.end().catch(() => {}), ended, inTime]);
    this.#client.connection.stream.destroy();
  }

  /** Work of the connection, which ends when nothing can come of it any more. */
  async #attended<T>(isCopy: boolean, work: () => Promise<T>): Promise<T> {
    const done = new AbortController();
    try {
      void this.#watch(isCopy, done.signal);
      return await work();
    } catch (error) {
      throw postgresFailure(this.server, this.#lost ?? error);
    } finally {
      done.abort();
    }
  }

  /** Ends the connection when a silence has a reason that doesn't pass. */
  async #watch(isCopy: boolean, done: AbortSignal): Promise<void> {
    const { patienceMs = PATIENCE_MS } = this.#connection;
    const { connection } = this.#client;
    const heard = (): number => (connection.stream as Socket).bytesRead;
    for (;;) {
      const before = heard();
      await delay(patienceMs, undefined, { signal: done, ref: false }).catch(() => {});
      if (done.aborted) return;
      if (heard() !== before) continue;
      const reason = await whyNoAnswer(this.#connection, { backend: this.#backend, isCopy });
      if (done.aborted) return;
      if (reason === undefined || heard() !== before) continue;
      this.#lost ??= new Error(`no answer for ${Math.round(patienceMs / 1_000)} s, and ${reason}`);
      connection.stream.destroy();
      return;
    }
  }
}
