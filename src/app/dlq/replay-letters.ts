import type { Clock } from "../../core/clock.ts";
import { ClickstreamError } from "../../core/errors.ts";
import { Cluster, type TopicDescription } from "../../kafka/cluster.ts";
import type { KafkaOptions } from "../../kafka/options.ts";
import type { Manifest } from "../../sinks/manifest.ts";
import { readManifest } from "../../sinks/manifest-file.ts";
import { DeadLetterTopic } from "./dead-letter-topic.ts";
import { isSelected } from "./letter-selection.ts";
import { ensureMarksTopic, marksTopicName, readMarks } from "./replay-marks.ts";
import { decide, planReplay, type ReplayPlan, type ReplayRules } from "./replay-plan.ts";
import { partitionOf, ReplaySender, type Resending } from "./replay-sender.ts";

/** What a replay works with. */
export interface ReplayOptions {
  kafka: KafkaOptions;
  clock: Clock;
  /** Topic that the letters came from and the events go to. */
  topic: string;
  deadLetterTopic: string;
  /** Folder whose manifest tells what would be late. */
  output: string;
  rules: ReplayRules;
  dryRun: boolean;
  /** A longer dead-letter topic is not read; undefined for any. */
  maxRecords?: number;
  /** Asked before anything is sent that would not be counted, or when nothing tells. */
  confirm(plan: ReplayPlan): Promise<boolean>;
  /** Ends the replay between two chunks, and the reading of letters with its reason. */
  signal: AbortSignal;
  onSent(events: number): void;
  onRetry(reason: string): void;
}

/** How a replay ended. */
export interface ReplayResult extends ReplayPlan {
  sent: number;
  /** Events that Kafka will never take, by name. */
  refused: string[];
  /** Whether it was not ended before its end. */
  complete: boolean;
}

/** A transaction: small enough to be quick, large enough that its end costs little. */
const CHUNK_LETTERS = 500;
const CHUNK_BYTES = 4 << 20;

/**
 * Sends the events of dead letters to their topic again, each at most once, however often it is called or killed.
 * Undefined when `confirm` refused.
 * @throws ClickstreamError TOPIC_MISSING, TOO_MANY_LETTERS, PRODUCER_FENCED when another replay has begun, and as reading and producing do
 */
export async function replayLetters(options: ReplayOptions): Promise<ReplayResult | undefined> {
  const { kafka, clock, rules, deadLetterTopic: name, dryRun, confirm, signal } = options;
  const cluster = await Cluster.connect(kafka);
  try {
    const topic = await cluster.topic(options.topic);
    if (topic === undefined) throw topicMissing(options);
    const letters = await DeadLetterTopic.open(cluster, { kafka, clock, signal, name });
    if (letters.records > (options.maxRecords ?? Number.POSITIVE_INFINITY)) throw tooMany(options, letters);
    const plan = await planReplay(letters, rules, {
      marks: await readMarks(cluster, { kafka, clock, signal, name: marksTopicName(name) }),
      manifest: await manifestOf(options.output, topic),
      nowMs: clock.nowMs(),
      partitionFor: (letter) => partitionOf(letter, topic),
    });
    if (dryRun || plan.toSend === 0) return { ...plan, sent: 0, refused: [], complete: true };
    const uncounted = (plan.late ?? 1) + Object.keys(plan.dead ?? {}).length;
    if (uncounted > 0 && !(await confirm(plan))) return undefined;
    return { ...plan, ...(await sendLetters(options, cluster, topic, letters)) };
  } finally {
    await cluster.close();
  }
}

async function sendLetters(
  options: ReplayOptions,
  cluster: Cluster,
  topic: TopicDescription,
  letters: DeadLetterTopic,
): Promise<Pick<ReplayResult, "sent" | "refused" | "complete">> {
  const { kafka, clock, rules, deadLetterTopic, signal, onSent, onRetry } = options;
  const name = marksTopicName(deadLetterTopic);
  const marksTopic = await ensureMarksTopic(cluster, name);
  const transactionalId = `clickstream-replay-${deadLetterTopic}`;
  const sender = await ReplaySender.open({ kafka, clock, topic, marksTopic, transactionalId, onRetry });
  const refused: string[] = [];
  let sent = 0;
  try {
    // Only now: whatever another replay had under way has an end, and it can't send any more.
    const marks = await readMarks(cluster, { kafka, clock, signal, name });
    for await (const chunk of chunks(letters, rules, marks)) {
      signal.throwIfAborted();
      const never = await sender.send(chunk);
      refused.push(...never);
      sent += chunk.length - never.length;
      onSent(sent);
    }
    await sender.visible();
    return { sent, refused, complete: true };
  } catch (error) {
    if (error !== signal.reason) throw error;
    return { sent, refused, complete: false };
  } finally {
    await sender.close();
  }
}

async function* chunks(
  letters: DeadLetterTopic,
  rules: ReplayRules,
  marks: ReadonlySet<string>,
): AsyncGenerator<Resending[]> {
  let chunk: Resending[] = [];
  let bytes = 0;
  let left = rules.limit ?? Number.POSITIVE_INFINITY;
  for await (const letter of letters.letters({ repeated: 0, foreign: 0 })) {
    if (left === 0) break;
    if (!isSelected(letter, rules.selection)) continue;
    const decision = decide(letter, rules, marks);
    if ("kept" in decision) continue;
    chunk.push({ letter, value: decision.value });
    left--;
    bytes += decision.value?.length ?? 0;
    if (chunk.length < CHUNK_LETTERS && bytes < CHUNK_BYTES) continue;
    yield chunk;
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) yield chunk;
}

/** The manifest of the output folder, if it is about this topic. */
async function manifestOf(output: string, { id }: TopicDescription): Promise<Manifest | undefined> {
  const manifest = await readManifest(output);
  return manifest?.topic.id === id ? manifest : undefined;
}

function tooMany(
  { deadLetterTopic, maxRecords }: ReplayOptions,
  { records }: DeadLetterTopic,
): ClickstreamError {
  return new ClickstreamError({
    code: "TOO_MANY_LETTERS",
    message: `The topic ${deadLetterTopic} has ${records} records, and reading more than ${maxRecords} here would slow the engine.`,
    nextStep: "Use clickstream dlq replay, in a process of its own.",
  });
}

function topicMissing({ topic, kafka }: ReplayOptions): ClickstreamError {
  return new ClickstreamError({
    code: "TOPIC_MISSING",
    message: `There is no topic ${topic} on ${kafka.brokers.join(", ")} to send events to.`,
    nextStep: "Name the brokers and the topic that the letters came from.",
  });
}
