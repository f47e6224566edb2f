import { randomBytes } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import type { Replay, ReplayChoice, ReplayPlan } from "./api.ts";
import { HttpProblem } from "./problems.ts";
import type { DeadLetterReplay } from "./sources.ts";

/** Long enough to read what it would do; what it would do is soon another thing. */
const VALID_MS = 300_000;

/**
 * Lets people replay dead letters, one thing at a time, and never before they were told what it would do: sending needs the
 * word that the latest plan gave out, once.
 */
export class ReplayDesk {
  private readonly replay: DeadLetterReplay | undefined;
  private readonly clock: Pick<Clock, "nowMs">;
  private readonly stopping = new AbortController();
  private working: Promise<unknown> | undefined;
  private planned: { choice: ReplayChoice; confirmation: string; validUntilMs: number } | undefined;

  /** Without a replay it refuses everything. */
  constructor(replay: DeadLetterReplay | undefined, clock: Pick<Clock, "nowMs">) {
    this.replay = replay;
    this.clock = clock;
  }

  /** @throws HttpProblem REPLAY_IMPOSSIBLE, REPLAY_RUNS; ClickstreamError */
  plan(choice: ReplayChoice): Promise<ReplayPlan> {
    return this.alone(async (replay) => {
      this.planned = undefined;
      const plan = await replay.plan(choice);
      if (plan.toSend === 0) return { ...plan, confirmation: null, validUntilMs: null };
      const confirmation = randomBytes(24).toString("base64url");
      const validUntilMs = this.clock.nowMs() + VALID_MS;
      // No more than what was told, also when more letters have come meanwhile.
      this.planned = { choice: { ...choice, limit: plan.toSend }, confirmation, validUntilMs };
      return { ...plan, confirmation, validUntilMs };
    });
  }

  /** @throws HttpProblem REPLAY_IMPOSSIBLE, REPLAY_RUNS, UNCONFIRMED; ClickstreamError */
  send(confirmation: string): Promise<Replay> {
    return this.alone(async (replay) => {
      const planned = this.planned;
      if (planned?.confirmation !== confirmation || this.clock.nowMs() > planned.validUntilMs) {
        throw new HttpProblem(
          "UNCONFIRMED",
          "Ask /api/replay/plan what would be done, then send its confirmation.",
        );
      }
      this.planned = undefined;
      return replay.send(planned.choice, this.stopping.signal);
    });
  }

  /** Ends what is under way, in order, and waits for it. */
  async close(): Promise<void> {
    this.stopping.abort();
    await this.working?.catch(() => {}); // told to who asked for it
  }

  private async alone<T>(work: (replay: DeadLetterReplay) => Promise<T>): Promise<T> {
    if (this.replay === undefined) {
      throw new HttpProblem(
        "REPLAY_IMPOSSIBLE",
        "This process knows no brokers. Use the page of run or process, or clickstream dlq replay.",
      );
    }
    if (this.stopping.signal.aborted) throw new HttpProblem("UNAVAILABLE", "The server is ending.");
    if (this.working !== undefined) {
      throw new HttpProblem(
        "REPLAY_RUNS",
        "A replay, or the plan of one, is under way: try again when it has ended.",
      );
    }
    const working = work(this.replay);
    this.working = working;
    try {
      return await working;
    } finally {
      this.working = undefined;
    }
  }
}
