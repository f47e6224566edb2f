import { isDeepStrictEqual } from "node:util";
import { ClickstreamError } from "../../core/errors.ts";
import type { QueryPlan } from "../../queries/plan.ts";
import type { Manifest } from "../manifest.ts";
import { columnsOf, identifier, KEY_HASH } from "./columns.ts";
import { qualified } from "./day-partitions.ts";
import { schemaChanged } from "./postgres-errors.ts";
import { OUTPUT_TABLE, SCHEMA_STEPS, STEPS_TABLE, WINDOWS_TABLE } from "./schema-steps.ts";
import type { PostgresSession } from "./session.ts";

/** The output that a schema belongs to. */
export type PostgresOwnership = Pick<Manifest, "topic" | "queries" | "windows" | "rules">;

const OLDEST_SERVER = 120_000;

/**
 * Creates what a schema lacks, or refuses one that belongs to something else or was changed by others.
 * @throws ClickstreamError POSTGRES_VERSION, POSTGRES_ENCODING, POSTGRES_NEWER, POSTGRES_OTHER_OUTPUT,
 *   POSTGRES_SCHEMA_CHANGED, and what a session throws
 */
export async function prepareSchema(
  session: PostgresSession,
  schema: string,
  ownership: PostgresOwnership,
): Promise<void> {
  await checkServer(session);
  await session.transaction(async () => {
    await lockSchema(session, schema);
    await migrate(session, schema, ownership);
    await checkOwnership(session, schema, ownership);
  });
  for (const query of ownership.queries) await checkTable(session, schema, query);
}

/** One writer at a time, until the transaction's end. */
export async function lockSchema(session: PostgresSession, schema: string): Promise<void> {
  await session.query("SELECT pg_advisory_xact_lock(hashtext('clickstream'), hashtext($1))", [schema]);
}

/** Drops the tables that `prepareSchema` made, and nothing else; without them, nothing happens. */
export async function dropTables(session: PostgresSession, schema: string): Promise<void> {
  if (!(await exists(session, schema, STEPS_TABLE))) return;
  await session.transaction(async () => {
    await lockSchema(session, schema);
    const [owner] = await session.query<{ ownership: PostgresOwnership }>(
      `SELECT ownership FROM ${qualified(schema, OUTPUT_TABLE)}`,
    );
    const queries = owner?.ownership.queries.map(({ name }) => name) ?? [];
    for (const table of [...queries, WINDOWS_TABLE, OUTPUT_TABLE, STEPS_TABLE]) {
      await session.query(`DROP TABLE IF EXISTS ${qualified(schema, table)}`);
    }
  });
}

async function checkServer(session: PostgresSession): Promise<void> {
  const [found] = await session.query<{ version: string; name: string; encoding: string }>(
    `SELECT current_setting('server_version_num') AS version, current_setting('server_version') AS name,
            current_setting('server_encoding') AS encoding`,
  );
  if (Number(found?.version) < OLDEST_SERVER) {
    throw new ClickstreamError({
      code: "POSTGRES_VERSION",
      message: `The server at ${session.server} is PostgreSQL ${found?.name}; 12 or newer is needed.`,
      nextStep: "Use a newer server, or leave out --postgres.",
    });
  }
  if (found?.encoding !== "UTF8") {
    throw new ClickstreamError({
      code: "POSTGRES_ENCODING",
      message: `The database ${session.server} is encoded as ${found?.encoding}, which can't hold every text.`,
      nextStep: "Name a database that is encoded as UTF8.",
    });
  }
}

async function migrate(
  session: PostgresSession,
  schema: string,
  ownership: PostgresOwnership,
): Promise<void> {
  const found = await session.query("SELECT FROM pg_namespace WHERE nspname = $1", [schema]);
  if (found.length === 0) await session.query(`CREATE SCHEMA ${identifier(schema)}`);
  const steps = qualified(schema, STEPS_TABLE);
  if (!(await exists(session, schema, STEPS_TABLE))) {
    await session.query(
      `CREATE TABLE ${steps} (step integer PRIMARY KEY, done_at timestamptz NOT NULL DEFAULT now())`,
    );
  }
  const [last] = await session.query<{ step: number }>(`SELECT coalesce(max(step), 0) AS step FROM ${steps}`);
  const done = last?.step ?? 0;
  if (done > SCHEMA_STEPS.length) {
    throw new ClickstreamError({
      code: "POSTGRES_NEWER",
      message: `The schema ${schema} in ${session.server} was made by a newer version of this program.`,
      nextStep: "Run that version, or choose another --postgres-schema.",
    });
  }
  for (let step = done + 1; step <= SCHEMA_STEPS.length; step++) {
    await session.query(SCHEMA_STEPS[step - 1]!(schema, ownership.queries));
    await session.query(`INSERT INTO ${steps} (step) VALUES ($1)`, [step]);
  }
  if (done === 0) {
    const sql = `INSERT INTO ${qualified(schema, OUTPUT_TABLE)} VALUES ($1)`;
    await session.query(sql, [JSON.stringify(ownership)]);
  }
}

async function checkOwnership(
  session: PostgresSession,
  schema: string,
  current: PostgresOwnership,
): Promise<void> {
  const [owner] = await session.query<{ ownership: PostgresOwnership }>(
    `SELECT ownership FROM ${qualified(schema, OUTPUT_TABLE)}`,
  );
  const stored = owner?.ownership;
  // JSON is what was stored, so members that JSON leaves out must not count.
  const plain = JSON.parse(JSON.stringify(current)) as PostgresOwnership;
  if (isDeepStrictEqual(stored, plain)) return;
  const of =
    stored?.topic.id === plain.topic.id
      ? `an output of topic ${plain.topic.name} with other queries, windows or rules`
      : `an output of another topic ${stored?.topic.name} (${stored?.topic.id})`;
  throw new ClickstreamError({
    code: "POSTGRES_OTHER_OUTPUT",
    message: `The schema ${schema} in ${session.server} belongs to ${of}.`,
    nextStep: "Choose another --postgres-schema, or drop this one: it is filled from the output folder.",
  });
}

/** Columns that others have added are no matter, as long as rows without them can be inserted. */
async function checkTable(session: PostgresSession, schema: string, query: QueryPlan): Promise<void> {
  const found = await session.query<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
     WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
    [qualified(schema, query.name)],
  );
  if (found.length === 0) throw schemaChanged(`The table ${schema}.${query.name} is gone`);
  const types = new Map(found.map(({ name, type }) => [name, type]));
  for (const { name, type } of [...columnsOf(query), { name: KEY_HASH, type: "bytea" }]) {
    if (types.get(name) === type) continue;
    const is = types.has(name) ? `has the type ${types.get(name)}` : "is missing";
    throw schemaChanged(
      `The column ${name} of the table ${schema}.${query.name} ${is}; it was created as ${type}`,
    );
  }
}

async function exists(session: PostgresSession, schema: string, table: string): Promise<boolean> {
  const [found] = await session.query<{ there: boolean }>("SELECT to_regclass($1) IS NOT NULL AS there", [
    qualified(schema, table),
  ]);
  return found?.there === true;
}
