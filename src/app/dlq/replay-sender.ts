import type { Clock } from "../../core/clock.ts";
import { ClickstreamError } from "../../core/errors.ts";
import { headerText, LETTER_HEADERS, textHeaders } from "../../engines/embedded/dead-letter-headers.ts";
import type { TopicDescription } from "../../kafka/cluster.ts";
import type { KafkaOptions } from "../../kafka/options.ts";
import { Producer } from "../../kafka/producer.ts";
import { RecordsRefusedError } from "../../kafka/producer-errors.ts";
import { type Letter, placeOf } from "./letter.ts";
import { markOf } from "./replay-marks.ts";

/** A letter and the value that its event is sent with. */
export interface Resending {
  letter: Letter;
  value: Uint8Array | null;
}

export interface ReplaySenderOptions {
  kafka: KafkaOptions;
  clock: Clock;
  /** Takes the events. */
  topic: TopicDescription;
  /** Takes the marks. */
  marksTopic: TopicDescription;
  transactionalId: string;
  onRetry(reason: string): void;
}

/**
 * Sends events again, each chunk in one transaction with the marks of its letters: both or neither, whatever dies when.
 * Opening it ends every other sender with its id, and waits until the other's last transaction has an end.
 */
export class ReplaySender {
  readonly #options: ReplaySenderOptions;
  readonly #producer: Producer;
  readonly #marks: Pick<Producer, "append">;

  private constructor(options: ReplaySenderOptions, producer: Producer) {
    this.#options = options;
    this.#producer = producer;
    this.#marks = producer.alsoInto(options.marksTopic);
  }

  /** @throws ClickstreamError as `Producer.open` */
  static async open(options: ReplaySenderOptions): Promise<ReplaySender> {
    const { kafka, clock, topic, transactionalId, onRetry } = options;
    const producer = await Producer.open({ kafka, clock, topic, transactionalId, codec: "none", onRetry });
    return new ReplaySender(options, producer);
  }

  /**
   * @returns what Kafka will never take, by name with its reason; all others are sent, these are not marked
   * @throws ClickstreamError PRODUCER_FENCED when another replay has begun; nothing of the chunk was sent
   */
  async send(chunk: readonly Resending[]): Promise<string[]> {
    const refused = new Map<string, string>();
    for (;;) {
      const accepted = chunk.filter(({ letter }) => !refused.has(placeOf(letter.origin)));
      if (accepted.length === 0) break;
      this.#producer.begin();
      for (const resending of accepted) this.#append(resending);
      try {
        await this.#producer.commit();
        break;
      } catch (error) {
        if (error instanceof RecordsRefusedError) {
          for (const { headers, reason } of error.records) {
            refused.set(headerText(headers, LETTER_HEADERS.replayOf) ?? "", reason);
          }
        } else if (!(error instanceof ClickstreamError) || error.code !== "TRANSACTION_LOST") {
          throw error;
        }
        this.#options.onRetry((error as ClickstreamError).message);
        await this.#producer.abort();
      }
    }
    return [...refused].map(([place, reason]) => `${place}: Kafka refuses it with ${reason}`);
  }

  /** Resolves when readers see all that was sent. */
  visible(): Promise<void> {
    return this.#producer.visible();
  }

  close(): Promise<void> {
    return this.#producer.close();
  }

  #append({ letter, value }: Resending): void {
    const { clock, topic } = this.#options;
    const nowMs = clock.nowMs();
    const { key, origin, attempt, headers } = letter;
    const own = {
      [LETTER_HEADERS.attempt]: String(attempt + 1),
      [LETTER_HEADERS.replayOf]: placeOf(origin),
    };
    const all = [...headers, ...textHeaders(own)];
    const partition = partitionOf(letter, topic);
    const [keyBytes, valueBytes] = [key?.length ?? 0, value?.length ?? 0];
    this.#producer.append(partition, nowMs, key, 0, keyBytes, value, 0, valueBytes, all);
    const mark = markOf(letter, nowMs);
    this.#marks.append(0, nowMs, mark.key, 0, mark.key.length, mark.value, 0, mark.value.length);
  }
}

/** The partition that the event came from: whatever its producer's rule is, it stays where its neighbours are. */
export function partitionOf({ origin }: Letter, topic: TopicDescription): number {
  return origin.partition % topic.partitions.length;
}
