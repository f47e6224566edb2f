import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock as clock } from "../../../src/core/clock.ts";
import type { ExecutePlanRequest } from "../../../src/engines/spark/connect/generated/spark/connect/base_pb.js";
import type { Command } from "../../../src/engines/spark/connect/generated/spark/connect/commands_pb.js";
import { StreamingQueryEventType } from "../../../src/engines/spark/connect/generated/spark/connect/commands_pb.js";
import { SparkSession } from "../../../src/engines/spark/connect/session.ts";
import type { StreamingQuery } from "../../../src/engines/spark/connect/streaming-query.ts";
import { prepareSession, submitStage } from "../../../src/engines/spark/job-submission.ts";
import { QueryFailure, watchQueries } from "../../../src/engines/spark/running-job.ts";
import type { StreamingJob, StreamingStage } from "../../../src/engines/spark/streaming-job.ts";
import { complete, type Response, type Script, scriptedSpark, sparkFailure } from "./scripted-spark.ts";

/** Queries at a server, as a test changes them. */
interface Server {
  running: string[];
  reports: Record<string, { batchId: number }[]>;
  exceptions: Record<string, string>;
  /** What comes on the stream of events; "refused" when there is none. */
  events: { type: StreamingQueryEventType; json: object }[] | "refused";
  /** A session has one listener: another is sent away at once, even when the first left without a word. */
  hasListener: boolean;
  /** Names of the commands that came, in order. */
  commands: string[];
}

const idOf = (name: string) => ({ id: `id-${name}`, runId: `run-${name}` });
const answer = (responseType: NonNullable<Response["responseType"]>): Response => ({
  responseId: "1",
  serverSideSessionId: "server-session",
  responseType,
});

function scriptOf(server: Server): Script {
  return {
    async *execute(request, { signal }) {
      const command = commandOf(request);
      server.commands.push(
        command.case === "createDataframeView" ? `view ${command.value.name}` : command.case!,
      );
      if (command.case === "streamingQueryListenerBusCommand") {
        if (command.value.command.case === "removeListenerBusListener") server.hasListener = false;
        if (command.value.command.case === "removeListenerBusListener" || server.hasListener) {
          yield complete("end");
          return;
        }
        if (server.events === "refused") throw sparkFailure("no listeners here");
        server.hasListener = true;
        const events = server.events.map(({ type, json }) => ({
          eventType: type,
          eventJson: JSON.stringify(json),
        }));
        yield answer({ case: "streamingQueryListenerEventsResult", value: { events } });
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return;
      }
      yield* answersTo(command, server);
      yield complete("end");
    },
  };
}

function commandOf({ plan }: ExecutePlanRequest): Command["commandType"] {
  assert.ok(plan?.opType.case === "command");
  return plan.opType.value.commandType;
}

function* answersTo(command: Command["commandType"], server: Server): Generator<Response> {
  if (command.case === "writeStreamOperationStart") {
    const { queryName: name } = command.value;
    server.running.push(name);
    server.commands.push(`start ${name}`);
    yield answer({ case: "writeStreamOperationStartResult", value: { queryId: idOf(name), name } });
  }
  if (command.case === "streamingQueryManagerCommand") {
    const activeQueries = server.running.map((name) => ({ id: idOf(name), name }));
    yield answer({
      case: "streamingQueryManagerCommandResult",
      value: { resultType: { case: "active", value: { activeQueries } } },
    });
  }
  if (command.case !== "streamingQueryCommand") return;
  const name = command.value.queryId!.runId.replace("run-", "");
  const asked = command.value.command.case;
  if (asked === "stop") {
    server.commands.push(`stop ${name}`);
    server.running = server.running.filter((other) => other !== name);
  }
  if (asked === "recentProgress") {
    const recentProgressJson = (server.reports[name] ?? []).map((report) =>
      JSON.stringify({ ...idOf(name), name, ...report }),
    );
    yield answer({
      case: "streamingQueryCommandResult",
      value: { resultType: { case: "recentProgress", value: { recentProgressJson } } },
    });
  }
  if (asked === "exception") {
    const exceptionMessage = server.exceptions[name];
    const value = exceptionMessage === undefined ? {} : { exceptionMessage, errorClass: "STREAM_FAILED" };
    yield answer({
      case: "streamingQueryCommandResult",
      value: { resultType: { case: "exception", value } },
    });
  }
}

const newServer = (): Server => ({
  ...{ running: [], reports: {}, exceptions: {}, events: [], commands: [], hasListener: false },
});
const STAGE: StreamingStage = {
  sources: [{ view: "records", format: "kafka", options: { subscribe: "clicks" } }],
  views: [{ view: "events", sql: "SELECT 1" }],
  queries: ["a", "b"].map((name) => ({
    name,
    sql: "SELECT 1",
    outputMode: "append",
    sink: { format: "json", path: "/p", partitionBy: [] },
    checkpoint: "/c",
    trigger: "availableNow",
  })),
};
const JOB: StreamingJob = { conf: {}, stages: [STAGE] };

async function submit(session: SparkSession, isSame: boolean): Promise<StreamingQuery[]> {
  await prepareSession(session, JOB, isSame);
  return submitStage(session, STAGE);
}

async function connect(address: string): Promise<SparkSession> {
  return SparkSession.connect(address, {
    retries: { attempts: 1, firstDelayMs: 1, factor: 1, longestDelayMs: 1, withinMs: 60_000 },
  });
}

test("a job is views and starts; queries of the same job that run are kept, of another stopped first", async () => {
  const server = newServer();
  await using spark = await scriptedSpark(scriptOf(server));
  const session = await connect(spark.address);
  await submit(session, false);
  const steps = () => server.commands.filter((command) => /^(?:view|start|stop) /.test(command));
  assert.deepEqual(steps(), ["view records", "view events", "start a", "start b"]);

  server.commands.length = 0;
  server.running = ["a", "foreign"];
  const again = await submit(session, true);
  assert.deepEqual(steps(), ["view records", "view events", "start b"]);
  assert.deepEqual(again.map(({ name }) => name).sort(), ["a", "b"]);

  server.commands.length = 0;
  await submit(session, false);
  assert.deepEqual(steps(), ["stop a", "stop b", "view records", "view events", "start a", "start b"]);
  session.close();
});

async function watched(server: Server, signal = new AbortController().signal): Promise<string[]> {
  await using spark = await scriptedSpark(scriptOf(server));
  const session = await connect(spark.address);
  const queries = await submit(session, false);
  const seen: string[] = [];
  const onProgress = (query: string, { batchId }: { batchId: number }) => {
    seen.push(`${query} ${batchId}`);
    if (query === "b" && batchId === 7) server.running = []; // both have ended
  };
  try {
    await watchQueries(session, queries, { clock, signal, onProgress });
  } finally {
    session.close();
  }
  return seen;
}

const LAST_EVENTS: Server["events"] = [
  {
    type: StreamingQueryEventType.QUERY_PROGRESS_EVENT,
    json: { progress: { ...idOf("b"), name: "b", batchId: 7 } },
  },
  { type: StreamingQueryEventType.QUERY_TERMINATED_EVENT, json: idOf("b") },
];

test("reports come from before and from events, and the watch ends with the queries", async () => {
  const server = { ...newServer(), events: LAST_EVENTS };
  server.reports = { a: [{ batchId: 0 }, { batchId: 1 }] };
  const seen = await watched(server);
  assert.deepEqual(new Set(seen), new Set(["a 0", "a 1", "b 7"]));
});

test("a listener that a killed program left in the session does not take the events", async () => {
  const server = { ...newServer(), events: LAST_EVENTS, hasListener: true };
  assert.deepEqual(await watched(server), ["b 7"]);
});

test("where events are refused they are looked for", async () => {
  const server = newServer();
  server.events = "refused";
  server.reports = { b: [{ batchId: 7 }] };
  assert.ok((await watched(server)).includes("b 7"));
});

test("a query that ended by an error is named with its reason", async () => {
  const server = newServer();
  server.reports = { b: [{ batchId: 7 }] };
  server.exceptions = { b: "Job aborted\n\tat somewhere" };
  await assert.rejects(watched(server), (error) => {
    assert.ok(error instanceof QueryFailure);
    assert.equal(error.query, "b");
    assert.equal(error.error.errorClass, "STREAM_FAILED");
    assert.match(error.message, /Job aborted$/);
    return true;
  });
});

test("told to stop, the watch ends at once and leaves the queries as they are", async () => {
  const server = newServer();
  const stopping = new AbortController();
  setTimeout(() => stopping.abort(), 50);
  await watched(server, stopping.signal);
  assert.deepEqual(server.running, ["a", "b"]);
});
