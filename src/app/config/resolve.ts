import { basename, resolve } from "node:path";
import { UsageError } from "../../core/errors.ts";
import type { ConfigFile } from "./config-file.ts";
import { nearest } from "./nearest.ts";
import {
  type CommandName,
  flagOf,
  SETTING_NAMES,
  type SettingName,
  type Settings,
  settingOf,
  variableOf,
} from "./settings.ts";

/** All that can set a setting, strongest first after the command. */
export interface Sources {
  command: CommandName;
  /** Flags given, by setting name. */
  flags: Partial<Record<SettingName, unknown>>;
  env: Readonly<Record<string, string | undefined>>;
  file: ConfigFile | undefined;
  /** Cores of the machine, for the default of `workers`. */
  cores: number;
  /** Nodes of the local Kafka that the working folder knows, for the default of `brokers`; none when it knows none. */
  localBrokers?: readonly string[];
}

/** Where a value came from: `flag --events`, `variable CLICKSTREAM_EVENTS`, `file clickstream.config.ts`, `default`. */
export type Origins = Readonly<Record<SettingName, string>>;

/** Variables that are read elsewhere in the program's start but share the prefix. */
const OTHER_VARIABLES = ["CLICKSTREAM_CONFIG"];
const OTHER_KEYS = ["queries", "fields", "extraFields", "alertRules"];

/**
 * Settings by precedence: flags, environment, file, default.
 * @throws UsageError for an unknown variable or key, or a value that can't be read, by name.
 */
export function resolveSettings(sources: Sources): { settings: Settings; origins: Origins } {
  refuseUnknownVariables(sources.env);
  if (sources.file !== undefined) refuseUnknownKeys(sources.file);
  const settings: Record<string, unknown> = {};
  const origins: Record<string, string> = {};
  for (const name of SETTING_NAMES) {
    const { value, origin } = pick(name, sources);
    settings[name] = value;
    origins[name] = origin;
  }
  settings.workers ??= Math.min(8, sources.cores);
  settings.deadLetterTopic ??= `${settings.topic}.dlq`;
  settings.group ??= `clickstream-${basename(resolve(String(settings.output)))}`;
  return { settings: settings as unknown as Settings, origins: origins as Origins };
}

function pick(
  name: SettingName,
  { command, flags, env, file, localBrokers = [] }: Sources,
): { value: unknown; origin: string } {
  const variable = variableOf(name);
  const row = settingOf(name);
  if (flags[name] !== undefined) {
    return { value: read(name, flags[name], flagOf(name)), origin: `flag ${flagOf(name)}` };
  }
  if (env[variable]) return { value: read(name, env[variable], variable), origin: `variable ${variable}` };
  const inFile = file?.values[name];
  if (file !== undefined && inFile !== undefined) {
    return { value: read(name, inFile, `${name} in ${file.path}`), origin: `file ${file.path}` };
  }
  const value = row.defaultFor?.[command] ?? row.default;
  if (name === "brokers" && value !== undefined && localBrokers.length > 0) {
    return { value: localBrokers, origin: "the local Kafka of this folder" };
  }
  return { value, origin: "default" };
}

function read(name: SettingName, raw: unknown, source: string): unknown {
  const { kind } = settingOf(name);
  const parsed = kind.schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const shown = typeof raw === "function" ? "a function" : JSON.stringify(raw);
  throw new UsageError(`${source} must be ${kind.hint}, not ${shown}.`, `Correct ${source}.`);
}

function refuseUnknownVariables(env: Sources["env"]): void {
  const known = new Map<string, SettingName>(SETTING_NAMES.map((name) => [variableOf(name), name]));
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith("CLICKSTREAM_") || OTHER_VARIABLES.includes(variable)) continue;
    const name = known.get(variable);
    if (name === undefined) throw unknown("variable", variable, [...known.keys(), ...OTHER_VARIABLES]);
    if (settingOf(name).onlyFlag) throw flagOnly(variable, name);
  }
}

function refuseUnknownKeys(file: ConfigFile): void {
  for (const key of Object.keys(file.values)) {
    if (OTHER_KEYS.includes(key)) continue;
    const name = SETTING_NAMES.find((known) => known === key);
    if (name === undefined) throw unknown(`key in ${file.path}`, key, [...SETTING_NAMES, ...OTHER_KEYS]);
    if (settingOf(name).onlyFlag) throw flagOnly(`${key} in ${file.path}`, name);
    if (settingOf(name).onlyVariable) throw variableOnly(`${key} in ${file.path}`, name);
  }
}

function unknown(what: string, word: string, candidates: readonly string[]): UsageError {
  const guess = nearest(word, candidates);
  return new UsageError(
    `Unknown ${what}: ${word}.`,
    guess === undefined
      ? 'Run "clickstream run --print-config" to see all settings.'
      : `Did you mean ${guess}?`,
  );
}

function variableOnly(source: string, name: SettingName): UsageError {
  return new UsageError(
    `${source} is not allowed: config files are kept with the code.`,
    `Set the environment variable ${variableOf(name)}.`,
  );
}

function flagOnly(source: string, name: SettingName): UsageError {
  return new UsageError(
    `${source} is not allowed.`,
    `Give ${flagOf(name)} on the command line, each time it is meant.`,
  );
}
