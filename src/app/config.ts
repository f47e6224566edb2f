import { type AlertRule, ruleText } from "../alerts/rule.ts";
import type { ArchivePolicy } from "../archive/archive-policy.ts";
import { UsageError } from "../core/errors.ts";
import { DEFAULT_EVENT_RULES, type EventRules } from "../events/event.ts";
import { presetOf, sourceOf } from "../events/field-source.ts";
import type { KafkaOptions } from "../kafka/options.ts";
import { arrivalsQuery } from "../queries/arrivals.ts";
import { rowPlans } from "../queries/data-quality.ts";
import type { QueryPlan, WindowSettings } from "../queries/plan.ts";
import { sessionQueries } from "../queries/sessions.ts";
import { checkColumnNames } from "../sinks/postgres/columns.ts";
import { type RuleSurroundings, resolveAlertRules } from "./config/alert-rules.ts";
import { checkSettings } from "./config/check.ts";
import { type ConfigFile, readConfigFile } from "./config/config-file.ts";
import { resolveExtraFields, resolveFields } from "./config/field-mapping.ts";
import { type PostgresDestination, postgresOf } from "./config/postgres.ts";
import { type Origins, resolveSettings, type Sources } from "./config/resolve.ts";
import { securityOf } from "./config/security.ts";
import {
  type CommandName,
  SETTING_NAMES,
  type SettingName,
  type Settings,
  settingOf,
} from "./config/settings.ts";
import { resolveQueries } from "./config/user-queries.ts";

/** What a command runs with: checked settings, where each came from, and the queries. */
export interface Config {
  command: CommandName;
  settings: Settings;
  origins: Origins;
  rules: EventRules;
  queries: readonly QueryPlan[];
  alertRules: readonly AlertRule[];
}

/** What the engine runs with. */
export interface PipelineSettings {
  kafka: KafkaOptions;
  topic: string;
  output: string;
  windows: WindowSettings;
  rules: EventRules;
  queries: readonly QueryPlan[];
  commitEveryMs: number;
  idleAfterMs: number;
  refreshEveryMs: number;
  workers: number;
  maxStateMb: number;
  onDataLoss: "stop" | "skip";
  deadLetterTopic: string;
  /** Consumer group that shows the positions to others; null for none. */
  group: string | null;
  /** Write `data_quality`: expected is the median ± so many times the median deviation; null: do not. */
  qualityFactor: number | null;
  /** What becomes of older results. */
  archive: ArchivePolicy;
  /** Database that gets the results, too. */
  postgres: PostgresDestination | undefined;
  /** Stop at the last stable offsets of when the run begins. */
  untilEnd: boolean;
  /** With `untilEnd`: then close every open window. */
  finish: boolean;
}

/** The environment of this process. Whoever needs a variable is handed it from here. */
export const environment: Readonly<Record<string, string | undefined>> = process.env;

/** What a config is read from. */
export interface ConfigInput {
  command: CommandName;
  /** Flags given, by setting name. */
  flags: Partial<Record<SettingName, unknown>>;
  /** Path of the config file, from `--config`. */
  configPath?: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** Working folder: where `clickstream.config.ts` is looked for. */
  folder: string;
  /** Cores of the machine. */
  cores: number;
  /** Nodes of the local Kafka that the working folder knows. */
  localBrokers?: readonly string[];
}

/**
 * Reads flags, environment and config file.
 * @throws UsageError for anything unknown or impossible, by name.
 */
export async function readConfig({ configPath, folder, ...given }: ConfigInput): Promise<Config> {
  const file = await readConfigFile(folder, configPath ?? (given.env.CLICKSTREAM_CONFIG || undefined));
  return configOf({ file, ...given });
}

/**
 * Settings and queries from sources that have been read.
 * @throws UsageError for anything unknown or impossible, by name.
 */
export function configOf({ command, file, ...given }: Sources): Config {
  const { settings, origins } = resolveSettings({ command, file, ...given });
  checkSettings(command, settings, origins);
  const rules = eventRules(settings, file);
  if (settings.dedupe) refuseSharedIds(rules);
  if (command === "run") refuseMapping(rules);
  const { window: sizeMs, slide: slideMs } = settings;
  const sessions = settings.sessions ? wholeSessions(settings) : [];
  // Spark has none, and a config file may hold settings of both engines.
  const watchesData = settings.dataQuality && settings.engine === "embedded";
  const added = [...sessions, ...(watchesData ? [arrivalsQuery({ sizeMs, slideMs })] : [])];
  const queries = resolveQueries(file, { standard: settings.standardQueries, rules, added });
  if (settings.postgres !== undefined) checkColumnNames(queries);
  const watchable = rowPlans(queries, { sizeMs, slideMs });
  const alertRules = alerting(command) ? resolveAlertRules(file, surroundings(settings, watchable)) : [];
  return { command, settings, origins, rules, queries, alertRules };
}

/** How to connect to the Kafka of `--brokers`, or to the local one at `brokers`, under a name. */
export function kafkaOptions(
  { settings }: Config,
  brokers: readonly string[],
  clientId: string,
): KafkaOptions {
  const rack = settings.rack === undefined ? {} : { rack: settings.rack };
  return { brokers, clientId, ...rack, security: securityOf(settings) };
}

/** The settings of the engine. `brokers` are those of the config unless a local Kafka was started. */
export function pipelineSettings(config: Config, brokers = config.settings.brokers ?? []): PipelineSettings {
  const { settings, rules, queries } = config;
  return {
    kafka: kafkaOptions(config, brokers, "clickstream"),
    topic: settings.topic,
    output: settings.output,
    windows: {
      sizeMs: settings.window,
      slideMs: settings.slide,
      delayMs: settings.delay,
      maxAheadMs: settings.maxAhead,
      ...(settings.dedupe ? { dedupe: true } : {}),
    },
    rules,
    queries,
    commitEveryMs: settings.commitEvery,
    idleAfterMs: settings.idleAfter,
    refreshEveryMs: settings.refreshEvery,
    workers: settings.workers!,
    maxStateMb: settings.maxStateMb,
    onDataLoss: settings.onDataLoss,
    deadLetterTopic: settings.deadLetterTopic!,
    group: settings.groupPositions ? settings.group! : null,
    qualityFactor: settings.dataQuality ? settings.qualityFactor : null,
    archive: archivePolicy(settings),
    postgres: postgresOf(settings),
    untilEnd: settings.untilEnd,
    finish: settings.finish,
  };
}

/** What shall become of older results. */
export function archivePolicy({ compact, keep }: Settings): ArchivePolicy {
  return { compact, keepMs: keep ?? null };
}

/** For `--print-config`: each setting of the command as a person would write it, and where it came from. */
export function printableConfig({
  command,
  settings,
  origins,
  rules,
  queries,
  alertRules,
}: Config): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const name of SETTING_NAMES) {
    const { commands, kind } = settingOf(name);
    if (!commands.includes(command)) continue;
    const value = settings[name];
    shown[name] = { value: value === undefined ? null : kind.format(value), from: origins[name] };
  }
  if (command === "run" || command === "process") shown.queries = queries.map((plan) => plan.name);
  if (alerting(command)) {
    shown.alertRules = Object.fromEntries(alertRules.map((rule) => [rule.name, ruleText(rule)]));
  }
  if (rules.fields !== undefined) shown.fields = rules.fields;
  if (rules.extraFields !== undefined) shown.extraFields = rules.extraFields;
  return shown;
}

function eventRules(
  { maxEventBytes, actions, deviceTypes }: Settings,
  file: ConfigFile | undefined,
): EventRules {
  const rules = {
    maxEventBytes,
    actions: [...new Set([...DEFAULT_EVENT_RULES.actions, ...actions])],
    deviceTypes: [...new Set([...DEFAULT_EVENT_RULES.deviceTypes, ...deviceTypes])],
  };
  const fields = resolveFields(file, rules);
  const extraFields = resolveExtraFields(file);
  return {
    ...rules,
    ...(fields === undefined ? {} : { fields }),
    ...(extraFields === undefined ? {} : { extraFields }),
  };
}

/** Under Spark without transitions, which is told at the start. */
function wholeSessions({
  engine,
  sessionGap,
  window: sizeMs,
  slide: slideMs,
}: Settings): readonly QueryPlan[] {
  const queries = sessionQueries(sessionGap, { sizeMs, slideMs });
  return engine === "spark" ? queries.filter(({ sessions }) => sessions?.rows === "sessions") : queries;
}

/** An id that events share would make all but one of them duplicates. */
function refuseSharedIds(rules: EventRules): void {
  if (presetOf(sourceOf(rules, "event_id")) === undefined) return;
  throw new UsageError(
    "--dedupe needs an event_id that every event has for itself, and fields.event_id gives one to many.",
    "Name the path of an id in fields.event_id, without a default, or leave out --dedupe.",
  );
}

function alerting(command: CommandName): boolean {
  return command === "run" || command === "process" || command === "alerts";
}

function surroundings(settings: Settings, queries: readonly QueryPlan[]): RuleSurroundings {
  const { engine, window: sizeMs, slide: slideMs, trigger, commitEvery } = settings;
  return {
    queries,
    windows: { sizeMs, slideMs },
    commitEveryMs: engine === "spark" ? trigger : commitEvery,
  };
}

function refuseMapping({ fields, extraFields }: EventRules): void {
  if (fields === undefined && extraFields === undefined) return;
  const key = fields === undefined ? "extraFields" : "fields";
  throw new UsageError(
    `${key} is for other producers' events, and run generates events that need no mapping.`,
    `Use clickstream process for the events of others, or leave out ${key}.`,
  );
}
