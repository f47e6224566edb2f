import { formatDuration } from "../../core/durations.ts";
import { UsageError } from "../../core/errors.ts";
import { parseEndpoint } from "../../engines/spark/connect/endpoint.ts";
import { generatorGroup } from "../../generator/position.ts";
import { windowsProblem } from "../../queries/window-lengths.ts";
import { parsePostgresUrl } from "../../sinks/postgres/target.ts";
import { refuseIgnoredFlags } from "./pairs.ts";
import type { Origins } from "./resolve.ts";
import { type CommandName, flagOf, type Settings } from "./settings.ts";

/**
 * Refuses settings that are fine alone and impossible together.
 * @throws UsageError naming them.
 */
export function checkSettings(command: CommandName, settings: Settings, origins: Origins): void {
  if (command === "run" || command === "process") checkWindows(settings);
  if (command === "run" || command === "generate") checkShares(settings);
  if (command === "run") checkLocalKafka(settings, origins);
  if (command === "run" || command === "process") checkEngine(settings, origins);
  checkSecurity(settings);
  checkWeb(command, settings);
  checkAlerts(settings);
  checkArchive(command, settings);
  checkPostgres(settings);
  refuseIgnoredFlags(command, settings, origins);
  if (settings.deadLetterTopic === settings.topic) {
    refuse("--dead-letter-topic is the topic that is read", "Name another topic for dead letters.");
  }
  if (settings.group === generatorGroup(settings.topic)) {
    refuse(
      `The consumer group ${settings.group} is where the generator keeps its position`,
      "Name another one with --group.",
    );
  }
  if (settings.finish && !settings.untilEnd) {
    refuse("--finish needs --until-end", "Add --until-end: an endless run never finishes its windows.");
  }
}

function checkWindows({ window, slide, delay, maxAhead }: Settings): void {
  const names = { window: "--window", slide: "--slide" };
  const problem = windowsProblem({ sizeMs: window, slideMs: slide }, names);
  if (problem !== undefined) refuse(problem.what, problem.nextStep);
  if (maxAhead >= delay) {
    refuse(
      `--max-ahead ${formatDuration(maxAhead)} is not below --delay ${formatDuration(delay)}`,
      "Choose a shorter --max-ahead or a longer --delay: else one wrong clock makes good events late.",
    );
  }
}

function checkArchive(command: CommandName, { compact, keep }: Settings): void {
  if (keep !== undefined && keep % 86_400_000 !== 0) {
    refuse(
      `--keep ${formatDuration(keep)} is not a whole number of days`,
      "Results are kept by days, such as --keep 30d.",
    );
  }
  if (command === "compact" && compact === "none" && keep === undefined) {
    refuse("There is nothing to do", "Choose --compact parquet or json, or --keep a number of days.");
  }
}

function checkAlerts(settings: Settings): void {
  const { alertWebhook, alertWebhookSecret, alertWebhookSecretFile, alertTopic } = settings;
  if (alertWebhookSecret !== undefined && alertWebhookSecretFile !== undefined) {
    refuse(
      "There is more than one source of the webhook's secret",
      "Give CLICKSTREAM_ALERT_WEBHOOK_SECRET or --alert-webhook-secret-file.",
    );
  }
  if (alertWebhook === undefined && alertWebhookSecretFile !== undefined) {
    refuse("--alert-webhook-secret-file needs --alert-webhook", "Name the address, or leave it out.");
  }
  if (alertTopic !== undefined && [settings.topic, settings.deadLetterTopic].includes(alertTopic)) {
    refuse("--alert-topic is the topic of events or of dead letters", "Name another topic for alerts.");
  }
}

function checkShares({ late, broken, duplicates }: Settings): void {
  if (late + broken + duplicates > 1) {
    refuse("--late, --broken and --duplicates are more than 1 together", "Lower one of them.");
  }
}

function checkLocalKafka({ brokers }: Settings, origins: Origins): void {
  if (brokers === undefined) return;
  for (const name of ["port", "dir"] as const) {
    if (origins[name].startsWith("flag")) {
      refuse(
        `--${name} is for a local Kafka, and --brokers names another`,
        `Leave out --${name} or --brokers.`,
      );
    }
  }
}

/** Settings that only one of the engines has; a config file may hold those of both. */
const ONLY_EMBEDDED = [
  "commitEvery",
  "idleAfter",
  "refreshEvery",
  "workers",
  "maxStateMb",
  "onDataLoss",
  "group",
  "groupPositions",
  "compact",
  "keep",
  "dataQuality",
  "qualityFactor",
] as const;
const ONLY_SPARK = [
  "spark",
  "executors",
  "trigger",
  "maxOffsetsPerTrigger",
  "shufflePartitions",
  "stateStore",
  "sparkDir",
] as const;

function checkEngine(settings: Settings, origins: Origins): void {
  const others = settings.engine === "spark" ? ONLY_EMBEDDED : ONLY_SPARK;
  const owner = settings.engine === "spark" ? "embedded" : "spark";
  for (const name of others) {
    if (origins[name].startsWith("flag")) {
      refuse(`${flagOf(name)} is for --engine ${owner}`, `Leave out ${flagOf(name)}, or choose that engine.`);
    }
  }
  if (settings.engine === "embedded") return;
  if (settings.dedupe) {
    refuse(
      "--dedupe can't be had with --engine spark: what Spark drops depends on how records come together in batches",
      "Leave out --dedupe, or use --engine embedded.",
    );
  }
  if (settings.finish) {
    refuse(
      "--finish can't be had with --engine spark: Spark closes windows by later events only",
      "Leave out --finish: open windows stay in the checkpoints for the next run.",
    );
  }
  if (settings.spark !== undefined && settings.executors !== undefined) {
    refuse("--executors is for a local Spark, and --spark names another", "Leave out one of them.");
  }
  if (settings.spark !== undefined) parseEndpoint(settings.spark);
  if (settings.sasl === "oauthbearer") {
    refuse(
      "--sasl oauthbearer can't be had with --engine spark: its executors can't run the command for a token",
      "Use --sasl scram-sha-512, or --engine embedded.",
    );
  }
}

function checkSecurity(settings: Settings): void {
  const { brokers, tls, tlsCa, tlsCert, tlsKey, sasl } = settings;
  if (brokers === undefined && (tls || sasl !== undefined)) {
    refuse(
      `--${tls ? "tls" : "sasl"} needs --brokers`,
      "The local Kafka has no security: only this machine can reach it.",
    );
  }
  if (!tls && (tlsCa ?? tlsCert ?? tlsKey) !== undefined) {
    refuse("--tls-ca, --tls-cert and --tls-key need --tls", "Add --tls.");
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    refuse("--tls-cert and --tls-key belong together", "Give both, or neither.");
  }
  checkLogin(settings);
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i;

/** What other machines can reach needs a token. */
function checkWeb(command: CommandName, { http, httpToken, httpTokenFile }: Settings): void {
  if (httpToken !== undefined && httpTokenFile !== undefined) {
    refuse("There is more than one source of the token", "Give CLICKSTREAM_HTTP_TOKEN or --http-token-file.");
  }
  if (http === "off") {
    if (command === "serve") refuse("--http off leaves serve nothing to do", "Leave it out, or name a port.");
    return;
  }
  if (!LOOPBACK.test(http.host) && (httpToken ?? httpTokenFile) === undefined) {
    refuse(
      `--http ${http.host}:${http.port} can be reached by other machines, and there is no token`,
      "Set CLICKSTREAM_HTTP_TOKEN or --http-token-file, or listen on 127.0.0.1.",
    );
  }
}

/** Exactly one source of the secret, and only what the mechanism uses. */
function checkLogin({
  sasl,
  saslUsername,
  saslPassword,
  saslPasswordFile,
  saslTokenCommand,
}: Settings): void {
  const secrets = [saslPassword, saslPasswordFile, saslTokenCommand].filter((given) => given !== undefined);
  if (sasl === undefined) {
    if (saslUsername !== undefined || saslPasswordFile !== undefined || saslTokenCommand !== undefined) {
      refuse("--sasl-username, --sasl-password-file and --sasl-token-command need --sasl", "Add --sasl.");
    }
    return;
  }
  const isToken = sasl === "oauthbearer";
  if (!isToken && saslUsername === undefined)
    refuse(`--sasl ${sasl} needs --sasl-username`, "Name the user.");
  if (!isToken && saslTokenCommand !== undefined) {
    refuse("--sasl-token-command is for --sasl oauthbearer", "Leave it out, or choose oauthbearer.");
  }
  const sources = `CLICKSTREAM_SASL_PASSWORD or --sasl-password-file${isToken ? " or --sasl-token-command" : ""}`;
  const what = isToken ? "token" : "password";
  if (secrets.length === 0) refuse(`--sasl ${sasl} has no ${what}`, `Give it by ${sources}.`);
  if (secrets.length > 1) refuse(`There is more than one source of the ${what}`, `Give one of ${sources}.`);
}

/** A URL that can't be used is told without showing it: it may hold a password. */
function checkPostgres({ postgres, postgresPassword, postgresPasswordFile }: Settings): void {
  if (postgres !== undefined) parsePostgresUrl(postgres);
  else if (postgresPasswordFile !== undefined) {
    refuse("--postgres-password-file needs --postgres", "Add --postgres.");
  }
  if (postgresPassword !== undefined && postgresPasswordFile !== undefined) {
    refuse(
      "There is more than one source of the password for PostgreSQL",
      "Give one of CLICKSTREAM_POSTGRES_PASSWORD and --postgres-password-file.",
    );
  }
}

function refuse(what: string, nextStep: string): never {
  throw new UsageError(`${what}.`, nextStep);
}
