import { isUtf8 } from "node:buffer";
import type { Letters } from "./dead-letter-topic.ts";
import { identityOf, type Letter } from "./letter.ts";
import { isSelected, type LetterSelection } from "./letter-selection.ts";

/** A letter for people and programs. */
export interface ShownLetter {
  reason: string;
  topic: string;
  partition: number;
  offset: number;
  attempt: number;
  /** Of the event's record; null when it had none. */
  time: string | null;
  replayed: boolean;
  /** Of the event that the dead one repeated. */
  replay_of?: string;
  /** Bytes of an original that was left out. */
  truncated?: number;
  key: string | null;
  value: string | null;
  /** Which of the two are base64, because they are no UTF-8. */
  base64?: ("key" | "value")[];
}

/** The latest selected letters, at most `limit`, oldest first. @throws ClickstreamError as reading the topic does */
export async function showLetters(
  topic: Letters,
  marks: ReadonlySet<string>,
  selection: LetterSelection,
  limit: number,
): Promise<ShownLetter[]> {
  let latest: Letter[] = [];
  for await (const letter of topic.letters({ repeated: 0, foreign: 0 })) {
    if (!isSelected(letter, selection)) continue;
    latest.push(letter);
    if (latest.length >= 2 * limit + 100) latest = lastOf(latest, limit);
  }
  return lastOf(latest, limit).map((letter) => shown(letter, marks.has(identityOf(letter))));
}

function lastOf(letters: Letter[], limit: number): Letter[] {
  return letters.sort((a, b) => a.timestampMs - b.timestampMs).slice(Math.max(0, letters.length - limit));
}

function shown(letter: Letter, replayed: boolean): ShownLetter {
  const { reason, origin, attempt, timestampMs, key, value, truncatedBytes, replayOf } = letter;
  const base64 = (["key", "value"] as const).filter((name) => {
    const bytes = letter[name];
    return bytes !== null && !isUtf8(bytes);
  });
  return {
    reason,
    topic: origin.topic,
    partition: origin.partition,
    offset: origin.offset,
    attempt,
    time: timestampMs < 0 ? null : new Date(timestampMs).toISOString(),
    replayed,
    ...(replayOf === undefined ? {} : { replay_of: replayOf }),
    ...(truncatedBytes === undefined ? {} : { truncated: truncatedBytes }),
    key: textOf(key),
    value: textOf(value),
    ...(base64.length === 0 ? {} : { base64 }),
  };
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString(isUtf8(bytes) ? "utf8" : "base64");
}
