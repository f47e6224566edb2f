/** What `import … from "clickstream"` gives a config file or a program. */
export { ClickstreamError, UsageError } from "../core/errors.ts";
export type { EventField, KeyField } from "../events/event.ts";
export type { Measure, QueryPlan } from "../queries/plan.ts";
export {
  count,
  countDistinct,
  countWhere,
  max,
  maxTime,
  min,
  minTime,
  query,
  sum,
  timeSpan,
} from "../queries/query.ts";
export { type ProcessOptions, type ProcessOutcome, process } from "./api/process.ts";
export { type ClickstreamConfig, defineConfig } from "./config/define-config.ts";
export type { ExtraFields, FieldMapping } from "./config/field-mapping.ts";
export type { EngineSnapshot } from "./progress/snapshot.ts";
