import { z } from "zod";
import {
  EVENT_FIELDS,
  EXTRA_FIELD_NAME,
  type ExtraField,
  type FieldSource,
  type KeyField,
  type NumberSource,
} from "../events/event.ts";
import type { Measure, QueryPlan } from "../queries/plan.ts";
import { MANIFEST_FORMAT, type Manifest } from "./manifest.ts";

const count = z.int().nonnegative();
const timeMs = z.int();
const keyField = z.custom<KeyField>(
  (name) => typeof name === "string" && name !== "timestamp" && EXTRA_FIELD_NAME.test(name),
  "it is no field to group by or count",
);
const extraField = z.custom<ExtraField>((name) => typeof name === "string" && EXTRA_FIELD_NAME.test(name));

const measureSchema: z.ZodType<Measure> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("count") }),
  z.strictObject({ kind: z.literal("countWhere"), field: keyField, value: z.string() }),
  z.strictObject({ kind: z.literal("countDistinct"), field: keyField }),
  z.strictObject({ kind: z.literal("minTime") }),
  z.strictObject({ kind: z.literal("maxTime") }),
  z.strictObject({ kind: z.literal("timeSpan"), field: keyField, pick: z.enum(["sum", "longest"]) }),
  z.strictObject({ kind: z.enum(["sum", "min", "max", "first", "last", "single"]), field: keyField }),
]);

/** A query plan as untrusted data: a file, a user's config. */
export const queryPlanSchema: z.ZodType<QueryPlan> = z.strictObject({
  name: z.string(),
  by: z.array(keyField),
  measures: z.record(z.string(), measureSchema),
  windows: z.strictObject({ sizeMs: count, slideMs: count }).optional(),
  sessions: z
    .strictObject({ gapMs: count, paneMs: count, rows: z.enum(["sessions", "transitions"]) })
    .optional(),
  arrivals: z.literal(true).optional(),
});

const fieldSourceSchema: z.ZodType<FieldSource> = z.union([
  z.strictObject({ value: z.string() }),
  z.strictObject({
    path: z.array(z.string()),
    default: z.string().optional(),
    map: z.record(z.string(), z.string()).optional(),
  }),
]);

const numberSourceSchema: z.ZodType<NumberSource> = z.strictObject({
  path: z.array(z.string()),
  type: z.literal("number"),
  default: z.string().optional(),
});

const partitionSchema = z.strictObject({
  partition: count,
  startOffset: count,
  position: count,
  greatestMs: timeMs.nullable(),
  floors: z.array(z.strictObject({ offset: count, floorMs: timeMs })),
  lost: z.array(z.strictObject({ from: count, to: count })),
  read: count,
  counted: count,
  duplicates: count.optional(),
  late: count,
  dead: z.record(z.string(), count),
});

/** `output/manifest.json` as untrusted data. The type annotation keeps it in step with `Manifest`. */
export const manifestSchema: z.ZodType<Manifest> = z.strictObject({
  format: z.literal([1, MANIFEST_FORMAT]),
  engine: z.enum(["embedded", "spark"]),
  topic: z.strictObject({ name: z.string(), id: z.string() }),
  windows: z.strictObject({
    sizeMs: count,
    slideMs: count,
    delayMs: count,
    maxAheadMs: count,
    dedupe: z.literal(true).optional(),
  }),
  rules: z.strictObject({
    maxEventBytes: count,
    actions: z.array(z.string()),
    deviceTypes: z.array(z.string()),
    fields: z.partialRecord(z.enum(EVENT_FIELDS), fieldSourceSchema).optional(),
    extraFields: z.record(extraField, z.union([fieldSourceSchema, numberSourceSchema])).optional(),
  }),
  queries: z.array(queryPlanSchema),
  closedThroughMs: timeMs.nullable(),
  partitions: z.array(partitionSchema),
  idle: z.array(count).optional(),
  totals: z.strictObject({ read: count, dead: count, droppedRows: count }).optional(),
});
