import { ClickstreamError, UsageError } from "../core/errors.ts";
import type { GeneratorSettings } from "./settings.ts";

/** How far a topic's generator has come, and what its events are a function of. */
export interface GeneratorPosition {
  /** The number of the next event: all before it are on the topic. */
  next: number;
  /** Arrival time of the event before it, ms since the epoch; later events never arrive earlier. */
  lastTimeMs: number;
  /** The topic that it holds for: one that was deleted and created again begins anew. */
  topicId: string;
  settings: GeneratorSettings;
}

/** What to generate, as asked for; without a start, that of the topic's first run. */
export type WantedSettings = Omit<GeneratorSettings, "startMs"> & { startMs: number | undefined };

const FORMAT = 1;

/** Flags of the settings that a topic's first run fixes. */
const FLAGS: Record<keyof GeneratorSettings, string> = {
  seed: "--seed",
  startMs: "--start",
  users: "--users",
  lateShare: "--late",
  outOfOrderMs: "--out-of-order",
  brokenShare: "--broken",
  duplicateShare: "--duplicates",
};

/** The consumer group and the transactional id that a topic's generator keeps its position under. */
export function generatorGroup(topic: string): string {
  return `clickstream-generator-${topic}`;
}

/** The text that is committed with the offset `next`. */
export function positionMetadata({ lastTimeMs, topicId, settings }: GeneratorPosition): string {
  return JSON.stringify({ format: FORMAT, topicId, lastTimeMs, settings });
}

/** @throws ClickstreamError GENERATOR_POSITION_UNKNOWN when another program or version wrote it */
export function readPosition(group: string, offset: number, metadata: string): GeneratorPosition {
  try {
    const { format, topicId, lastTimeMs, settings } = JSON.parse(metadata);
    if (format === FORMAT) return { next: offset, lastTimeMs, topicId, settings };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new ClickstreamError({
    code: "GENERATOR_POSITION_UNKNOWN",
    message: `The position of the generator in consumer group ${group} is not one that this version wrote.`,
    nextStep: "Generate into another topic, or go on with the version that began.",
  });
}

/**
 * The settings to go on with.
 * @throws UsageError that names the first setting that differs from the topic's first run
 */
export function settingsToGoOnWith(
  topic: string,
  recorded: GeneratorSettings,
  wanted: WantedSettings,
): GeneratorSettings {
  for (const name of Object.keys(FLAGS) as (keyof GeneratorSettings)[]) {
    const value = wanted[name];
    if (value === undefined || value === recorded[name]) continue;
    const show = (setting: number): string =>
      name === "startMs" ? new Date(setting).toISOString() : `${setting}`;
    throw new UsageError(
      `${FLAGS[name]} is ${show(value)}, but the events on topic ${topic} were generated with ${show(recorded[name])}.`,
      `Give ${FLAGS[name]} as it was, or another --topic.`,
    );
  }
  return recorded;
}
