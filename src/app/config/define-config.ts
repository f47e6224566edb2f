import type { QueryPlan } from "../../queries/plan.ts";
import type { WrittenAlertRules } from "./alert-rules.ts";
import type { ExtraFields, FieldMapping } from "./field-mapping.ts";
import type { SettingName, Written } from "./settings.ts";

/** Settings that stand for one call and never in a file. */
type OnlyFlag = "fresh" | "reason" | "since" | "limit" | "json" | "fix" | "dryRun" | "yes" | "from" | "to";

/**
 * What `clickstream.config.ts` exports by default: any setting by its name, written as on the command line
 * (`window: "10 minutes"`, `events: 1_000_000`, `live: false`), and queries of one's own.
 */
export type ClickstreamConfig = {
  readonly [N in Exclude<SettingName, OnlyFlag | "saslPassword" | "alertWebhookSecret">]?:
    | Written<N>
    | undefined;
} & {
  /** Run beside the standard queries (`standardQueries: false` leaves those out). */
  readonly queries?: readonly QueryPlan[] | undefined;
  /** Where events hold our fields, when their producer names or nests them otherwise. Fields left out are as ours. */
  readonly fields?: FieldMapping | undefined;
  /** Text and number fields beside those of every event, for queries: their names, and where events hold them. */
  readonly extraFields?: ExtraFields | undefined;
  /** When a person shall be told, beside the default rules. */
  readonly alertRules?: WrittenAlertRules | undefined;
};

/** Gives a config file its types. It is checked when the program reads it. */
export function defineConfig(config: ClickstreamConfig): ClickstreamConfig {
  return config;
}
