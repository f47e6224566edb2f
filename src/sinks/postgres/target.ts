import { isIP } from "node:net";
import { UsageError } from "../../core/errors.ts";

/** How far a connection is encrypted and the server's certificate checked, as libpq names it. */
export type SslMode = "disable" | "require" | "verify-ca" | "verify-full";

/** Which database, as which user. Plain data without secrets. */
export interface PostgresTarget {
  /** A host, or the folder of a Unix socket. */
  host: string;
  port: number;
  database: string;
  user: string;
  sslMode: SslMode;
  /** PEM file of the authorities that may have signed the server's certificate; absent: those that Node trusts. */
  sslRootCert?: string | undefined;
}

/** How to connect. */
export interface PostgresConnection {
  target: PostgresTarget;
  /** Reads the password, when the server asks for one; it is not kept. Undefined: there is none. */
  password(target: PostgresTarget): Promise<string | undefined>;
  /** When a statement has had no answer for so long, a second connection looks whether the server is still there. */
  patienceMs?: number;
}

const MODES: readonly SslMode[] = ["disable", "require", "verify-ca", "verify-full"];
const PARAMETERS = ["sslmode", "sslrootcert", "host"];
const DEFAULT_PORT = 5432;

/**
 * Reads `postgres://user@host:5432/database?sslmode=verify-full&sslrootcert=ca.pem`; `?host=/run/postgresql` is a Unix
 * socket. Without sslmode, other machines are only trusted with a checked certificate.
 * @throws UsageError that holds nothing of the URL, which may have a password in it
 */
export function parsePostgresUrl(text: string): PostgresTarget {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refused("can't be read as a URL");
  }
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") {
    throw refused("does not begin with postgres://");
  }
  if (url.password !== "" || url.searchParams.has("password")) {
    throw new UsageError(
      "--postgres has a password in it, which process lists, logs and shell histories would show.",
      "Leave it out of the URL, and give it by CLICKSTREAM_POSTGRES_PASSWORD or --postgres-password-file.",
    );
  }
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) throw refused(`has the parameter ${unknown}, which is not known here`);
  const host = url.searchParams.get("host") ?? decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, "$1");
  const user = decodeURIComponent(url.username);
  const database = decodeURIComponent(url.pathname.slice(1));
  if (host === "") throw refused("names no host");
  if (user === "") throw refused("names no user");
  if (database === "") throw refused("names no database");
  const sslMode = url.searchParams.get("sslmode") ?? (isThisMachine(host) ? "disable" : "verify-full");
  if (!isSslMode(sslMode)) throw refused(`has an sslmode that is not one of ${MODES.join(", ")}`);
  const port = url.port === "" ? DEFAULT_PORT : Number(url.port);
  return {
    host,
    port,
    user,
    database,
    sslMode,
    sslRootCert: url.searchParams.get("sslrootcert") ?? undefined,
  };
}

/** `host:port/database`, for people. */
export function targetName({ host, port, database }: PostgresTarget): string {
  return isIP(host) === 6 ? `[${host}]:${port}/${database}` : `${host}:${port}/${database}`;
}

function isThisMachine(host: string): boolean {
  return host.startsWith("/") || host === "localhost" || host === "::1" || /^127\./.test(host);
}

function isSslMode(text: string): text is SslMode {
  return MODES.some((mode) => mode === text);
}

function refused(what: string): UsageError {
  return new UsageError(
    `--postgres ${what}.`,
    "Write it as postgres://user@host:5432/database, with ?sslmode=… where it is needed.",
  );
}
