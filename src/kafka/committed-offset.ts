import type { Clock } from "../core/clock.ts";
import { CoordinatorClient, type RetryListener } from "./coordinator-client.ts";
import type { KafkaOptions } from "./options.ts";
import { produceDenied } from "./producer-errors.ts";
import { fetchCommittedOffset } from "./transaction-messages.ts";

export interface CommittedOffsetQuery {
  kafka: KafkaOptions;
  clock: Clock;
  group: string;
  topic: string;
  partition: number;
  /** Ends the wait with its reason. */
  signal: AbortSignal;
  onRetry: RetryListener;
}

/**
 * What a group has committed for a partition, or undefined. Waits for transactions that are about to change it.
 * @throws ClickstreamError PRODUCE_DENIED without the right to read the group
 */
export async function committedOffset(
  query: CommittedOffsetQuery,
): Promise<{ offset: number; metadata: string } | undefined> {
  const { group, topic, partition } = query;
  const client = new CoordinatorClient({ ...query, coordinates: "group", key: group });
  try {
    const answer = await client.ask(
      fetchCommittedOffset(group, topic, partition),
      ({ errorCode }) => errorCode,
    );
    if (answer.errorCode !== 0) throw produceDenied(`reading offsets of group ${group}`, answer.errorCode);
    return answer.offset < 0 ? undefined : { offset: answer.offset, metadata: answer.metadata };
  } finally {
    client.close();
  }
}
