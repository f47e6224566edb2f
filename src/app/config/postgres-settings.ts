import { schemaName, secret, text } from "./kinds.ts";
import { setting } from "./setting.ts";

const USING = ["run", "process", "verify"] as const;

/** Where results go beside files. */
export const POSTGRES_SETTINGS = {
  postgres: setting(text("url"), undefined, {
    group: "PostgreSQL",
    commands: USING,
    doc: "also write results to this database: postgres://user@host:5432/database; verify compares its tables, too",
  }),
  postgresSchema: setting(schemaName, "clickstream", {
    group: "PostgreSQL",
    commands: USING,
    doc: "schema of the tables, created when it is absent; it belongs to one output",
  }),
  postgresPassword: setting(secret, undefined, {
    group: "PostgreSQL",
    commands: USING,
    doc: "the password for PostgreSQL",
    onlyVariable: true,
  }),
  postgresPasswordFile: setting(text("file"), undefined, {
    group: "PostgreSQL",
    commands: USING,
    doc: "file that holds the password, and nothing else; read for each connection",
  }),
} as const;
