import type { EventLoopUtilization } from "node:perf_hooks";
import { Worker } from "node:worker_threads";
import { ClickstreamError } from "../../core/errors.ts";
import type { EngineWorker, Flush, FlushRequest } from "./flush.ts";
import type { FromThread, ThreadSetup, ToThread } from "./thread-messages.ts";

/** What a worker thread tells beside its flushes. */
export interface WorkerListener {
  /** The thread has begun to fetch. */
  reading(): void;
  attention(): void;
  /** Kafka did not answer as hoped; the thread tries again by itself. */
  retry(message: string): void;
  /** The thread can't go on. */
  failed(error: Error): void;
}

/** The coordinator's end of a worker thread. */
export class WorkerHandle implements EngineWorker {
  private readonly thread: Worker;
  private readonly listener: WorkerListener;
  private flushing: PromiseWithResolvers<Flush> | undefined;
  private readonly closed = Promise.withResolvers<void>();
  private failure: Error | undefined;
  /** A thread that is told to end may be cut short: no failure, and a new assignment must not stop for it. */
  private isClosing = false;
  private used: EventLoopUtilization | undefined;

  constructor(setup: ThreadSetup, listener: WorkerListener) {
    this.listener = listener;
    this.thread = new Worker(new URL("./worker-thread.ts", import.meta.url), { workerData: setup });
    this.thread.on("message", (message: FromThread) => this.receive(message));
    this.thread.on("error", (error) => this.fail(error));
    this.thread.on("exit", (code) => {
      if (code !== 0 && !this.isClosing) this.fail(new Error(`a worker thread ended with code ${code}`));
      this.closed.resolve();
    });
  }

  /** Share of the time since the call before in which the thread was at work, 0 to 1. */
  busyShare(): number {
    const { performance } = this.thread;
    const used = performance.eventLoopUtilization();
    const { utilization } =
      this.used === undefined ? used : performance.eventLoopUtilization(used, this.used);
    this.used = used;
    return Math.min(1, utilization);
  }

  flush(request: FlushRequest): Promise<Flush> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.flushing = Promise.withResolvers();
    this.send({ kind: "flush", request });
    return this.flushing.promise;
  }

  async close(): Promise<void> {
    this.isClosing = true;
    if (this.failure === undefined) {
      this.send({ kind: "close" });
      await this.closed.promise;
    }
    await this.thread.terminate();
  }

  private send(message: ToThread): void {
    this.thread.postMessage(message);
  }

  private receive(message: FromThread): void {
    switch (message.kind) {
      case "flush":
        this.flushing?.resolve(message.flush);
        this.flushing = undefined;
        break;
      case "reading":
        this.listener.reading();
        break;
      case "attention":
        this.listener.attention();
        break;
      case "retry":
        this.listener.retry(message.message);
        break;
      case "failed":
        this.fail(new ClickstreamError(message.error));
        break;
      case "closed":
        this.closed.resolve();
        break;
    }
  }

  private fail(error: Error): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    this.flushing?.reject(error);
    this.flushing = undefined;
    this.listener.failed(error);
  }
}
