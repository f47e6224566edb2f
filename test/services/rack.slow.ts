// Three brokers in three racks: with --rack, records come from the follower in that rack, and rows are right.
import assert from "node:assert/strict";
import { subscribe } from "node:diagnostics_channel";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Cluster } from "../../src/kafka/cluster.ts";
import { startBroker } from "./broker.ts";
import { type Ended, runCommand } from "./command-line.ts";
import { startReading } from "./reading.ts";

const EVENTS = 60_000;
const NEAR = 2;

test("records are read from the follower in the rack, from leaders when it is gone", async (t) => {
  const broker = await startBroker(t, {
    nodes: 3,
    heapMb: 192,
    otherwise: ({ nodeId }) => ({
      "broker.rack": `rack-${nodeId}`,
      "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector",
    }),
  });
  const folder = mkdtempSync(join(tmpdir(), "clickstream-rack-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const kafka = { brokers: broker.brokers, clientId: "test" };
  const cluster = await Cluster.connect(kafka);
  t.after(() => cluster.close());
  const topic = await cluster.createTopic("clicks", { partitions: 3, replicationFactor: 3 });
  const led = topic.partitions.filter(({ leader }) => leader.nodeId === NEAR).length;
  assert(led < 3, "the near broker does not lead all partitions");
  const clickstream = async (command: string, ...args: string[]): Promise<Ended> => {
    const brokers = ["--brokers", broker.brokers.join(), "--topic", "clicks"];
    const ended = await runCommand(folder, command, ...brokers, ...args);
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    return ended;
  };
  await clickstream("generate", "--events", `${EVENTS}`);

  /** Bytes that this process received, by the port they came from. */
  const sockets: { port: number; socket: Socket }[] = [];
  subscribe("net.client.socket", (message) => {
    const { socket } = message as { socket: Socket };
    socket.once("connect", () => sockets.push({ port: socket.remotePort ?? 0, socket }));
  });
  const received = (node: number): number =>
    sockets
      .filter(({ port }) => port === Number(broker.brokers[node - 1]?.split(":")[1]))
      .reduce((total, { socket }) => total + socket.bytesRead, 0);
  const assignments = [...(await cluster.offsets(topic, "lastStable"))].map(([partition, endOffset]) => ({
    ...{ partition, endOffset, offset: 0 },
  }));
  const reading = await startReading({
    kafka: { ...kafka, rack: `rack-${NEAR}` },
    topic,
    assignments,
    partitionMaxBytes: 100_000, // many fetches, so that the first of each partition weighs little
  });
  const isDone = (): boolean =>
    assignments.every(({ partition, endOffset }) => reading.positions.get(partition) === endOffset);
  await reading.until(isDone);
  await reading.reader.close();
  assert.equal(reading.values.size, EVENTS);
  assert.deepEqual(reading.retries, []);
  const [near, others] = [received(NEAR), received(1) + received(3)];
  t.diagnostic(
    `${near} bytes from the near broker, ${others} from the others; it leads ${led} of 3 partitions`,
  );
  assert(
    near > 10_000_000 && others < near / 50,
    "all but the ends and redirections come from the near broker",
  );

  const onNear = ["--rack", `rack-${NEAR}`, "--output", "near", "--until-end"];
  const first = JSON.parse((await clickstream("process", ...onNear)).stdout);
  assert.equal(first.read, EVENTS);
  await broker.kill9(NEAR);
  await clickstream("generate", "--events", `${EVENTS * 1.5}`);
  const second = JSON.parse((await clickstream("process", ...onNear, "--finish")).stdout);
  assert.equal(second.read, EVENTS * 1.5, "of both runs together");
  await clickstream("verify", "--output", "near");
});
