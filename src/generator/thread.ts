import { Worker } from "node:worker_threads";
import { ClickstreamError, type ErrorDetails, UsageError } from "../core/errors.ts";
import type { GenerationPlan, GenerationResult } from "./generation.ts";
import type { GeneratorProgress } from "./progress-meter.ts";

/** What the thread says. */
export type FromGenerator =
  | { kind: "progress"; progress: GeneratorProgress }
  | { kind: "retry"; reason: string }
  | { kind: "ended"; result: GenerationResult }
  | { kind: "failed"; error: ErrorDetails };

/** What the thread is told: to end with what is committed. */
export type ToGenerator = "stop";

/** A generator on a thread of its own, so that it and an engine do not wait for each other. */
export interface GeneratorThread {
  /** Resolves at the first progress: Kafka answered and the settings are good. Rejects as `ended`. */
  readonly started: Promise<void>;
  /** Resolves when it is done or stopped. @throws ClickstreamError as `generateEvents` */
  readonly ended: Promise<GenerationResult>;
  /** Asks for an end; `ended` tells when. Twice is once. */
  stop(): void;
}

/** Starts `generateEvents` on a thread. */
export function startGeneratorThread(options: {
  plan: GenerationPlan;
  onProgress(progress: GeneratorProgress): void;
  onRetry(reason: string): void;
}): GeneratorThread {
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<GenerationResult>();
  const fail = (error: Error): void => {
    started.reject(error);
    ended.reject(error);
  };
  // Whoever looks at only one of the two is told there.
  started.promise.catch(() => {});
  ended.promise.catch(() => {});
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: options.plan });
  worker.on("message", (message: FromGenerator) => {
    if (message.kind === "retry") options.onRetry(message.reason);
    else if (message.kind === "failed") fail(errorOf(message.error));
    else {
      if (message.kind === "progress") options.onProgress(message.progress);
      else ended.resolve(message.result);
      started.resolve();
    }
  });
  worker.on("error", fail);
  worker.on("exit", () => fail(new Error("the generator's thread ended without a result")));
  return {
    started: started.promise,
    ended: ended.promise,
    stop: () => worker.postMessage("stop" satisfies ToGenerator),
  };
}

function errorOf(details: ErrorDetails): ClickstreamError {
  return details.code === "USAGE"
    ? new UsageError(details.message, details.nextStep)
    : new ClickstreamError(details);
}
