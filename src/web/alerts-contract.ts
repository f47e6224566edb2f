/** What the API tells of alerts; part of `api.ts`, whose rules hold. */
import { z } from "zod";

const count = z.int().nonnegative();
const timeMs = z.int();
const alertKey = z
  .record(z.string(), z.string())
  .describe("Key columns and values; empty when the rule has one alert alone");
const alertTime = z.enum(["event", "wall"]).describe("Whether its times are event time or the clock's");
const severity = z.enum(["critical", "warning", "info"]);

export const alertsSchema = z.strictObject({
  evaluated: z
    .boolean()
    .describe("Whether this process evaluates rules; else all is as run or process recorded it last"),
  rules: count.describe("That hold"),
  active: z
    .array(
      z.strictObject({
        ...{ rule: z.string(), severity, key: alertKey, time: alertTime },
        phase: z.enum(["pending", "firing"]),
        sinceMs: timeMs.describe("Since when the condition holds"),
        firedMs: timeMs.nullable().describe("Null while pending"),
        value: z.number().nullable(),
        condition: z.string().describe("In words"),
        note: z.string().nullable(),
      }),
    )
    .describe("20 at most, firing ones first"),
  firing: count.describe("Of all, also those that are not told here"),
  pending: count.describe("Likewise"),
  recent: z
    .array(
      z.strictObject({
        id: z.string().describe("As sinks were told"),
        ...{ rule: z.string(), severity, key: alertKey, time: alertTime },
        state: z.enum(["firing", "resolved"]),
        atMs: timeMs,
        value: z.number().nullable(),
      }),
    )
    .describe("The latest changes, newest first, 5 at most"),
  undelivered: z.record(z.string(), count).describe("By sink, how many changes it has not taken yet"),
});
export type Alerts = z.infer<typeof alertsSchema>;
