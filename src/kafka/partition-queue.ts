import type { PartitionResult } from "./produce-messages.ts";
import { identify, type RecordBatchBuilder, type SealedBatch, sequenceAfter } from "./record-encoding.ts";
import type { ProducerIdentity } from "./transaction-messages.ts";

/** A batch on its way to a partition. */
export interface OutgoingBatch extends SealedBatch {
  baseSequence: number;
  /** Monotonic ms. */
  sealedAtMs: number;
  acknowledged: boolean;
  /** A request with it got no answer: it may be in the log. */
  uncertain: boolean;
  /** Why Kafka will not take it. */
  refusal: PartitionResult | undefined;
}

/** What is on its way to one partition, in order. */
export interface PartitionQueue {
  readonly partition: number;
  readonly builder: RecordBatchBuilder;
  /** Node id of the partition's leader. */
  leader: number;
  /** Not yet acknowledged, oldest first. */
  batches: OutgoingBatch[];
  /** Position in `batches` of the first that is not being sent. */
  unsent: number;
  /** Requests without a response. */
  inFlight: number;
  /** Nothing more is sent until what is in flight has been answered; then everything goes again, in order. */
  blocked: boolean;
  /** Whether the partition belongs to the open transaction. */
  admitted: boolean;
  nextSequence: number;
  /** Whether the leader has acknowledged a batch of this producer id and epoch. */
  isKnown: boolean;
}

/**
 * Kafka remembers the last five batches of a producer in a partition. Were more sent behind one that is still to be
 * acknowledged, it could not tell that one's repeat from a gap.
 */
const REMEMBERED_BATCHES = 5;

/** An empty queue. */
export function partitionQueue(
  partition: number,
  leader: number,
  builder: RecordBatchBuilder,
): PartitionQueue {
  return {
    partition,
    builder,
    leader,
    batches: [],
    unsent: 0,
    inFlight: 0,
    blocked: false,
    admitted: false,
    nextSequence: 0,
    isKnown: false,
  };
}

/**
 * The next batch to send now, or undefined. The first one goes alone: of a producer that it does not know, a leader
 * accepts any sequence number, so it would take the second batch when it could not take the first.
 */
export function nextToSend(queue: PartitionQueue): OutgoingBatch | undefined {
  if (queue.blocked || !queue.admitted) return undefined;
  while (queue.batches[queue.unsent]?.acknowledged) queue.unsent++;
  return queue.unsent < (queue.isKnown ? REMEMBERED_BATCHES : 1) ? queue.batches[queue.unsent] : undefined;
}

/** Forgets the oldest batches as far as they are acknowledged. */
export function dropAcknowledged(queue: PartitionQueue): OutgoingBatch[] {
  let count = 0;
  while (queue.batches[count]?.acknowledged) count++;
  queue.unsent -= Math.min(count, queue.unsent);
  return queue.batches.splice(0, count);
}

/** Gives the batches from position `from` on the sequence numbers that follow `firstSequence` without a gap. */
export function renumber(
  queue: PartitionQueue,
  identity: ProducerIdentity,
  from: number,
  firstSequence: number,
): void {
  let sequence = firstSequence;
  for (const batch of queue.batches.slice(from)) {
    if (batch.acknowledged) continue;
    batch.baseSequence = sequence;
    identify(batch.bytes, { ...identity, baseSequence: sequence });
    sequence = sequenceAfter(sequence, batch.count);
  }
  queue.nextSequence = sequence;
}
