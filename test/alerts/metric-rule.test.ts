import assert from "node:assert/strict";
import { test } from "node:test";
import type { AlertState } from "../../src/alerts/lifecycle.ts";
import { evaluateMetric } from "../../src/alerts/metric-rule.ts";
import { MetricHistory, type MetricName, type MetricSample } from "../../src/alerts/metrics.ts";
import type { MetricRule } from "../../src/alerts/rule.ts";

const START_MS = 1_000_000;
const QUIET: Omit<MetricSample, "atMs"> = {
  ...{ read: 0, late: 0, dead: 0, lag: 0, watermarkMs: null, lastCommitMs: null },
  ...{ stateShare: 0.1, outboxEntries: 0, failed: false },
};

/** A pipeline that is looked at every five seconds. */
function watched(metric: MetricName, limit: number, forMs = 0, overMs = 60_000) {
  const rule: MetricRule = {
    ...{ name: "rule", severity: "warning", note: null, forMs, overMs },
    ...{ kind: "metric", metric, condition: { kind: "above", limit } },
  };
  let history = new MetricHistory(START_MS);
  let state: AlertState | undefined;
  let lookedMs: number | null = null;
  let atMs = START_MS;
  return {
    rule,
    /** The process is killed; another one begins, and knows what was recorded. */
    restart(): void {
      history = new MetricHistory(atMs);
    },
    look(seen: Partial<MetricSample>, afterMs = 5_000): string {
      atMs += afterMs;
      history.add({ ...QUIET, atMs, ...seen });
      const step = evaluateMetric(rule, history, { before: state, lookedMs, nowMs: atMs });
      lookedMs = atMs;
      state = step.state;
      return step.change ?? state?.phase ?? "inactive";
    },
  };
}

test("a rule of the pipeline becomes pending, fires and is resolved in wall-clock time", () => {
  const lag = watched("lag_events", 100, 12_000);
  assert.equal(lag.look({ lag: 100 }), "inactive");
  assert.equal(lag.look({ lag: 101 }), "pending");
  assert.equal(lag.look({ lag: 500 }), "pending");
  assert.equal(lag.look({ lag: 500 }), "pending");
  assert.equal(lag.look({ lag: 500 }), "firing");
  assert.equal(lag.look({ lag: 500 }), "firing");
  assert.equal(lag.look({ lag: null }, 60_000), "resolved");
});

test("after a while without a look what was pending begins anew, and what fires goes on", () => {
  const lag = watched("lag_events", 100, 60_000);
  assert.equal(lag.look({ lag: 500 }), "pending");
  assert.equal(lag.look({ lag: 500 }, 600_000), "pending", "nobody knows that it held meanwhile");
  for (let look = 0; look < 11; look++) lag.look({ lag: 500 });
  assert.equal(lag.look({ lag: 500 }), "firing");
  assert.equal(lag.look({ lag: 500 }, 600_000), "firing");
});

test("shares are of the events of the last minutes, and need some", () => {
  const dead = watched("dead_letter_share", 0.01);
  assert.equal(
    dead.look({ read: 1_000_000, dead: 500_000 }),
    "inactive",
    "what was before counts for nothing",
  );
  assert.equal(dead.look({ read: 1_000_050, dead: 500_050 }), "inactive", "50 events say nothing");
  assert.equal(dead.look({ read: 1_001_000, dead: 500_050 }), "firing", "5 % of a thousand");
  assert.equal(dead.look({ read: 1_010_000, dead: 500_050 }), "resolved");
  for (let look = 0; look < 13; look++) dead.look({ read: 1_010_000, dead: 500_050 });
  assert.equal(dead.look({ read: 1_010_200, dead: 500_060 }), "firing", "only the last minute counts");
});

test("a watermark is stuck only while events come in", () => {
  const stuck = watched("watermark_stuck_seconds", 30);
  assert.equal(stuck.look({ read: 10, watermarkMs: 5 }), "inactive");
  for (let look = 1; look <= 6; look++) {
    assert.equal(stuck.look({ read: 10 + look, watermarkMs: 5 }), "inactive");
  }
  assert.equal(stuck.look({ read: 20, watermarkMs: 5 }), "firing");
  assert.equal(stuck.look({ read: 21, watermarkMs: 6 }), "resolved");
  stuck.look({ read: 22, watermarkMs: 6 });
  for (let look = 0; look < 20; look++) stuck.look({ read: 22, watermarkMs: 6 });
  assert.equal(stuck.look({ read: 22, watermarkMs: 6 }), "inactive", "a quiet night is nobody's fault");
});

test("silence, an old commit and a failed engine are noticed", () => {
  const quiet = watched("quiet_seconds", 20);
  assert.deepEqual([1, 2, 3, 4, 5].map(() => quiet.look({ read: 7 })).at(-1), "firing");
  assert.equal(quiet.look({ read: 8 }), "resolved");
  const commit = watched("commit_age_seconds", 20);
  assert.deepEqual([1, 2, 3, 4, 5].map(() => commit.look({ lastCommitMs: null })).at(-1), "firing");
  assert.equal(commit.look({ lastCommitMs: START_MS + 29_000 }), "resolved");
  const failed = watched("engine_failed", 0);
  assert.equal(failed.look({}), "inactive");
  assert.equal(failed.look({ failed: true }), "firing");
});

test("a start alone resolves nothing: that takes a look which can tell", () => {
  const dead = watched("dead_letter_share", 0.01);
  dead.look({ read: 1_000, dead: 0 });
  assert.equal(dead.look({ read: 2_000, dead: 500 }), "firing");
  dead.restart();
  assert.equal(dead.look({ read: 2_000, dead: 500 }), "firing", "nothing was read since");
  assert.equal(dead.look({ read: 2_050, dead: 500 }), "firing", "50 events say nothing");
  assert.equal(dead.look({ read: 3_000, dead: 500 }), "resolved");
  dead.look({ read: 4_000, dead: 900 });
  dead.restart();
  assert.equal(dead.look({ read: 4_000, dead: 900 }), "firing");
  assert.equal(dead.look({ read: 4_000, dead: 900 }, 60_001), "resolved", "so few events for so long");

  const lag = watched("lag_events", 100);
  assert.equal(lag.look({ lag: 101 }), "firing");
  lag.restart();
  assert.equal(lag.look({ lag: null }), "firing");
  assert.equal(lag.look({ lag: 0 }), "resolved");

  const quiet = watched("quiet_seconds", 20);
  for (let look = 0; look < 5; look++) quiet.look({ read: 7 });
  quiet.restart();
  for (let look = 0; look < 6; look++) assert.equal(quiet.look({ read: 7 }), "firing", "nothing came");
  assert.equal(quiet.look({ read: 8 }), "resolved");

  const stuck = watched("watermark_stuck_seconds", 10);
  for (let read = 0; read < 5; read++) stuck.look({ read, watermarkMs: 5 });
  stuck.restart();
  assert.equal(stuck.look({ read: 5, watermarkMs: null }), "firing");
  for (let read = 6; read < 9; read++) assert.equal(stuck.look({ read, watermarkMs: 5 }), "firing");
  assert.equal(stuck.look({ read: 9, watermarkMs: 6 }), "resolved");

  for (const metric of ["commit_age_seconds", "engine_failed"] as const) {
    const rule = watched(metric, 0);
    assert.equal(rule.look({ failed: true }), "firing");
    rule.restart();
    assert.equal(rule.look({ lastCommitMs: START_MS }, 0), "firing", "it has not committed since");
    assert.equal(rule.look({ lastCommitMs: START_MS + 5_001 }, 1), "resolved");
  }
});
