import { after, before, suite } from "node:test";
import { DEFAULT_EVENT_RULES } from "../../src/events/event.ts";
import { DEFAULT_WINDOWS, type QueryPlan } from "../../src/queries/plan.ts";
import { PostgresSink } from "../../src/sinks/postgres/postgres-sink.ts";
import type { PostgresOwnership } from "../../src/sinks/postgres/schema.ts";
import { CONTRACT_QUERIES, testSinkContract } from "../contracts/sink.ts";
import { connectionTo, tableContents } from "./postgres-contents.ts";
import { noPostgres, TestPostgres } from "./postgres-server.ts";

const ownership = (queries: readonly QueryPlan[]): PostgresOwnership => ({
  topic: { name: "clicks", id: "00000000-0000-4000-8000-000000000001" },
  queries,
  windows: DEFAULT_WINDOWS,
  rules: DEFAULT_EVENT_RULES,
});

suite("a real server", { skip: noPostgres }, () => {
  let postgres: TestPostgres;
  let schemas = 0;
  before(async () => {
    postgres = await TestPostgres.start();
  });
  after(() => postgres.close());

  testSinkContract("postgres", async () => {
    const schema = `contract_${++schemas}`;
    const options = { connection: connectionTo(postgres), schema, ownership: ownership(CONTRACT_QUERIES) };
    const open: PostgresSink[] = [];
    return {
      async open() {
        const sink = new PostgresSink(options);
        open.push(sink);
        return sink;
      },
      async contents() {
        await open[0]?.written(); // creates the tables
        return tableContents(postgres, schema, CONTRACT_QUERIES);
      },
      async cleanUp() {
        for (const sink of open) await sink.close();
      },
    };
  });
});
