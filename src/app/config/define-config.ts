import type { QueryPlan } from "../../queries/plan.ts";
import type { SettingName } from "./settings.ts";

/**
 * What `clickstream.config.ts` exports by default: any setting by its name, written as on the command line
 * (`window: "10 minutes"`) or as a plain value, and queries of one's own.
 */
export type ClickstreamConfig = {
  readonly [N in Exclude<SettingName, "fresh">]?: string | number | boolean | readonly string[];
} & {
  /** Run beside the standard queries (`standardQueries: false` leaves those out). */
  readonly queries?: readonly QueryPlan[];
};

/** Gives a config file its types. It is checked when the program reads it. */
export function defineConfig(config: ClickstreamConfig): ClickstreamConfig {
  return config;
}
