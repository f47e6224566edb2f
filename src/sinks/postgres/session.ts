import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ConnectionOptions } from "node:tls";
import type { Client } from "pg";
import { ClickstreamError } from "../../core/errors.ts";
import { PostgresFailure, postgresFailure } from "./postgres-errors.ts";
import { type PostgresTarget, targetName } from "./target.ts";

/** How to connect. */
export interface PostgresConnection {
  target: PostgresTarget;
  /** Reads the password, when the server asks for one; it is not kept. Undefined: there is none. */
  password(target: PostgresTarget): Promise<string | undefined>;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** For a statement of a few MB. A server that takes longer is taken for dead; what it did is undone. */
const STATEMENT_TIMEOUT_MS = 300_000;
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
  readonly #client: Client;
  /** What ended the connection between statements; the next one only says that there is none. */
  #lost: Error | undefined;

  private constructor(server: string, client: Client) {
    this.server = server;
    this.#client = client;
    client.on("error", (error) => {
      this.#lost ??= error;
    });
  }

  /** @throws PostgresFailure */
  static async open({ target, password }: PostgresConnection): Promise<PostgresSession> {
    const server = targetName(target);
    let client: Client | undefined;
    try {
      const { Client } = await import("pg"); // slow to load, and most runs need none
      client = new Client({
        host: target.host,
        port: target.port,
        database: target.database,
        user: target.user,
        password: async () => (await password(target)) ?? noPassword(server),
        ssl: await tlsOptions(target),
        connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
        query_timeout: STATEMENT_TIMEOUT_MS,
        keepAlive: true,
        keepAliveInitialDelayMillis: 10_000,
        application_name: "clickstream",
      });
      client.on("error", () => {}); // the statement under way fails, or the next one
      await client.connect();
      await client.query(SETTINGS);
      return new PostgresSession(server, client);
    } catch (error) {
      client?.end().catch(() => {});
      throw postgresFailure(server, error);
    }
  }

  /** @throws PostgresFailure */
  async query<Row extends object>(sql: string, parameters: readonly Parameter[] = []): Promise<Row[]> {
    try {
      const { rows } = await this.#client.query<Row>(sql, [...parameters]);
      return rows;
    } catch (error) {
      throw postgresFailure(this.server, this.#lost ?? error);
    }
  }

  /** Hands text in the format of COPY to a `COPY … FROM STDIN`; returns how many rows it made. @throws PostgresFailure */
  async copy(sql: string, text: Readable): Promise<number> {
    try {
      const { from: copyFrom } = await import("pg-copy-streams");
      const copying = this.#client.query(copyFrom(sql));
      await pipeline(text, copying);
      return copying.rowCount;
    } catch (error) {
      throw postgresFailure(this.server, this.#lost ?? error);
    }
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
    await Promise.race([
      this.#client.end().catch(() => {}),
      new Promise<void>((resolve) => this.#client.once("end", () => resolve())),
    ]);
  }
}

function noPassword(server: string): never {
  throw new PostgresFailure({
    code: "POSTGRES_LOGIN",
    message: `PostgreSQL at ${server} asks for a password, and there is none.`,
    nextStep: "Give it by CLICKSTREAM_POSTGRES_PASSWORD or --postgres-password-file.",
    passes: false,
  });
}

async function tlsOptions({ sslMode, sslRootCert }: PostgresTarget): Promise<ConnectionOptions | false> {
  if (sslMode === "disable") return false;
  if (sslMode === "require") return { rejectUnauthorized: false };
  const ca = sslRootCert === undefined ? {} : { ca: await readPem(sslRootCert) };
  return { ...ca, ...(sslMode === "verify-ca" ? { checkServerIdentity: () => undefined } : {}) };
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new ClickstreamError({
      code: "TLS_FILE_UNUSABLE",
      message: `${path} can't be read: ${(cause as Error).message}.`,
      nextStep: "Name a PEM file of authorities with ?sslrootcert=.",
      cause,
    });
  }
}
