import assert from "node:assert/strict";
import { test } from "node:test";
import type { Sources } from "../../../src/app/config/resolve.ts";
import { type Config, configOf, pipelineSettings, printableConfig } from "../../../src/app/config.ts";
import { UsageError } from "../../../src/core/errors.ts";
import { count, query } from "../../../src/queries/query.ts";

type Given = Partial<Pick<Sources, "flags" | "env">> & { values?: Record<string, unknown> };

function read({ flags = {}, env = {}, values = {} }: Given): Config {
  return configOf({ command: "process", flags, env, file: { path: "a file", values }, cores: 1 });
}

test("results go to PostgreSQL by a URL without a password; what can't be a table is refused", () => {
  const postgres = "postgres://click@db:5432/shop";
  const env = { CLICKSTREAM_POSTGRES: postgres, CLICKSTREAM_POSTGRES_PASSWORD: "hunter2" };
  const config = read({ env });
  const printed = printableConfig(config);
  const from = "variable CLICKSTREAM_POSTGRES_PASSWORD";
  assert.deepEqual(printed.postgresPassword, { value: "[hidden]", from });
  assert(!JSON.stringify(printed).includes("hunter2"));
  assert.equal(pipelineSettings(config).postgres?.schema, "clickstream");
  const unusable = query("q", { by: [], measures: { xmax: count() } });
  const refused: [Given, RegExp][] = [
    [{ flags: { postgres: "postgres://u:hunter2@h/d" } }, /password in it/],
    [{ env: { CLICKSTREAM_POSTGRES: "postgres://u:hunter2@h/d" } }, /password in it/],
    [{ values: { postgres: "postgres://u:hunter2@h/d" } }, /password in it/],
    [{ env, flags: { postgresPasswordFile: "secret" } }, /more than one source/],
    [{ flags: { postgresPasswordFile: "secret" } }, /needs --postgres/],
    [{ flags: { postgres, postgresSchema: "Public" } }, /name of a schema/],
    [{ flags: { postgres }, values: { queries: [unusable] } }, /system column xmax/],
  ];
  for (const [given, told] of refused) {
    assert.throws(
      () => read(given),
      (error: Error) => {
        assert.match(error.message, told);
        assert(!error.message.includes("hunter2"));
        return error instanceof UsageError;
      },
    );
  }
});
