import type { QueryPlan } from "../../src/queries/plan.ts";
import { PostgresSession } from "../../src/sinks/postgres/session.ts";
import { tableWindows } from "../../src/sinks/postgres/table-windows.ts";
import type { PostgresConnection } from "../../src/sinks/postgres/target.ts";
import { parsePostgresUrl } from "../../src/sinks/postgres/target.ts";
import { PASSWORD, type TestPostgres } from "./postgres-server.ts";

/** How the tests connect. */
export function connectionTo(postgres: TestPostgres): PostgresConnection {
  return { target: parsePostgresUrl(postgres.url), password: async () => PASSWORD };
}

/** What the tables of some queries hold: `query@windowStartMs` → rows as their file would have them. */
export async function tableContents(
  postgres: TestPostgres,
  schema: string,
  queries: readonly QueryPlan[],
): Promise<Map<string, string>> {
  const session = await PostgresSession.open(connectionTo(postgres));
  const contents = new Map<string, string>();
  await session.transaction(async () => {
    for (const query of queries) {
      for await (const { windowStartMs, text } of tableWindows(session, schema, query)) {
        contents.set(`${query.name}@${windowStartMs}`, text);
      }
    }
  });
  await session.close();
  return contents;
}
