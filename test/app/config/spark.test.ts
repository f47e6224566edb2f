import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConfigInput, printableConfig, readConfig } from "../../../src/app/config.ts";
import { UsageError } from "../../../src/core/errors.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";

async function read(
  command: ConfigInput["command"],
  flags: ConfigInput["flags"],
  env: ConfigInput["env"] = {},
) {
  await using folder = await temporaryFolder();
  return await readConfig({ command, flags, env, cores: 2, folder: folder.path });
}

test("the embedded engine is the default; Spark has its own settings", async () => {
  const { settings } = await read("process", {});
  assert.deepEqual([settings.engine, settings.trigger, settings.spark], ["embedded", 60_000, undefined]);
  const flags = {
    engine: "spark",
    spark: "sc://h:15002",
    trigger: "10s",
    shufflePartitions: "4",
    stateStore: "hdfs",
  };
  const spark = (await read("process", flags)).settings;
  assert.deepEqual(
    [spark.engine, spark.spark, spark.trigger, spark.shufflePartitions, spark.stateStore],
    ["spark", "sc://h:15002", 10_000, 4, "hdfs"],
  );
});

test("of whole sessions Spark has the sessions", async () => {
  const flags = { sessions: true, standardQueries: false };
  const names = async (engine: string) =>
    (await read("process", { ...flags, engine })).queries.map(({ name }) => name);
  assert.deepEqual(await names("spark"), ["sessions"]);
  assert.deepEqual(await names("embedded"), ["sessions", "transitions"]);
});

test("a token in the address is never printed", async () => {
  const env = {
    CLICKSTREAM_SPARK: "sc://h:443/;use_ssl=true;token=secret;user_id=ann;x-api-key=secret",
  };
  const config = await read("process", { engine: "spark" }, env);
  assert.equal(config.settings.spark, env.CLICKSTREAM_SPARK);
  const printed = JSON.stringify(printableConfig(config));
  assert.match(printed, /sc:\/\/h:443\/;use_ssl=true;token=…;user_id=ann;x-api-key=…"/);
  assert.doesNotMatch(printed, /secret/);
});

test("what an engine does not have is refused by name", async () => {
  for (const [flags, message] of [
    [{ engine: "spark", untilEnd: true, finish: true }, /--finish/],
    [{ engine: "spark", workers: "2" }, /--workers is for --engine embedded/],
    [{ engine: "spark", onDataLoss: "skip" }, /--on-data-loss/],
    [{ trigger: "1s" }, /--trigger is for --engine spark/],
    [{ stateStore: "hdfs" }, /--state-store/],
    [{ engine: "spark", spark: "sc://h", executors: "2" }, /--executors/],
    [
      { engine: "spark", spark: "http://h/;token=secret" },
      /Spark address http:\/\/h\/ .* must start with "sc:/,
    ],
    [{ engine: "spark", spark: "sc://h/;use_ssl=false;token=secret" }, /over TLS only/],
    [{ engine: "flink" }, /--engine must be/],
  ] as const) {
    await assert.rejects(
      read("process", flags),
      (error) =>
        error instanceof UsageError && message.test(error.message) && !error.message.includes("secret"),
    );
  }
});
