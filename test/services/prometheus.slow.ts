// A real Prometheus, from the distribution's package, scrapes a real run; every panel of the dashboard must have data.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../../src/local/ports.ts";
import { pipelineSchema } from "../../src/web/api.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { startBroker } from "./broker.ts";
import { startCommand } from "./command-line.ts";

const DEPLOY = fileURLToPath(new URL("../../deploy", import.meta.url));
const RULES = join(DEPLOY, "prometheus/alerts.yml");

interface Panel {
  title: string;
  description?: string;
  targets?: { expr: string }[];
}

/** Why it can't be had here; undefined when it is there. */
function prometheusMissing(): string | undefined {
  const isThere = (): boolean => spawnSync("promtool", ["--version"]).status === 0;
  if (isThere()) return undefined;
  if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).status !== 0) {
    return "no Prometheus here, and only root with apt-get could install one: apt-get install prometheus";
  }
  spawnSync("apt-get", ["update"], { stdio: "ignore" });
  spawnSync("apt-get", ["install", "--yes", "--no-install-recommends", "prometheus"], { stdio: "ignore" });
  return isThere() ? undefined : "apt-get could not install the package prometheus";
}

const missing = prometheusMissing();
const cleanups: (() => Promise<void>)[] = [];

before(() => {
  if (missing !== undefined) process.stdout.write(`skipped: ${missing}\n`);
});
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

test("promtool accepts the configuration and the rules, and their unit tests pass", { skip: missing }, () => {
  execFileSync("promtool", ["check", "rules", RULES]);
  execFileSync("promtool", ["check", "config", join(DEPLOY, "prometheus/prometheus.yml")]);
  execFileSync("promtool", ["check", "config", "--syntax-only", join(DEPLOY, "prometheus/compose.yml")]);
  execFileSync("promtool", ["test", "rules", join(DEPLOY, "prometheus/alerts.test.yml")]);
});

test("a Prometheus scrapes a run, and every panel and alert finds its series", {
  skip: missing,
}, async (t) => {
  const { brokers } = await startBroker({ after: (cleanup) => cleanups.push(cleanup) });
  const folder = await temporaryFolder();
  cleanups.push(async () => folder[Symbol.asyncDispose]());
  const [http, port] = [await freePort(), await freePort()];
  const common = ["--brokers", brokers.join(), "--topic", "clicks", "--log-level", "warn"];
  const events = ["--events", "200000", "--late", "0.01", "--broken", "0.01"];
  const windows = ["--window", "1m", "--slide", "10s", "--delay", "30s", "--max-ahead", "10s"];
  const web = ["--http", String(http)];
  const run = startCommand(folder.path, "run", ...common, ...events, ...windows, ...web, "--rate", "200");
  cleanups.push(async () => {
    run.child.kill("SIGTERM");
    await run.ended;
  });

  const config = join(folder.path, "prometheus.yml");
  const given = readFileSync(join(DEPLOY, "prometheus/prometheus.yml"), "utf8");
  await writeFile(
    config,
    given
      .replace("127.0.0.1:8080", `127.0.0.1:${http}`)
      .replace("alerts.yml", RULES)
      .replace("scrape_interval: 5s", "scrape_interval: 1s"),
  );
  const storage = join(folder.path, "prometheus-data");
  const address = `127.0.0.1:${port}`;
  const prometheus = spawn(
    "prometheus",
    [`--config.file=${config}`, `--storage.tsdb.path=${storage}`, `--web.listen-address=${address}`],
    { stdio: "ignore" },
  );
  cleanups.push(async () => {
    const ended = new Promise((resolve) => prometheus.on("close", resolve));
    prometheus.kill("SIGTERM");
    await ended;
  });

  const ask = async (path: string): Promise<{ result: unknown[] }> => {
    const answer = await fetch(`http://${address}/api/v1/${path}`);
    const body = (await answer.json()) as { status: string; error?: string; data: { result: unknown[] } };
    assert.equal(body.status, "success", `${path}: ${body.error}`);
    return body.data;
  };
  const value = async (expr: string): Promise<number | undefined> => {
    const { result } = await ask(`query?query=${encodeURIComponent(expr)}`);
    return result.length === 0 ? undefined : Number((result[0] as { value: [number, string] }).value[1]);
  };
  const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    for (let attempt = 0; attempt < 120; attempt++) {
      if (await holds().catch(() => false)) return; // not up yet
      await delay(1_000);
    }
    assert.fail(`waited in vain for ${what}`);
  };
  await until("events", async () => ((await value("clickstream_events_read_total")) ?? 0) >= 200_000);
  await until(
    "closed windows",
    async () => ((await value("clickstream_close_duration_seconds_count")) ?? 0) > 0,
  );

  const dashboard = JSON.parse(readFileSync(join(DEPLOY, "grafana/dashboards/clickstream.json"), "utf8"));
  const panels = (dashboard.panels as Panel[]).filter(({ targets = [] }) => targets.length > 0);
  assert.ok(panels.length > 20);
  for (const { title, description, targets = [] } of panels) {
    for (const { expr } of targets) {
      const asked = expr.replaceAll("$instance", ".*");
      if (description?.startsWith("Only with --engine spark"))
        await ask(`query?query=${encodeURIComponent(asked)}`);
      else await until(`data of "${title}": ${asked}`, async () => (await value(asked)) !== undefined);
    }
  }

  const { dead } = pipelineSchema.parse(await (await fetch(`http://127.0.0.1:${http}/api/pipeline`)).json());
  for (const [reason, count] of Object.entries(dead)) {
    assert.ok(
      count > 0 && ((await value(`clickstream_events_dead_total{reason="${reason}"}`)) ?? 0) > 0,
      reason,
    );
  }
  t.diagnostic(`${panels.length} panels have data`);
  const metrics = await (await fetch(`http://127.0.0.1:${http}/metrics`)).text();
  execFileSync("promtool", ["check", "metrics"], { input: metrics });
});
