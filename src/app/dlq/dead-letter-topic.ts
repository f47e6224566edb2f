import type { Cluster } from "../../kafka/cluster.ts";
import { type BatchSource, partitionBatches } from "../../kafka/partition-batches.ts";
import { identityOf, type Letter, readLetter } from "./letter.ts";

/** A topic by its name, and when to read no further. */
export interface NamedSource extends Omit<BatchSource, "topic"> {
  name: string;
}

/** A stretch of a partition: offsets in [from, to). */
interface Stretch {
  partition: number;
  from: number;
  to: number;
}

/** What was passed over while letters were read. */
export interface PassedOver {
  /** Letters that repeat one read before. */
  repeated: number;
  /** Records that are no letters. */
  foreign: number;
}

/** Something that yields each letter once. */
export type Letters = Pick<DeadLetterTopic, "letters">;

/** The dead-letter topic as it was when it was opened: each reading finds the same letters. */
export class DeadLetterTopic {
  readonly #source: BatchSource | undefined;
  readonly #stretches: readonly Stretch[];

  private constructor(source: BatchSource | undefined, stretches: readonly Stretch[]) {
    this.#source = source;
    this.#stretches = stretches;
  }

  /** A topic that does not exist yet has no letters. */
  static async open(cluster: Cluster, { name, ...source }: NamedSource): Promise<DeadLetterTopic> {
    const topic = await cluster.topic(name);
    if (topic === undefined) return new DeadLetterTopic(undefined, []);
    const ends = await cluster.offsets(topic, "lastStable");
    const starts = await cluster.offsets(topic, "earliest");
    const stretches = [...ends].map(([partition, to]) => ({ partition, from: starts.get(partition)!, to }));
    return new DeadLetterTopic({ ...source, topic }, stretches);
  }

  /** Records that it has, repeated and foreign ones included. */
  get records(): number {
    return this.#stretches.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** Every letter once, partition after partition. What is not returned is added to `passedOver`. */
  async *letters(passedOver: PassedOver): AsyncGenerator<Letter> {
    const seen = new Set<string>();
    for (const stretch of this.#stretches) {
      for await (const batch of partitionBatches(this.#source!, stretch, readLetter)) {
        for (const letter of batch) {
          if (letter === undefined) {
            passedOver.foreign++;
            continue;
          }
          const identity = identityOf(letter);
          if (seen.has(identity)) passedOver.repeated++;
          else {
            seen.add(identity);
            yield letter;
          }
        }
      }
    }
  }
}
