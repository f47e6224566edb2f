import { type ChildProcess, fork } from "node:child_process";
import { type ArchivePolicy, dueDays, type FinalTree } from "../../archive/archive-policy.ts";
import type { CompactReport } from "../../archive/compact-tree.ts";
import { rowPlans } from "../../queries/data-quality.ts";
import type { QueryPlan, WindowSettings } from "../../queries/plan.ts";
import { readArchiveIndex } from "../../sinks/archive-index.ts";
import type { Logger } from "../log.ts";

/** What the process that archives is told. */
export type ArchivingJob = FinalTree & ArchivePolicy;

/** What it answers. */
export type ArchivingOutcome = { report: CompactReport } | { failure: string };

const HOUR_MS = 3_600_000;

/**
 * Archives and drops days while an engine works on the tree, in a process of its own and the lowest priority, one at a
 * time. A failure is a warning: results stay as they are, and the next hour of event time tries again.
 */
export class BackgroundArchiving {
  readonly #tree: { output: string; queries: readonly QueryPlan[]; windows: WindowSettings };
  readonly #policy: ArchivePolicy;
  readonly #log: Logger;
  #closedThroughMs: number | null = null;
  #confirmedThroughMs: number | null = null;
  #lookedAtHour: number | undefined;
  #working: Promise<void> | undefined;
  #process: ChildProcess | undefined;
  #stopped = false;

  constructor(
    tree: { output: string; queries: readonly QueryPlan[]; windows: WindowSettings },
    policy: ArchivePolicy,
    log: Logger,
  ) {
    this.#tree = tree;
    this.#policy = policy;
    this.#log = log;
  }

  /** A commit was made. What the one before closed is by now on disk and confirmed. */
  committed(closedThroughMs: number | null): void {
    this.#confirmedThroughMs = this.#closedThroughMs;
    this.#closedThroughMs = closedThroughMs;
    if (this.#policy.compact === "none" && this.#policy.keepMs === null) return;
    const hour = Math.floor((this.#confirmedThroughMs ?? Number.NaN) / HOUR_MS);
    if (Number.isNaN(hour) || hour === this.#lookedAtHour || this.#working !== undefined || this.#stopped)
      return;
    this.#lookedAtHour = hour;
    this.#start(this.#confirmedThroughMs as number);
  }

  /** Does what is due once the engine has confirmed everything that it closed; no longer than the signal lets it. */
  async finish(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => void this.stop(), { once: true });
    await this.#working;
    if (this.#stopped || this.#closedThroughMs === null) return;
    this.#start(this.#closedThroughMs);
    await this.#working;
  }

  /** Ends what is under way, wherever it is. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#process?.kill("SIGKILL");
    await this.#working;
  }

  #start(confirmedThroughMs: number): void {
    const { output, queries, windows } = this.#tree;
    const job = { output, manifest: { queries, windows }, confirmedThroughMs, ...this.#policy };
    this.#working = this.#work(job)
      .catch((error: Error) => this.#log.warn(`older results are not archived: ${error.message}`))
      .finally(() => {
        this.#working = undefined;
      });
  }

  async #work(job: ArchivingJob): Promise<void> {
    if (!(await isDue(job)) || this.#stopped) return;
    const outcome = await this.#outcomeOf(job);
    if (outcome === undefined) return;
    if ("failure" in outcome) throw new Error(outcome.failure);
    this.#log.info(outcome.report, "older results archived");
  }

  /** Undefined when the process was stopped. */
  async #outcomeOf(job: ArchivingJob): Promise<ArchivingOutcome | undefined> {
    const ended = Promise.withResolvers<ArchivingOutcome | undefined>();
    const child = fork(new URL("./archiving-process.ts", import.meta.url), {
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.#process = child;
    child.once("message", (outcome) => ended.resolve(outcome as ArchivingOutcome));
    child.once("error", ended.reject);
    child.once("exit", (code, signal) => {
      if (this.#stopped) ended.resolve(undefined);
      else ended.reject(new Error(`the process for it ended with ${signal ?? `code ${code}`}`));
    });
    child.send(job);
    try {
      return await ended.promise;
    } finally {
      this.#process = undefined;
    }
  }
}

async function isDue(job: ArchivingJob): Promise<boolean> {
  const index = await readArchiveIndex(job.output);
  const { queries, windows } = job.manifest;
  for (const plan of rowPlans(queries, windows)) {
    const { keptFrom, archive } = await dueDays(job, job, index, plan);
    if (keptFrom !== null || archive.length > 0) return true;
  }
  return false;
}
