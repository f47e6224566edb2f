import { choice, duration } from "./kinds.ts";
import { setting } from "./setting.ts";

const ARCHIVING = ["run", "process", "compact"] as const;

/** What becomes of older results. */
export const ARCHIVE_SETTINGS = {
  compact: setting(choice("format", ["none", "json", "parquet"] as const), "none", {
    group: "Older results",
    commands: ARCHIVING,
    doc: "make one file of a query's day when all its windows are final: none, json, parquet",
    defaultFor: { compact: "parquet" as const },
  }),
  keep: setting(duration(86_400_000), undefined, {
    group: "Older results",
    commands: ARCHIVING,
    doc: "whole days of results to keep, counted back from the day of the newest",
    defaultDoc: "all",
  }),
} as const;
