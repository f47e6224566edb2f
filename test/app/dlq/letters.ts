import type { Letters } from "../../../src/app/dlq/dead-letter-topic.ts";
import type { Letter } from "../../../src/app/dlq/letter.ts";

/** A letter about an event of topic `clicks`. */
export function letter(given: Partial<Letter> & { partition?: number; offset?: number }): Letter {
  const { partition = 0, offset = 0, ...rest } = given;
  return {
    ...{ reason: "not_json", attempt: 1, timestampMs: Date.UTC(2026, 10, 23, 8, 30), key: null },
    ...{ value: Buffer.from("{}"), truncatedBytes: undefined, replayOf: undefined, headers: [] },
    origin: { topic: "clicks", topicId: "id", partition, offset },
    ...rest,
  };
}

/** A topic that holds them. */
export function holding(...letters: Letter[]): Letters {
  return {
    async *letters() {
      yield* letters;
    },
  };
}

/** Every letter about an event of topic `clicks`. */
export const ALL = { topic: "clicks", reasons: [], sinceMs: undefined };
