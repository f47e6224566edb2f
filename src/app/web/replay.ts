import type { Replay, ReplayChoice } from "../../web/api.ts";
import type { DeadLetterReplay } from "../../web/sources.ts";
import { kafkaOptions } from "../config.ts";
import type { Context } from "../context.ts";
import { type ReplayResult, replayLetters } from "../dlq/replay-letters.ts";
import { RetryWarnings } from "../retry-warnings.ts";

/** All letters are read to find those that are meant, beside an engine at work: some seconds of it, a hundred bytes a letter. */
const MAX_RECORDS = 200_000;

/** Replays the dead letters of the topic that an engine of this process reads, as `clickstream dlq replay` does. */
export function deadLetterReplay(context: Context, brokers: readonly string[]): DeadLetterReplay {
  const { config, clock, log } = context;
  const { topic, output, deadLetterTopic, maxAttempts } = config.settings;
  const retries = new RetryWarnings(log, clock, "the replay");
  const replay = async (
    { reason, limit }: ReplayChoice,
    dryRun: boolean,
    signal: AbortSignal,
  ): Promise<ReplayResult> => {
    const selection = { topic, reasons: reason === null ? [] : [reason], sinceMs: undefined };
    const result = await replayLetters({
      kafka: kafkaOptions(config, brokers, "clickstream-page-replay"),
      clock,
      topic,
      deadLetterTopic: deadLetterTopic!,
      output,
      rules: { selection, edits: [], maxAttempts, limit },
      dryRun,
      maxRecords: MAX_RECORDS,
      confirm: async () => true, // the person has read the plan
      signal,
      onSent: () => {},
      onRetry: (why) => retries.report(why),
    });
    return result!; // only a refused confirmation gives none
  };
  return {
    async plan(choice) {
      const { sent, refused, complete, ...planned } = told(
        await replay(choice, true, new AbortController().signal),
      );
      return planned;
    },
    async send(choice, signal) {
      const result = told(await replay(choice, false, signal));
      log.info({ reason: choice.reason, sent: result.sent }, "dead letters were replayed from the page");
      return result;
    },
  };
}

function told({ unfixable, named, refused, ...result }: ReplayResult): Replay {
  return { ...result, late: result.late ?? null, dead: result.dead ?? null, refused: refused.length };
}
