import type { Clock } from "../core/clock.ts";
import { ClickstreamError } from "../core/errors.ts";
import { APIS } from "./api-versions.ts";
import { CoordinatorClient, type RetryListener } from "./coordinator-client.ts";
import { errorName, errorSentence } from "./error-names.ts";
import type { KafkaOptions } from "./options.ts";
import { outcomeOf } from "./producer-errors.ts";
import { RequestWriter } from "./request-writer.ts";
import { ResponseReader } from "./response-reader.ts";
import type { Call } from "./transaction-messages.ts";

export interface GroupOffsetsOptions {
  kafka: KafkaOptions;
  clock: Clock;
  group: string;
  topic: string;
  onRetry: RetryListener;
}

/** The group has no members: its offsets are kept by hand. */
const NO_GENERATION = -1;
const ANY_LEADER_EPOCH = -1;
/** What a group answers that has members of its own: they would fight over the offsets. */
const WITH_MEMBERS = new Set(["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "REBALANCE_IN_PROGRESS"]);

/** Commits offsets of a topic to a consumer group without being a member of it. */
export class GroupOffsets {
  readonly #options: GroupOffsetsOptions;
  readonly #client: CoordinatorClient;
  readonly #closing = new AbortController();

  constructor(options: GroupOffsetsOptions) {
    this.#options = options;
    const { signal } = this.#closing;
    this.#client = new CoordinatorClient({ ...options, coordinates: "group", key: options.group, signal });
  }

  /**
   * Returns when Kafka has taken the next offsets to read, by partition; what fails for now is tried again.
   * @throws ClickstreamError GROUP_REFUSED, PRODUCE_DENIED, KAFKA_VERSION_UNSUPPORTED
   */
  async commit(positions: ReadonlyMap<number, number>): Promise<void> {
    const { group, topic } = this.#options;
    const errorCode = await this.#client.ask(commitOffsets(group, topic, positions), (code) =>
      WITH_MEMBERS.has(errorName(code)) ? 0 : code,
    );
    if (errorCode === 0) return;
    this.#client.close();
    throw refused(group, errorCode);
  }

  /** A commit that is under way fails. */
  close(): void {
    this.#closing.abort();
    this.#client.close();
  }
}

function refused(group: string, errorCode: number): ClickstreamError {
  const hasMembers = WITH_MEMBERS.has(errorName(errorCode));
  return new ClickstreamError({
    code: "GROUP_REFUSED",
    message: hasMembers
      ? `The consumer group ${group} has members of its own`
      : `Kafka does not take offsets of the consumer group ${group}: ${errorName(errorCode)}, ${errorSentence(errorCode)}`,
    nextStep:
      outcomeOf(errorCode) === "denied"
        ? "Allow this client to read the group, or switch this off with --no-group-positions."
        : "Name another one with --group, or switch this off with --no-group-positions.",
  });
}

/** OffsetCommit v8; reads the first error code, 0 if there is none. */
function commitOffsets(group: string, topic: string, positions: ReadonlyMap<number, number>): Call<number> {
  const body = new RequestWriter()
    .compactString(group)
    .int32(NO_GENERATION)
    .compactString("") // member
    .compactString(null) // group instance
    .compactArray([topic], (writer, name) => {
      writer.compactString(name).compactArray([...positions], (_, [partition, offset]) => {
        writer.int32(partition).int64(offset).int32(ANY_LEADER_EPOCH).compactString("").noTaggedFields();
      });
      writer.noTaggedFields();
    })
    .noTaggedFields()
    .finish();
  return { api: APIS.offsetCommit, body, read: firstError };
}

function firstError(response: Buffer): number {
  const reader = new ResponseReader(response);
  reader.skip(4); // throttle time
  let first = 0;
  for (let topics = reader.compactArray(); topics > 0; topics--) {
    reader.compactString();
    for (let partitions = reader.compactArray(); partitions > 0; partitions--) {
      reader.skip(4);
      const errorCode = reader.int16();
      if (first === 0) first = errorCode;
      reader.skipTaggedFields();
    }
    reader.skipTaggedFields();
  }
  return first;
}
