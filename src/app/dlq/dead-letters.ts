import { Cluster } from "../../kafka/cluster.ts";
import { type Config, kafkaOptions } from "../config.ts";
import type { Context } from "../context.ts";
import { RetryWarnings } from "../retry-warnings.ts";
import { DeadLetterTopic } from "./dead-letter-topic.ts";
import type { LetterSelection } from "./letter-selection.ts";
import { type LetterCounts, listLetters } from "./list-letters.ts";
import { type ReplayResult, replayLetters } from "./replay-letters.ts";
import { marksTopicName, readMarks } from "./replay-marks.ts";
import type { ReplayPlan } from "./replay-plan.ts";
import { type ShownLetter, showLetters } from "./show-letters.ts";

const CLIENT_ID = "clickstream-dlq";
const SHOWN_LETTERS = 20;

/** `dlq list`. */
export function listDeadLetters(context: Context): Promise<LetterCounts> {
  return withLetters(context, (topic, marks) => listLetters(topic, marks, selectionOf(context)));
}

/** `dlq show`. */
export function showDeadLetters(context: Context): Promise<ShownLetter[]> {
  const { limit = SHOWN_LETTERS } = context.config.settings;
  return withLetters(context, (topic, marks) => showLetters(topic, marks, selectionOf(context), limit));
}

/** `dlq replay`; undefined when `confirm` refused. */
export function replayDeadLetters(
  context: Context,
  confirm: (plan: ReplayPlan) => Promise<boolean>,
): Promise<ReplayResult | undefined> {
  const { config, clock, log, stopRequested: signal } = context;
  const { topic, output, fix: edits, maxAttempts, limit, dryRun } = config.settings;
  const retries = new RetryWarnings(log, clock, "the replay");
  return replayLetters({
    ...{ ...placeOf(config), clock, topic, output, dryRun, signal, confirm },
    rules: { selection: selectionOf(context), edits, maxAttempts, limit },
    onSent: (events) => log.debug({ events }, "sent"),
    onRetry: (reason) => retries.report(reason),
  });
}

async function withLetters<T>(
  { config, clock, stopRequested: signal }: Context,
  read: (topic: DeadLetterTopic, marks: ReadonlySet<string>) => Promise<T>,
): Promise<T> {
  const { kafka, deadLetterTopic: name } = placeOf(config);
  const cluster = await Cluster.connect(kafka);
  try {
    const marks = await readMarks(cluster, { kafka, clock, signal, name: marksTopicName(name) });
    return await read(await DeadLetterTopic.open(cluster, { kafka, clock, signal, name }), marks);
  } finally {
    await cluster.close();
  }
}

function placeOf(config: Config) {
  const { brokers = [], deadLetterTopic } = config.settings;
  return { kafka: kafkaOptions(config, brokers, CLIENT_ID), deadLetterTopic: deadLetterTopic! };
}

function selectionOf({ config, clock }: Context): LetterSelection {
  const { topic, reason: reasons, since } = config.settings;
  const sinceMs =
    since === undefined ? undefined : "atMs" in since ? since.atMs : clock.nowMs() - since.agoMs;
  return { topic, reasons, sinceMs };
}
