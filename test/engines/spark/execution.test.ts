import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import type { RetryPolicy } from "../../../src/engines/spark/connect/retries.ts";
import { SparkSession } from "../../../src/engines/spark/connect/session.ts";
import { complete, progress, scriptedSpark, sparkFailure } from "./scripted-spark.ts";

const FAST: RetryPolicy = { attempts: 4, firstDelayMs: 1, factor: 1, longestDelayMs: 1, withinMs: 60_000 };
const PLAN = { opType: { case: "command", value: {} } } as const;

async function idsOf(session: SparkSession): Promise<string[]> {
  const ids: string[] = [];
  for await (const { responseId } of session.execute(PLAN)) ids.push(responseId);
  return ids;
}

test("a broken stream is attached again behind the last response, and the execution is released", async () => {
  const seen: (string | undefined)[] = [];
  await using server = await scriptedSpark({
    async *execute() {
      yield progress("1");
      yield progress("2");
      await new Promise((resolve) => setTimeout(resolve, 50)); // so that both have left
      server.cut();
    },
    *reattach({ lastResponseId }) {
      seen.push(lastResponseId);
      yield progress("3");
      yield complete("4");
    },
  });
  const session = await SparkSession.connect(server.address, { retries: FAST });
  assert.deepEqual(await idsOf(session), ["1", "2", "3"]);
  assert.deepEqual(seen, ["2"]);
  await session.keepAlive();
  assert.deepEqual(
    server.released.map(({ release }) => release.case),
    ["releaseAll"],
  );
  session.close();
});

test("a stream that ends without its last response goes on in another", async () => {
  let attached = 0;
  await using server = await scriptedSpark({
    *execute() {
      yield progress("1");
    },
    *reattach() {
      attached++;
      if (attached === 3) yield complete("2");
    },
  });
  const session = await SparkSession.connect(server.address, { retries: FAST });
  assert.deepEqual(await idsOf(session), ["1"]);
  assert.equal(attached, 3);
  session.close();
});

test("streams that end with nothing, one after the other, are given up", async () => {
  await using server = await scriptedSpark({
    *execute() {
      yield progress("1");
    },
    *reattach() {},
  });
  const session = await SparkSession.connect(server.address, { retries: FAST });
  await assert.rejects(idsOf(session), { code: "SPARK_UNREACHABLE" });
  assert.equal(server.asked.filter((method) => method === "reattachExecute").length, FAST.attempts);
  session.close();
});

test("progress between failures gives all tries back", async () => {
  let next = 0;
  await using server = await scriptedSpark({
    *execute() {
      yield progress("0");
      throw new ConnectError("away", Code.Unavailable);
    },
    *reattach() {
      next++;
      if (next === 3 * FAST.attempts) yield complete("end");
      else {
        if (next % 2 === 0) yield progress(String(next));
        throw new ConnectError("away", Code.Unavailable);
      }
    },
  });
  const session = await SparkSession.connect(server.address, { retries: FAST });
  assert.equal((await idsOf(session)).length, 1 + (3 * FAST.attempts) / 2 - 1);
  session.close();
});

test("a start that never arrived is sent once more; a lost operation is final", async () => {
  let starts = 0;
  const lost = () => sparkFailure("[INVALID_HANDLE.OPERATION_NOT_FOUND] The handle is invalid.");
  await using server = await scriptedSpark({
    *execute() {
      starts++;
      if (starts === 1) throw new ConnectError("away", Code.Unavailable);
      yield progress("1");
      throw new ConnectError("away", Code.Unavailable);
    },
    // biome-ignore lint/correctness/useYield: an answer that is an error
    *reattach() {
      throw lost();
    },
  });
  const session = await SparkSession.connect(server.address, { retries: FAST });
  await assert.rejects(idsOf(session), { code: "SPARK_OPERATION_GONE" });
  assert.deepEqual(server.asked.slice(1), [
    "executePlan",
    "reattachExecute",
    "executePlan",
    "reattachExecute",
  ]);
  session.close();
});

test("an unknown or closed session is told at once and never tried again", async () => {
  for (const problem of ["SESSION_NOT_FOUND", "SESSION_CLOSED", "SESSION_CHANGED"]) {
    await using server = await scriptedSpark({
      // biome-ignore lint/correctness/useYield: an answer that is an error
      *execute() {
        throw sparkFailure(`[INVALID_HANDLE.${problem}] The handle is invalid.`);
      },
    });
    const session = await SparkSession.connect(server.address, { retries: FAST });
    await assert.rejects(idsOf(session), { code: "SPARK_SESSION_GONE", nextStep: /new session/ });
    assert.deepEqual(server.asked, ["analyzePlan", "executePlan"]);
    session.close();
  }
});

test("a server that is not there is told in one sentence after all tries", async () => {
  const closed = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => closed.on("listening", resolve));
  const { port } = closed.address() as { port: number };
  await new Promise((resolve) => closed.close(resolve));
  await assert.rejects(SparkSession.connect(`sc://127.0.0.1:${port}`, { retries: FAST }), {
    code: "SPARK_UNREACHABLE",
    message: new RegExp(`^Spark at sc://127\\.0\\.0\\.1:${port} does not answer`),
  });
});

test("an older server is refused by name, also when it does not take our settings", async () => {
  const connect = async (version: string, refused: boolean) => {
    const config = () => {
      if (refused) throw sparkFailure("[CANNOT_MODIFY_CONFIG] Cannot modify it.");
      return {};
    };
    await using server = await scriptedSpark({ version, otherwise: { config } });
    const session = await SparkSession.connect(server.address, { retries: FAST, settings: { a: "b" } });
    session.close();
  };
  for (const [version, refused] of [
    ["4.0.0", false],
    ["4.1.9", true],
    ["3.5.1", true],
  ] as const) {
    await assert.rejects(connect(version, refused), {
      code: "SPARK_TOO_OLD",
      message: new RegExp(
        `is Spark ${version.replaceAll(".", "\\.")}, and this client needs 4\\.2 or newer\\.$`,
      ),
    });
  }
  await assert.rejects(connect("4.2.0", true), { code: "SPARK_FAILED", message: /CANNOT_MODIFY_CONFIG/ });
  await connect("4.3.0", false);
});

test("a refused token is final", async () => {
  await using server = await scriptedSpark({
    otherwise: {
      analyzePlan() {
        throw new ConnectError("no token", Code.Unauthenticated);
      },
    },
  });
  await assert.rejects(SparkSession.connect(server.address, { retries: FAST }), { code: "SPARK_DENIED" });
});

test("Spark's own errors come with class, state and the SQL that they are about", async () => {
  await using server = await scriptedSpark({
    // biome-ignore lint/correctness/useYield: an answer that is an error
    *execute() {
      throw sparkFailure("[UNRESOLVED_COLUMN] no `nope`;\n'Project ['nope]", { errorId: "e-1" });
    },
    otherwise: {
      fetchErrorDetails: ({ errorId }) => ({
        rootErrorIdx: 0,
        errors: [
          {
            message: errorId,
            errorTypeHierarchy: ["org.apache.spark.sql.AnalysisException"],
            sparkThrowable: {
              errorClass: "UNRESOLVED_COLUMN.WITH_SUGGESTION",
              sqlState: "42703",
              queryContexts: [{ fragment: "nope" }],
            },
          },
        ],
      }),
    },
  });
  const session = await SparkSession.connect(server.address, { retries: FAST });
  await assert.rejects(session.rows("SELECT nope"), {
    code: "SPARK_FAILED",
    errorClass: "UNRESOLVED_COLUMN.WITH_SUGGESTION",
    sqlState: "42703",
    fragment: "nope",
    exceptionClasses: ["org.apache.spark.sql.AnalysisException"],
    message: /no `nope`; It is about: nope$/,
  });
  assert.equal(server.asked.filter((method) => method === "executePlan").length, 1);
  session.close();
});

test("leaving early ends the execution at the server", async () => {
  await using server = await scriptedSpark({
    async *execute(_, { signal }) {
      yield progress("1");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  });
  const session = await SparkSession.connect(server.address, { retries: FAST });
  for await (const { responseId } of session.execute(PLAN)) {
    assert.equal(responseId, "1");
    break;
  }
  await session.keepAlive();
  assert.equal(server.released.length, 1);
  session.close();
});

test("the server's name for the session travels with what is asked next", async () => {
  const observed: (string | undefined)[] = [];
  await using server = await scriptedSpark({
    *execute({ clientObservedServerSideSessionId, sessionId }) {
      observed.push(clientObservedServerSideSessionId, sessionId);
      yield complete("1");
    },
  });
  const sessionId = "11111111-2222-3333-4444-555555555555";
  const session = await SparkSession.connect(server.address, { retries: FAST, sessionId });
  await idsOf(session);
  assert.deepEqual(observed, ["server-session", sessionId]);
  session.close();
});

test("a release that a server without machine learning can't finish is a release", async () => {
  await using server = await scriptedSpark({
    otherwise: {
      releaseSession() {
        throw sparkFailure("java.lang.NoClassDefFoundError: org/apache/spark/ml/util/ConnectHelper");
      },
    },
  });
  const session = await SparkSession.connect(server.address, { retries: FAST });
  await session.release();
});
