/** Entry point of a worker thread: fetches its partitions and feeds them to a `WindowWorker`. */
import assert from "node:assert/strict";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../core/clock.ts";
import { ClickstreamError } from "../../core/errors.ts";
import { TopicReader } from "../../kafka/topic-reader.ts";
import type { FromThread, ThreadSetup, ToThread } from "./thread-messages.ts";
import { WindowWorker } from "./window-worker.ts";

assert(parentPort !== null, "this file runs as a worker thread");
const port = parentPort;
const setup = workerData as ThreadSetup;
const worker = new WindowWorker({ ...setup, clock: systemClock });
let asked = false;

function post(message: FromThread, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function askForFlush(): void {
  if (!asked) post({ kind: "attention" });
  asked = true;
}

let reader: TopicReader | undefined;

try {
  reader = await openReader();
  post({ kind: "reading" });
} catch (error) {
  if (!(error instanceof ClickstreamError)) throw error;
  post({ kind: "failed", error: { code: error.code, message: error.message, nextStep: error.nextStep } });
}

port.on("message", async (message: ToThread) => {
  switch (message.kind) {
    case "flush": {
      const flush = worker.flush(message.request);
      asked = false;
      post(
        { kind: "flush", flush },
        [...flush.slots, ...flush.partitions.flatMap(({ newIds = [] }) => newIds)].map(
          ({ bytes }) => bytes.buffer as ArrayBuffer,
        ),
      );
      reader?.resume();
      break;
    }
    case "close":
      await reader?.close();
      post({ kind: "closed" });
      port.close();
      break;
  }
});

function openReader(): Promise<TopicReader> {
  return TopicReader.open({
    kafka: setup.kafka,
    clock: systemClock,
    topic: setup.topic,
    assignments: setup.partitions.map(({ partition, position, endOffset }) => ({
      partition,
      offset: position,
      ...(endOffset === null ? {} : { endOffset }),
    })),
    handler: {
      batch(partition, records, nextOffset) {
        worker.batch(partition, records, nextOffset);
        if (worker.full) {
          reader?.pause();
          askForFlush();
        } else if (worker.atEnd) {
          askForFlush();
        }
      },
      caughtUp: (partition, info) => worker.caughtUp(partition, info),
      ends: (partition, highWatermark, lastStable) => worker.ends(partition, highWatermark, lastStable),
      failed: ({ code, message, nextStep }) => post({ kind: "failed", error: { code, message, nextStep } }),
    },
    onRetry: (message) => post({ kind: "retry", message }),
  });
}
