import type { Kind } from "./kinds.ts";

/** The commands of the command line; `kafka`, `spark`, `dlq` and `state` stand for their subcommands. */
export type CommandName =
  | "run"
  | "generate"
  | "process"
  | "serve"
  | "verify"
  | "explain"
  | "dlq"
  | "alerts"
  | "sql"
  | "compact"
  | "state"
  | "kafka"
  | "spark"
  | "doctor";

/** Headings of the help, in order. */
export type SettingGroup =
  | "Topic"
  | "Security"
  | "Generated events"
  | "Windows"
  | "Accepted events"
  | "Processing"
  | "Page and API"
  | "Older results"
  | "PostgreSQL"
  | "Alerts"
  | "Dead letters"
  | "Statements"
  | "Local Kafka"
  | "Spark"
  | "Logs";

/** One row of the table: flag, environment variable, config key, default and documentation derive from it. */
export interface Setting<T = unknown, D extends T | undefined = T | undefined, W = unknown> {
  readonly kind: Kind<T, W>;
  readonly doc: string;
  readonly commands: readonly CommandName[];
  /** Heading in the help. */
  readonly group: SettingGroup;
  /** Undefined when there is none, or when it depends on other settings (`resolve.ts`). */
  readonly default: D;
  /** Where a command differs from `default`. */
  readonly defaultFor?: Partial<Record<CommandName, T>>;
  /** Says in the help what an undefined default means. */
  readonly defaultDoc?: string;
  /** For what must never linger in a file or an environment. */
  readonly onlyFlag?: true;
  /** For secrets: a flag shows in the process list, and files are kept with the code. */
  readonly onlyVariable?: true;
}

type Details = Omit<Setting, "kind" | "default" | "defaultFor">;
/** A row; `undefined` stands for no default. */
export function setting<T, W>(
  kind: Kind<T, W>,
  value: T,
  details: Details & Pick<Setting<T>, "defaultFor">,
): Setting<T, T, W>;
export function setting<T, W>(
  kind: Kind<T, W>,
  value: undefined,
  details: Details & Pick<Setting<T>, "defaultFor">,
): Setting<T, T | undefined, W>;
export function setting<T>(kind: Kind<T>, value: T | undefined, details: Details): unknown {
  return { kind, default: value, ...details };
}

/** The commands that work on a topic. */
export const ON_TOPIC = ["run", "generate", "process", "verify", "dlq"] as const;

/** The commands that connect to a Kafka of others. */
export const CONNECTING = [...ON_TOPIC, "explain"] as const;

/** Every command that has settings. */
export const ANY = [
  "run",
  "generate",
  "process",
  "serve",
  "verify",
  "explain",
  "dlq",
  "alerts",
  "sql",
  "compact",
  "state",
  "kafka",
  "spark",
  "doctor",
] as const;
