import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { APIS } from "../../src/kafka/api-versions.ts";
import { BrokerConnection } from "../../src/kafka/connection.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { startBroker } from "./broker.ts";
import { runCommand } from "./command-line.ts";

const EVENTS = 20_000;

for (const [version, produce, fetch] of [
  ["3.5", 9, 15],
  ["3.9", 11, 17],
] as const) {
  test(`Kafka ${version}: events are generated in transactions, processed and verified`, async (t) => {
    const pom = fileURLToPath(new URL(`./older-brokers/kafka-${version}.xml`, import.meta.url));
    const broker = await startBroker(t, { pom });
    const host = { host: "127.0.0.1", port: broker.port, clientId: "test" };
    const connection = await BrokerConnection.connect(host);
    assert.deepEqual(
      [await connection.version(APIS.produce), await connection.version(APIS.fetch)],
      [produce, fetch],
    );
    connection.close();
    await using folder = await temporaryFolder();
    const run = async (command: string, ...args: readonly string[]) => {
      const where = ["--brokers", broker.brokers.join(), "--topic", "clicks"];
      const { code, stdout, stderr } = await runCommand(folder.path, command, ...where, ...args);
      assert.equal(code, 0, stdout + stderr);
      return stdout;
    };
    await run("generate", "--events", `${EVENTS}`);
    const result = JSON.parse(await run("process", "--until-end", "--finish"));
    assert.equal(result.read, EVENTS);
    assert(result.windows > 0);
    await run("verify");
  });
}
