import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { readSecret } from "../../kafka/secret.ts";
import {
  type PostgresConnection,
  type PostgresTarget,
  parsePostgresUrl,
} from "../../sinks/postgres/target.ts";
import { type Settings, variableOf } from "./settings.ts";

/** A database for results, and the schema there. */
export interface PostgresDestination {
  connection: PostgresConnection;
  schema: string;
}

/** Where results go beside files by these settings, which have been checked; undefined: nowhere. */
export function postgresOf(settings: Settings): PostgresDestination | undefined {
  const { postgres, postgresSchema } = settings;
  if (postgres === undefined) return undefined;
  const target = parsePostgresUrl(postgres);
  return { connection: { target, password: () => readPassword(settings, target) }, schema: postgresSchema };
}

async function readPassword(
  { postgresPassword, postgresPasswordFile }: Settings,
  target: PostgresTarget,
): Promise<string | undefined> {
  if (postgresPasswordFile !== undefined) return readSecret({ file: postgresPasswordFile }, "PostgreSQL");
  if (postgresPassword !== undefined) {
    return readSecret({ variable: variableOf("postgresPassword") }, "PostgreSQL");
  }
  const ofLibpq = await readSecret({ variable: "PGPASSWORD" }, "PostgreSQL").catch(() => undefined);
  return ofLibpq ?? passwordIn(await passFile(), target);
}

/** The file that libpq's programs read. */
async function passFile(): Promise<string> {
  const named = await readSecret({ variable: "PGPASSFILE" }, "PostgreSQL").catch(() => undefined);
  return readFile(named ?? join(homedir(), ".pgpass"), "utf8").catch(() => "");
}

/** The first line that fits, of `host:port:database:user:password`; `*` fits everything, `\\` escapes. */
export function passwordIn(file: string, { host, port, database, user }: PostgresTarget): string | undefined {
  const wanted = [host.startsWith("/") ? "localhost" : host, String(port), database, user];
  for (const line of file.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const [password, ...fields] = fieldsOf(line).toReversed();
    const fits = fields.toReversed().map((field, index) => field === "*" || field === wanted[index]);
    if (password && fits.length === wanted.length && fits.every(Boolean)) return password;
  }
  return undefined;
}

function fieldsOf(line: string): string[] {
  return [...line.matchAll(/((?:\\.|[^:\\])*)(?::|$)/g)]
    .map(([, field = ""]) => field.replaceAll(/\\(.)/g, "$1"))
    .slice(0, 5);
}
