import { fieldEdits, integer, momentOrAgo, toggle, words } from "./kinds.ts";
import { setting } from "./setting.ts";

/** Settings of `dlq`: which letters, and what to do with them. */
export const DEAD_LETTER_SETTINGS = {
  reason: setting(words("reason"), [], {
    group: "Dead letters",
    commands: ["dlq"],
    doc: "only letters with these reasons; missing_field stands for every field",
    onlyFlag: true,
  }),
  since: setting(momentOrAgo, undefined, {
    group: "Dead letters",
    commands: ["dlq"],
    doc: "only events that came to Kafka since then, or that long ago",
    defaultDoc: "all",
    onlyFlag: true,
  }),
  limit: setting(integer(1), undefined, {
    group: "Dead letters",
    commands: ["dlq"],
    doc: "letters at most: the latest to show, the first to replay",
    defaultDoc: "20 for show, all for replay",
    onlyFlag: true,
  }),
  json: setting(toggle, false, {
    group: "Dead letters",
    commands: ["dlq"],
    doc: "print JSON: one object, for show one a letter",
    onlyFlag: true,
  }),
  fix: setting(fieldEdits, [], {
    group: "Dead letters",
    commands: ["dlq"],
    doc: "replay with this text in a field (field:=… takes JSON); may be given several times",
    onlyFlag: true,
  }),
  maxAttempts: setting(integer(1, 1_000_000), 5, {
    group: "Dead letters",
    commands: ["dlq"],
    doc: "events that were sent so many times are not replayed",
  }),
  dryRun: setting(toggle, false, {
    group: "Dead letters",
    commands: ["dlq"],
    doc: "say what a replay would do, and send nothing",
    onlyFlag: true,
  }),
  yes: setting(toggle, false, {
    group: "Dead letters",
    commands: ["dlq"],
    doc: "replay without asking, also what would not be counted",
    onlyFlag: true,
  }),
} as const;
