import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { withLeaders } from "../../src/kafka/bootstrap.ts";
import { Cluster } from "../../src/kafka/cluster.ts";
import { ErrorCode } from "../../src/kafka/error-codes.ts";
import { ScriptedBroker } from "./scripted-broker.ts";

/** A cluster whose topic `clicks` has three partitions; its broker answers requests to create it in turn. */
async function clusterThat(t: TestContext, ...creations: (number | "hangUp")[]): Promise<Cluster> {
  const broker = await ScriptedBroker.start(3);
  broker.creations = creations;
  const cluster = await Cluster.connect({ brokers: [`127.0.0.1:${broker.port}`], clientId: "test" });
  t.after(async () => {
    await cluster.close();
    await broker.stop();
  });
  return cluster;
}

test("a topic that exists is not created", async (t) => {
  const cluster = await clusterThat(t, ErrorCode.topicAlreadyExists);
  await assert.rejects(cluster.createTopic("clicks", { partitions: 3 }), { code: "TOPIC_EXISTS" });
});

test("a topic whose creation lost its answer is this one's own", async (t) => {
  const cluster = await clusterThat(t, "hangUp", ErrorCode.topicAlreadyExists);
  const { partitions } = await cluster.createTopic("clicks", { partitions: 3 });
  assert.equal(partitions.length, 3);
});

test("unless it is another than the one asked for", async (t) => {
  const cluster = await clusterThat(t, "hangUp", ErrorCode.topicAlreadyExists);
  await assert.rejects(cluster.createTopic("clicks", { partitions: 4 }), { code: "TOPIC_EXISTS" });
});

test("a creation whose answers are lost twice fails", async (t) => {
  const cluster = await clusterThat(t, "hangUp", "hangUp");
  await assert.rejects(cluster.createTopic("clicks", { partitions: 3 }), { code: "KAFKA_CONNECTION_LOST" });
});

test("leaders are asked beside the named brokers, each once", () => {
  const kafka = { brokers: ["a:1"], clientId: "test" };
  const leaders = [
    { host: "a", port: 1 },
    { host: "b", port: 2 },
    { host: "::1", port: 3 },
    { host: "b", port: 2 },
  ];
  const { brokers } = withLeaders(kafka, { partitions: leaders.map((leader) => ({ leader })) });
  assert.deepEqual(brokers, ["a:1", "b:2", "[::1]:3"]);
});
