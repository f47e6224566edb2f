import assert from "node:assert/strict";
import { test } from "node:test";
import { SparkError, type SparkErrorCode } from "../../../src/engines/spark/connect/spark-error.ts";
import { Recovery } from "../../../src/engines/spark/recovery.ts";
import { QueryFailure } from "../../../src/engines/spark/running-job.ts";

/** A clock whose time is what a test says. */
function clockAt(time: { ms: number }) {
  return { nowMs: () => time.ms, monotonicMs: () => time.ms, sleep: async () => {} };
}

const failure = (code: SparkErrorCode) => new SparkError({ code, message: code, nextStep: "" });
const ended = (message: string, errorClass: string | null = null) =>
  new QueryFailure(
    "url_counts",
    new SparkError({ code: "SPARK_FAILED", message, nextStep: "" }, { errorClass }),
  );

test("a server that was never reached is told at once; one that was is waited for, but not for ever", () => {
  const time = { ms: 0 };
  const recovery = new Recovery(clockAt(time));
  assert.equal(recovery.judge(failure("SPARK_UNREACHABLE")).again, false);
  recovery.reached();
  for (time.ms = 0; time.ms < 600_000; time.ms += 15_000) {
    const verdict = recovery.judge(failure("SPARK_UNREACHABLE"));
    assert.ok(verdict.again && !verdict.newSession && verdict.delayMs <= 15_000);
  }
  time.ms = 700_000;
  assert.equal(recovery.judge(failure("SPARK_UNREACHABLE")).again, false);
});

test("a lost session is replaced by a new one, a few times without progress", () => {
  const recovery = new Recovery(clockAt({ ms: 0 }));
  for (let n = 0; n < 4; n++) {
    const verdict = recovery.judge(failure("SPARK_SESSION_GONE"));
    assert.ok(verdict.again && verdict.newSession);
  }
  assert.equal(recovery.judge(failure("SPARK_SESSION_GONE")).again, false);
  recovery.progressed();
  assert.equal(recovery.judge(failure("SPARK_SESSION_GONE")).again, true);
});

test("a query that fails again and again is told with its reason", () => {
  const recovery = new Recovery(clockAt({ ms: 0 }));
  for (let n = 0; n < 4; n++) assert.equal(recovery.judge(ended("executor lost")).again, true);
  assert.deepEqual(recovery.judge(ended("executor lost")), {
    again: false,
    error: ended("executor lost").error,
  });
});

test("a checkpoint that does not fit names the query and what to do, at once", () => {
  const verdict = new Recovery(clockAt({ ms: 0 })).judge(ended("…", "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE"));
  assert.ok(!verdict.again);
  const error = verdict.error as SparkError;
  assert.equal(error.code, "CHECKPOINT_MISFIT");
  assert.match(error.message, /url_counts/);
  assert.match(error.nextStep, /--fresh/);
});

test("records that Kafka dropped, a denial, an old server and anything unknown are final", () => {
  const recovery = new Recovery(clockAt({ ms: 0 }));
  recovery.reached();
  const lost = recovery.judge(ended("Some data may have been lost because …", "KAFKA_DATA_LOSS"));
  assert.equal(!lost.again && (lost.error as SparkError).code, "DATA_LOST");
  for (const code of ["SPARK_DENIED", "SPARK_TOO_OLD", "SPARK_FAILED"] as const) {
    assert.equal(recovery.judge(failure(code)).again, false);
  }
  assert.equal(recovery.judge(new TypeError("a defect")).again, false);
});
