import type { Letters, PassedOver } from "./dead-letter-topic.ts";
import { identityOf, type Letter } from "./letter.ts";
import { isSelected, type LetterSelection } from "./letter-selection.ts";

/** How many letters there are of one kind, and how many of them were replayed. */
export interface LetterCount {
  letters: number;
  replayed: number;
}

/** What `dlq list` tells; the counts of each grouping add up to `letters`. */
export interface LetterCounts extends LetterCount, PassedOver {
  /** Letters of other topics, or left out by `--reason` and `--since`. */
  notSelected: number;
  /** Most frequent first. */
  byReason: ({ reason: string } & LetterCount)[];
  /** Hours (UTC) of the events' Kafka timestamps; null for events without one. */
  byHour: ({ hour: string | null } & LetterCount)[];
  /** Partitions that the events came from. */
  byPartition: ({ partition: number } & LetterCount)[];
}

/** Counts the selected letters of a topic. @throws ClickstreamError as reading it does */
export async function listLetters(
  topic: Letters,
  marks: ReadonlySet<string>,
  selection: LetterSelection,
): Promise<LetterCounts> {
  const passedOver = { repeated: 0, foreign: 0 };
  const total: LetterCount = { letters: 0, replayed: 0 };
  const reasons = new Map<string, LetterCount>();
  const hours = new Map<string | null, LetterCount>();
  const partitions = new Map<number, LetterCount>();
  let notSelected = 0;
  for await (const letter of topic.letters(passedOver)) {
    if (!isSelected(letter, selection)) {
      notSelected++;
      continue;
    }
    const replayed = marks.has(identityOf(letter));
    const groups = [
      countOf(reasons, letter.reason),
      countOf(hours, hourOf(letter)),
      countOf(partitions, letter.origin.partition),
    ];
    for (const count of [total, ...groups]) {
      count.letters++;
      if (replayed) count.replayed++;
    }
  }
  return {
    ...total,
    ...passedOver,
    notSelected,
    byReason: [...reasons]
      .map(([reason, count]) => ({ reason, ...count }))
      .sort((a, b) => b.letters - a.letters || (a.reason < b.reason ? -1 : 1)),
    byHour: [...hours]
      .map(([hour, count]) => ({ hour, ...count }))
      .sort((a, b) => ((a.hour ?? "") < (b.hour ?? "") ? -1 : 1)),
    byPartition: [...partitions]
      .map(([partition, count]) => ({ partition, ...count }))
      .sort((a, b) => a.partition - b.partition),
  };
}

function countOf<K>(counts: Map<K, LetterCount>, key: K): LetterCount {
  let count = counts.get(key);
  if (count === undefined) {
    count = { letters: 0, replayed: 0 };
    counts.set(key, count);
  }
  return count;
}

function hourOf({ timestampMs }: Letter): string | null {
  return timestampMs < 0 ? null : `${new Date(timestampMs).toISOString().slice(0, 13)}:00Z`;
}
