import type { Clock } from "../../../core/clock.ts";
import type { Commands } from "./commands.ts";
import {
  StreamingQueryEventType,
  type StreamingQueryListenerEvent,
} from "./generated/spark/connect/commands_pb.js";
import type { ProgressReport } from "./progress-report.ts";
import { SparkError } from "./spark-error.ts";
import type { StreamingQuery } from "./streaming-query.ts";

/** Something that happened to a streaming query. */
export type StreamingEvent =
  | { kind: "progress"; progress: ProgressReport }
  | { kind: "terminated"; id: string; runId: string; exception: string | null; errorClass: string | null }
  /** It looked, and there was nothing to do. */
  | { kind: "idle"; id: string; runId: string };

const POLL_EVERY_MS = 1_000;

interface Watch {
  session: Commands;
  /** The queries that run. */
  active(): Promise<StreamingQuery[]>;
  clock: Clock;
  pollEveryMs?: number;
  signal?: AbortSignal;
}

/** See `StreamingQueries.events`. */
export async function* streamingEvents(watch: Watch): AsyncGenerator<StreamingEvent, void, undefined> {
  const { signal } = watch;
  try {
    yield* pushedEvents(watch.session, signal);
  } catch (error) {
    if (signal?.aborted) return;
    if (!(error instanceof SparkError) || error.code === "SPARK_SESSION_GONE") throw error;
  }
  if (signal?.aborted) return;
  yield* polledEvents(watch);
}

async function* pushedEvents(
  session: Commands,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamingEvent, void, undefined> {
  // A session has one listener. That of someone who left, or was killed, takes the events until it is removed.
  const listenerBus = (name: "addListenerBusListener" | "removeListenerBusListener") =>
    ({
      case: "streamingQueryListenerBusCommand",
      value: { command: { case: name, value: true } },
    }) as const;
  await session.command(listenerBus("removeListenerBusListener"));
  const command = { commandType: listenerBus("addListenerBusListener") };
  const responses = session.execute({ opType: { case: "command", value: command } }, signal);
  for await (const { responseType } of responses) {
    if (responseType.case !== "streamingQueryListenerEventsResult") continue;
    for (const event of responseType.value.events) yield* readEvent(event);
  }
}

function* readEvent({ eventType, eventJson }: StreamingQueryListenerEvent): Generator<StreamingEvent> {
  const event = JSON.parse(eventJson) as ListenerJson;
  if (eventType === StreamingQueryEventType.QUERY_PROGRESS_EVENT) {
    yield { kind: "progress", progress: event.progress };
  } else if (eventType === StreamingQueryEventType.QUERY_TERMINATED_EVENT) {
    const { id, runId, exception = null, errorClassOnException: errorClass = null } = event;
    yield { kind: "terminated", id, runId, exception, errorClass };
  } else if (eventType === StreamingQueryEventType.QUERY_IDLE_EVENT) {
    yield { kind: "idle", id: event.id, runId: event.runId };
  }
}

/** The members of Spark's listener events. */
interface ListenerJson {
  progress: ProgressReport;
  id: string;
  runId: string;
  exception?: string | null;
  errorClassOnException?: string | null;
}

async function* polledEvents({
  active: runningQueries,
  clock,
  pollEveryMs = POLL_EVERY_MS,
  signal,
}: Watch): AsyncGenerator<StreamingEvent, void, undefined> {
  const known = new Map<string, { query: StreamingQuery; lastBatch: number }>();
  while (!signal?.aborted) {
    const active = await runningQueries();
    for (const query of active) {
      if (!known.has(query.runId)) known.set(query.runId, { query, lastBatch: -1 });
    }
    const running = new Set(active.map(({ runId }) => runId));
    for (const [runId, entry] of known) {
      for (const progress of await entry.query.recentProgress()) {
        if (progress.batchId <= entry.lastBatch) continue;
        entry.lastBatch = progress.batchId;
        yield { kind: "progress", progress };
      }
      if (running.has(runId)) continue;
      known.delete(runId);
      const exception = await entry.query.exception();
      yield {
        kind: "terminated",
        ...{ id: entry.query.id, runId },
        exception: exception?.message ?? null,
        errorClass: exception?.errorClass ?? null,
      };
    }
    await clock.sleep(pollEveryMs, signal);
  }
}
