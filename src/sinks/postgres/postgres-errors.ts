import type { DatabaseError } from "pg";
import { ClickstreamError } from "../../core/errors.ts";

/** A failure of PostgreSQL; one that `passes` is worth another try by itself. */
export class PostgresFailure extends ClickstreamError {
  readonly passes: boolean;

  constructor(details: Kind & { message: string; cause?: unknown }) {
    super(details);
    this.passes = details.passes;
  }
}

interface Kind {
  code: string;
  nextStep: string;
  passes: boolean;
}

const FOLLOWS = "Nothing is lost: rows are kept as files, and follow when it works again.";
const REFILL =
  "Undo the change; or drop the schema and start again, and it is filled from the output folder.";

const UNREACHABLE: Kind = { code: "POSTGRES_UNREACHABLE", passes: true, nextStep: FOLLOWS };
const LOGIN: Kind = {
  code: "POSTGRES_LOGIN",
  passes: false,
  nextStep:
    "Check the user, the database and the password (CLICKSTREAM_POSTGRES_PASSWORD or --postgres-password-file).",
};
const TLS: Kind = {
  code: "POSTGRES_TLS",
  passes: false,
  nextStep:
    "Name the authority with ?sslrootcert=ca.pem, or choose another ?sslmode= (disable, require, verify-ca, verify-full).",
};
const DENIED: Kind = {
  code: "POSTGRES_DENIED",
  passes: false,
  nextStep:
    "Grant the user CREATE on the database, or make the schema with this user as its owner; tables are made by the program.",
};
const CHANGED: Kind = { code: "POSTGRES_SCHEMA_CHANGED", passes: false, nextStep: REFILL };

/** By SQLSTATE, or by the first two characters of it: its class. */
const BY_STATE: Readonly<Record<string, Kind>> = {
  "08": UNREACHABLE, // connection exceptions
  "57": UNREACHABLE, // shutdown, start-up, cancelled
  "53": { code: "POSTGRES_FULL", passes: true, nextStep: `Free some space or memory there. ${FOLLOWS}` },
  "53300": { code: "POSTGRES_BUSY", passes: true, nextStep: `It has no free connection. ${FOLLOWS}` },
  "58": { code: "POSTGRES_FULL", passes: true, nextStep: `Look at the server's disk and log. ${FOLLOWS}` },
  "25006": { code: "POSTGRES_READ_ONLY", passes: true, nextStep: `Name the primary server. ${FOLLOWS}` },
  "55P03": {
    code: "POSTGRES_LOCKED",
    passes: true,
    nextStep: `Look in pg_stat_activity for who holds a lock on these tables. ${FOLLOWS}`,
  },
  "40": { code: "POSTGRES_LOCKED", passes: true, nextStep: FOLLOWS }, // deadlock, serialisation
  "25P03": UNREACHABLE, // idle in a transaction: this program was stopped meanwhile
  "23505": { code: "POSTGRES_LOCKED", passes: true, nextStep: FOLLOWS }, // somebody else writes this window just now
  "28": LOGIN,
  "3D000": LOGIN,
  "42501": DENIED,
  "42": CHANGED, // undefined table, column, type …
  "23": CHANGED, // constraints of others
  "22": CHANGED, // a value that a changed column does not take
  "0A": CHANGED,
  "3F000": CHANGED,
};

const TLS_CODES = /CERT|SELF_SIGNED|UNABLE_TO|^ERR_SSL|^ERR_TLS|HOSTNAME/;

/**
 * What went wrong, for a person, and whether it may pass. Errors of ours pass unchanged.
 * @param server `host:port/database`
 */
export function postgresFailure(server: string, cause: unknown): ClickstreamError {
  if (cause instanceof ClickstreamError) return cause;
  const { code = "", message } = cause as NodeJS.ErrnoException;
  const reason = message.replace(/\.$/, "");
  if (isOfServer(cause)) {
    const state = cause.code ?? "";
    const kind = BY_STATE[state] ?? BY_STATE[state.slice(0, 2)];
    const shown = {
      ...(kind ?? unexpected),
      cause,
      message: `PostgreSQL at ${server}: ${reason} (${state}).`,
    };
    return new PostgresFailure(shown);
  }
  if (TLS_CODES.test(code) || /does not support SSL/.test(message)) {
    return new PostgresFailure({
      ...TLS,
      cause,
      message: `No trusted connection to PostgreSQL at ${server}: ${reason}.`,
    });
  }
  if (/password/i.test(message)) {
    return new PostgresFailure({
      ...LOGIN,
      cause,
      message: `PostgreSQL at ${server} expects a password that it was not given.`,
    });
  }
  const told = code === "" || message.includes(code) ? reason : `${reason} (${code})`;
  return new PostgresFailure({
    ...UNREACHABLE,
    cause,
    message: `PostgreSQL at ${server} can't be reached: ${told}.`,
  });
}

/** The server's own errors have a severity beside the SQLSTATE. */
export function isOfServer(cause: unknown): cause is DatabaseError {
  return cause instanceof Error && "severity" in cause;
}

const unexpected: Kind = {
  code: "POSTGRES_FAILED",
  passes: false,
  nextStep:
    "Look into the server's log. Nothing is lost: rows are kept as files, and follow at the next start.",
};

/** A table or a schema that is not as this program made it. */
export function schemaChanged(what: string): PostgresFailure {
  return new PostgresFailure({ ...CHANGED, message: `${what}.` });
}
