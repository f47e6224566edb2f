import { ALERT_SETTINGS } from "./alert-settings.ts";
import { ARCHIVE_SETTINGS } from "./archive-settings.ts";
import { DEAD_LETTER_SETTINGS } from "./dead-letter-settings.ts";
import {
  brokers,
  choice,
  duration,
  integer,
  moment,
  rate,
  share,
  text,
  toggle,
  topicName,
  words,
} from "./kinds.ts";
import { POSTGRES_SETTINGS } from "./postgres-settings.ts";
import { SECURITY_SETTINGS } from "./security-settings.ts";
import { ANY, CONNECTING, ON_TOPIC, type Setting, setting } from "./setting.ts";
import { sparkAddress } from "./spark-address.ts";
import { STATEMENT_SETTINGS } from "./statement-settings.ts";
import { WEB_SETTINGS } from "./web-settings.ts";

export type { CommandName, Setting, SettingGroup } from "./setting.ts";

const LOCAL = ["127.0.0.1:9092"];
const GENERATING = ["run", "generate"] as const;
const PROCESSING = ["run", "process"] as const;
/** What decides which rows there are for alert rules. */
const WITH_ALERTS = [...PROCESSING, "alerts"] as const;

/** Every setting of the program, in the order of the help. */
export const SETTINGS = {
  brokers: setting(brokers, undefined, {
    group: "Topic",
    commands: CONNECTING,
    doc: "Kafka to use",
    defaultFor: { generate: LOCAL, process: LOCAL, verify: LOCAL, explain: LOCAL, dlq: LOCAL },
    defaultDoc: "a local Kafka, started for you",
  }),
  topic: setting(topicName, "clickstream", {
    group: "Topic",
    commands: ON_TOPIC,
    doc: "topic of the click events",
  }),
  partitions: setting(integer(1, 10_000), 4, {
    group: "Topic",
    commands: GENERATING,
    doc: "partitions of the topic when it has to be created",
  }),
  ...SECURITY_SETTINGS,
  events: setting(integer(0, 1e12), 10_000_000, {
    group: "Generated events",
    commands: GENERATING,
    doc: "events that the topic holds in the end, before live ones",
  }),
  rate: setting(rate, null, {
    group: "Generated events",
    commands: GENERATING,
    doc: "events a second; for run those of the live part",
    defaultFor: { run: 1_000 },
  }),
  batch: setting(integer(1, 100_000), 1_000, {
    group: "Generated events",
    commands: GENERATING,
    doc: "events handed to Kafka at once",
  }),
  seed: setting(integer(0, 0xffff_ffff), 1, {
    group: "Generated events",
    commands: GENERATING,
    doc: "the same seed gives the same visitors",
  }),
  users: setting(integer(1, 10_000_000), 1_000, {
    group: "Generated events",
    commands: GENERATING,
    doc: "visitors of the shop",
  }),
  start: setting(moment, undefined, {
    group: "Generated events",
    commands: GENERATING,
    doc: "event time of the first event",
    defaultDoc: "so that the last of --events is now",
  }),
  late: setting(share, 0.001, {
    group: "Generated events",
    commands: GENERATING,
    doc: "share of events that come too late",
  }),
  outOfOrder: setting(duration(0, 3_600_000), 30_000, {
    group: "Generated events",
    commands: GENERATING,
    doc: "how far event times are out of order",
  }),
  broken: setting(share, 0.0001, {
    group: "Generated events",
    commands: GENERATING,
    doc: "share of events that are broken",
  }),
  duplicates: setting(share, 0, {
    group: "Generated events",
    commands: GENERATING,
    doc: "share of events that repeat an earlier one",
  }),
  compression: setting(choice("codec", ["none", "lz4", "zstd", "gzip", "snappy"]), "none", {
    group: "Generated events",
    commands: GENERATING,
    doc: "compression of produced batches: none, lz4, zstd, gzip, snappy",
  }),
  live: setting(toggle, true, {
    group: "Generated events",
    commands: ["run"],
    doc: "do not go on with live events after --events",
  }),
  exit: setting(toggle, false, {
    group: "Generated events",
    commands: ["run"],
    doc: "end after --events and close every open window",
  }),
  fresh: setting(toggle, false, {
    group: "Generated events",
    commands: ["run"],
    doc: "first delete what this program created: its topics on the local Kafka, its output",
    onlyFlag: true,
  }),
  output: setting(text("dir"), "output", {
    group: "Processing",
    commands: [
      "run",
      "process",
      "serve",
      "verify",
      "explain",
      "dlq",
      "alerts",
      "sql",
      "compact",
      "state",
      "doctor",
    ],
    doc: "folder of the results",
  }),
  window: setting(duration(1_000), 300_000, {
    group: "Windows",
    commands: PROCESSING,
    doc: "length of a window",
  }),
  slide: setting(duration(1_000), 60_000, {
    group: "Windows",
    commands: PROCESSING,
    doc: "time from one window to the next",
  }),
  delay: setting(duration(1), 600_000, {
    group: "Windows",
    commands: PROCESSING,
    doc: "how long a window waits for events that come out of order",
  }),
  maxAhead: setting(duration(0), 60_000, {
    group: "Windows",
    commands: PROCESSING,
    doc: "an event further ahead of its Kafka timestamp is a dead letter; below --delay",
  }),
  idleAfter: setting(duration(1), 60_000, {
    group: "Windows",
    commands: PROCESSING,
    doc: "a partition without events for so long holds no window open",
  }),
  engine: setting(choice("embedded|spark", ["embedded", "spark"]), "embedded", {
    group: "Processing",
    commands: PROCESSING,
    doc: "what computes: this process, or Spark; an output belongs to one of them",
  }),
  commitEvery: setting(duration(10, 3_600_000), 1_000, {
    group: "Processing",
    commands: PROCESSING,
    doc: "time between commits",
  }),
  refreshEvery: setting(duration(100, 86_400_000), 30_000, {
    group: "Processing",
    commands: PROCESSING,
    doc: "time between looks for partitions that the topic has gained",
  }),
  rack: setting(text("name"), undefined, {
    group: "Processing",
    commands: PROCESSING,
    doc: "rack or zone of this machine: read from followers there, as far as the brokers propose them",
    defaultDoc: "read from leaders",
  }),
  workers: setting(integer(1, 256), undefined, {
    group: "Processing",
    commands: PROCESSING,
    doc: "threads that read and count",
    defaultDoc: "one a core, at most 8",
  }),
  maxStateMb: setting(integer(1, 1_000_000), 1_024, {
    group: "Processing",
    commands: PROCESSING,
    doc: "stop, without loss, when open windows need more memory",
  }),
  onDataLoss: setting(choice("stop|skip", ["stop", "skip"]), "stop", {
    group: "Processing",
    commands: PROCESSING,
    doc: "when Kafka dropped events before they were read: stop, or go on and count the loss",
  }),
  deadLetterTopic: setting(topicName, undefined, {
    group: "Processing",
    commands: ["run", "process", "dlq"],
    doc: "topic of events that can't be counted",
    defaultDoc: "<topic>.dlq",
  }),
  group: setting(text("name"), undefined, {
    group: "Processing",
    commands: PROCESSING,
    doc: "consumer group that shows the committed positions, for tools that show lag",
    defaultDoc: "clickstream-<name of the output folder>",
  }),
  groupPositions: setting(toggle, true, {
    group: "Processing",
    commands: PROCESSING,
    doc: "show the positions in no consumer group",
  }),
  maxEventBytes: setting(integer(1, 1_073_741_824), 1_048_576, {
    group: "Accepted events",
    commands: PROCESSING,
    doc: "a larger event is a dead letter",
  }),
  dedupe: setting(toggle, false, {
    group: "Accepted events",
    commands: PROCESSING,
    doc: "count an event once, however often producers repeat its event_id",
  }),
  actions: setting(words("action"), [], {
    group: "Accepted events",
    commands: PROCESSING,
    doc: "actions accepted beside click, view, scroll, hover",
  }),
  deviceTypes: setting(words("type"), [], {
    group: "Accepted events",
    commands: PROCESSING,
    doc: "device types accepted beside mobile, desktop, tablet",
  }),
  dataQuality: setting(toggle, false, {
    group: "Processing",
    commands: WITH_ALERTS,
    doc: "write what each window says of the data, against the same hour of the days before",
  }),
  qualityFactor: setting(integer(1, 1_000), 6, {
    group: "Processing",
    commands: [...PROCESSING, "verify"],
    doc: "with --data-quality: as expected is the median ± so many times the median deviation",
  }),
  standardQueries: setting(toggle, true, {
    group: "Processing",
    commands: PROCESSING,
    doc: "run only the queries of the config file",
  }),
  sessions: setting(toggle, false, {
    group: "Processing",
    commands: WITH_ALERTS,
    doc: "also write whole sessions, and how often one page follows another in them",
  }),
  sessionGap: setting(duration(1_000, 86_400_000), 1_800_000, {
    group: "Windows",
    commands: PROCESSING,
    doc: "silence that ends a session, with --sessions",
  }),
  untilEnd: setting(toggle, false, {
    group: "Processing",
    commands: ["process"],
    doc: "stop at the end that the topic has when the run begins",
  }),
  finish: setting(toggle, false, {
    group: "Processing",
    commands: ["process"],
    doc: "with --until-end: then close every open window",
  }),
  ...WEB_SETTINGS,
  ...ARCHIVE_SETTINGS,
  ...POSTGRES_SETTINGS,
  ...ALERT_SETTINGS,
  ...DEAD_LETTER_SETTINGS,
  ...STATEMENT_SETTINGS,
  port: setting(integer(1, 65_535), undefined, {
    group: "Local Kafka",
    commands: ["kafka", "run", "doctor"],
    doc: "port of the local Kafka, on 127.0.0.1",
    defaultDoc: "as the last time, else 9092",
  }),
  dir: setting(text("dir"), ".clickstream/kafka", {
    group: "Local Kafka",
    commands: ["kafka", "run", "doctor"],
    doc: "folder of the local Kafka",
  }),
  nodes: setting(integer(1, 9), undefined, {
    group: "Local Kafka",
    commands: ["kafka"],
    doc: "nodes of the local Kafka, fixed with its first start",
    defaultDoc: "as the last time, else 1",
  }),
  spark: setting(sparkAddress, undefined, {
    group: "Spark",
    commands: PROCESSING,
    doc: "Spark Connect server to use: sc://host:port/;use_ssl=true;token=…",
    defaultDoc: "a local cluster, started for you",
  }),
  executors: setting(integer(1, 64), undefined, {
    group: "Spark",
    commands: ["run", "process", "spark"],
    doc: "executors of the local Spark, of one core each",
    defaultDoc: "one a core",
  }),
  trigger: setting(duration(0, 86_400_000), 60_000, {
    group: "Spark",
    commands: PROCESSING,
    doc: "time from the start of one batch to the next; 0: at once",
  }),
  maxOffsetsPerTrigger: setting(integer(1), undefined, {
    group: "Spark",
    commands: PROCESSING,
    doc: "records that a query reads in one batch at most",
    defaultDoc: "1,000,000 for each executor",
  }),
  shufflePartitions: setting(integer(1, 100_000), undefined, {
    group: "Spark",
    commands: PROCESSING,
    doc: "partitions of the state, fixed with the first start",
    defaultDoc: "one an executor; 8 with --spark",
  }),
  stateStore: setting(choice("rocksdb|hdfs", ["rocksdb", "hdfs"]), undefined, {
    group: "Spark",
    commands: PROCESSING,
    doc: "where executors keep state, fixed with the first start: on disk, or in memory",
    defaultDoc: "rocksdb",
  }),
  sparkDir: setting(text("dir"), ".clickstream/spark", {
    group: "Spark",
    commands: ["run", "process", "spark"],
    doc: "folder of the local Spark",
  }),
  logLevel: setting(choice("level", ["trace", "debug", "info", "warn", "error", "silent"]), "info", {
    group: "Logs",
    commands: ANY,
    doc: "least level of logs: trace, debug, info, warn, error, silent",
  }),
  logFile: setting(text("file"), undefined, {
    group: "Logs",
    commands: ANY,
    doc: "write logs to a file, as JSON",
    defaultDoc: "stderr",
  }),
} as const satisfies Record<string, Setting>;

/** Key of a setting in the config file. */
export type SettingName = keyof typeof SETTINGS;

type ValueOf<S> = S extends Setting<infer T, infer D> ? (undefined extends D ? T | undefined : T) : never;

/** Every setting's value. Those of other commands hold their defaults. Durations and times in ms. */
export type Settings = { readonly [N in SettingName]: ValueOf<(typeof SETTINGS)[N]> };

/** How a config file writes a setting. */
export type Written<N extends SettingName> = NonNullable<(typeof SETTINGS)[N]["kind"]["written"]>;

/** All names, in the order of the table. */
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** The row of a setting, with its value's type widened. */
export const settingOf = (name: SettingName): Setting => SETTINGS[name] as unknown as Setting;

/** `maxAhead` → `--max-ahead`; a switch that is on by default has the flag that turns it off. */
export function flagOf(name: SettingName): string {
  const kebab = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return settingOf(name).default === true ? `--no-${kebab}` : `--${kebab}`;
}

/** What a person sets it with: its flag, or the variable of a secret. */
export function sourceOf(name: SettingName): string {
  return settingOf(name).onlyVariable ? variableOf(name) : flagOf(name);
}

/** `maxAhead` → `CLICKSTREAM_MAX_AHEAD`. */
export function variableOf(name: SettingName): string {
  return `CLICKSTREAM_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
