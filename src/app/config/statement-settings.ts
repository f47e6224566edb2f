import { choice, duration, integer } from "./kinds.ts";
import { setting } from "./setting.ts";

/** Settings of `sql`. */
export const STATEMENT_SETTINGS = {
  format: setting(choice("format", ["table", "csv", "json"]), undefined, {
    group: "Statements",
    commands: ["sql"],
    doc: "how rows are printed: table, csv, or json, one object a line",
    defaultDoc: "table in a terminal, else json",
    onlyFlag: true,
  }),
  timeout: setting(duration(1, 86_400_000), 60_000, {
    group: "Statements",
    commands: ["sql"],
    doc: "a statement that takes longer is ended",
  }),
  maxMemoryMb: setting(integer(64, 1_000_000), 512, {
    group: "Statements",
    commands: ["sql"],
    doc: "memory of a statement; beyond it, parts go to temporary files",
  }),
} as const;
