import type { QueryPlan } from "../../queries/plan.ts";
import { columnsOf, identifier, KEY_HASH } from "./columns.ts";
import { defaultPartition, qualified } from "./day-partitions.ts";

/** One change of a schema, done once and recorded. Never edit a released one: add another. */
export type SchemaStep = (schema: string, queries: readonly QueryPlan[]) => string;

/** In their order; a step's number is its place, from 1. */
export const SCHEMA_STEPS: readonly SchemaStep[] = [firstTables];

/** Tables of the program's own; queries' names begin with letters. */
export const STEPS_TABLE = "_steps";
export const OUTPUT_TABLE = "_output";
export const WINDOWS_TABLE = "_windows";

function firstTables(schema: string, queries: readonly QueryPlan[]): string {
  return [
    `CREATE TABLE ${qualified(schema, OUTPUT_TABLE)} (ownership jsonb NOT NULL)`,
    `CREATE TABLE ${qualified(schema, WINDOWS_TABLE)} (
       query text NOT NULL,
       window_start timestamptz NOT NULL,
       window_end timestamptz NOT NULL,
       rows bigint NOT NULL,
       sha256 bytea NOT NULL,
       written_at timestamptz NOT NULL DEFAULT now(),
       PRIMARY KEY (query, window_start)
     )`,
    ...queries.flatMap((query) => queryTable(schema, query)),
  ].join(";\n");
}

function queryTable(schema: string, query: QueryPlan): string[] {
  const table = qualified(schema, query.name);
  const columns = columnsOf(query).map(({ name, type }) => `${identifier(name)} ${type} NOT NULL`);
  return [
    `CREATE TABLE ${table} (
       ${columns.join(", ")}, ${identifier(KEY_HASH)} bytea NOT NULL,
       PRIMARY KEY (window_start, window_end, ${identifier(KEY_HASH)})
     ) PARTITION BY RANGE (window_start)`,
    `CREATE TABLE ${qualified(schema, defaultPartition(query.name))} PARTITION OF ${table} DEFAULT`,
  ];
}
