import assert from "node:assert/strict";
import { test } from "node:test";
import type { CommandName, SettingName } from "../../../src/app/config/settings.ts";
import { configOf } from "../../../src/app/config.ts";
import { UsageError } from "../../../src/core/errors.ts";

type Flags = Partial<Record<SettingName, unknown>>;
const POSTGRES = "postgres://someone@127.0.0.1/somewhere";
const WEBHOOK = "https://alerts.example/hook";

/** A command with flags that ignore one, what is said of it, and flags with which it does something. */
const IGNORED: readonly (readonly [CommandName, Flags, RegExp, Flags])[] = [
  ["process", { sessionGap: "10m" }, /^--session-gap needs --sessions\.$/, { sessions: true }],
  ["process", { qualityFactor: "9" }, /^--quality-factor needs --data-quality\.$/, { dataQuality: true }],
  ["verify", { postgresSchema: "shop" }, /^--postgres-schema needs --postgres\.$/, { postgres: POSTGRES }],
  [
    "run",
    { alertWebhookPrivate: true },
    /^--alert-webhook-private needs --alert-webhook\.$/,
    { alertWebhook: WEBHOOK },
  ],
  ["run", { alertTopic: "told", alerts: false }, /^--alert-topic does nothing with --no-alerts\.$/, {}],
  ["run", { alertWebhook: WEBHOOK, alerts: false }, /^--alert-webhook does nothing with --no-alerts\.$/, {}],
  [
    "process",
    { group: "lag", groupPositions: false },
    /^--group does nothing with --no-group-positions\.$/,
    {},
  ],
  ["process", { httpTokenFile: "token.txt" }, /^--http-token-file needs --http:/, { http: "8080" }],
  ["run", { rate: "5", exit: true }, /^--rate is for live events, and with --exit there are none\.$/, {}],
  ["run", { rate: "5", live: false }, /^--rate is for live events, and with --no-live/, {}],
  [
    "process",
    { engine: "spark", spark: "sc://spark:15002", sparkDir: "here" },
    /^--spark-dir is for a local Spark/,
    {},
  ],
];

const read = (command: CommandName, flags: Flags, values?: Record<string, unknown>) =>
  configOf({
    command,
    flags,
    env: {},
    cores: 2,
    file: values === undefined ? undefined : { path: "clickstream.config.ts", values },
  });

for (const [command, flags, message, needed] of IGNORED) {
  test(`a flag that would be ignored is refused: ${Object.keys(flags).join(", ")}`, () => {
    assert.throws(
      () => read(command, flags),
      (error: unknown) => {
        assert.ok(error instanceof UsageError, `${error}`);
        assert.match(error.message, message);
        assert.notEqual(error.nextStep, "");
        return true;
      },
    );
    if (Object.keys(needed).length > 0) assert.doesNotThrow(() => read(command, { ...flags, ...needed }));
  });
}

test("a config file may hold what another run needs", () => {
  const values = { sessionGap: "10m", qualityFactor: 9, postgresSchema: "shop", rate: 5 };
  assert.equal(read("run", { exit: true }, values).settings.sessionGap, 600_000);
});

test("verify takes the factor of the ranges: whether there are any, the output says", () => {
  const { settings } = read("verify", { qualityFactor: "9" });
  assert.equal(settings.qualityFactor, 9);
});
