import assert from "node:assert/strict";
import { test } from "node:test";
import { SparkSession } from "../../../src/engines/spark/connect/session.ts";
import { progress, scriptedSpark } from "./scripted-spark.ts";

test("a connection that was closed with a stream open pings nobody later", async (t) => {
  await using server = await scriptedSpark({
    async *execute(_, { signal }) {
      yield progress("1");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  });
  const retries = { attempts: 0, firstDelayMs: 1, factor: 1, longestDelayMs: 1, withinMs: 60_000 };
  const session = await SparkSession.connect(server.address, { retries });
  const responses = session.execute({ opType: { case: "command", value: {} } });
  await responses.next();
  const rest = assert.rejects(responses.next());
  t.mock.timers.enable({ apis: ["setTimeout"] });
  session.close();
  await rest;
  await new Promise(setImmediate); // the stream's close
  t.mock.timers.tick(120_000);
});
