import { readFile } from "node:fs/promises";
import type { ConnectionOptions } from "node:tls";
import type { Client } from "pg";
import { ClickstreamError } from "../../core/errors.ts";
import { PostgresFailure } from "./postgres-errors.ts";
import { type PostgresConnection, type PostgresTarget, targetName } from "./target.ts";

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * A client that is connected and logged in.
 * @throws the client's error, ClickstreamError; nothing is left open then
 */
export async function connectedClient(
  { target, password }: PostgresConnection,
  statementTimeoutMs: number,
): Promise<Client> {
  const { Client } = await import("pg"); // slow to load, and most runs need none
  const client = new Client({
    host: target.host,
    port: target.port,
    database: target.database,
    user: target.user,
    password: async () => (await password(target)) ?? noPassword(targetName(target)),
    ssl: await tlsOptions(target),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: statementTimeoutMs,
    keepAlive: true, // then Node asks ten times, a second apart, before it takes an idle connection for dead
    keepAliveInitialDelayMillis: 10_000,
    application_name: "clickstream",
  });
  client.on("error", () => {}); // the statement under way fails, or the next one
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.end().catch(() => {});
    throw error;
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
