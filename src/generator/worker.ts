import assert from "node:assert/strict";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../core/clock.ts";
import { ClickstreamError } from "../core/errors.ts";
import { type GenerationPlan, generateEvents } from "./generation.ts";
import type { FromGenerator } from "./thread.ts";

// The thread that `startGeneratorThread` starts. Anything but a ClickstreamError ends it, and is the thread's error.
const port = parentPort;
assert(port !== null, "this file runs as a worker thread");
const say = (message: FromGenerator): void => port.postMessage(message);
const stopping = new AbortController();
port.on("message", () => stopping.abort());

try {
  const result = await generateEvents({
    plan: workerData as GenerationPlan,
    clock: systemClock,
    signal: stopping.signal,
    onProgress: (progress) => say({ kind: "progress", progress }),
    onRetry: (reason) => say({ kind: "retry", reason }),
  });
  say({ kind: "ended", result });
} catch (error) {
  if (!(error instanceof ClickstreamError)) throw error;
  const { code, message, nextStep } = error;
  say({ kind: "failed", error: { code, message, nextStep } });
} finally {
  port.close();
}
