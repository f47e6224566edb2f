// The rights that the README lists are enough, and a missing one is named.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AclOperations,
  AclPermissionTypes,
  Admin,
  ResourcePatternTypes,
  ResourceTypes,
} from "@platformatic/kafka";
import { type Ended, runCommand } from "./command-line.ts";
import { type SecuredBroker, startSecuredBroker } from "./secured-broker.ts";

type Right = [
  operation: "READ" | "WRITE" | "CREATE",
  resource: "TOPIC" | "GROUP" | "TRANSACTIONAL_ID",
  name: string,
];

/** Gives rights to bob, who has none. */
async function allow(broker: SecuredBroker, ...rights: Right[]): Promise<void> {
  const admin = new Admin({ clientId: "test", bootstrapBrokers: [broker.plain] });
  await admin.createAcls({
    creations: rights.map(([operation, resource, resourceName]) => ({
      resourceType: ResourceTypes[resource],
      resourceName,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: "User:bob",
      host: "*",
      operation: AclOperations[operation],
      permissionType: AclPermissionTypes.ALLOW,
    })),
  });
  await admin.close();
}

test("the rights that the README lists are enough, and each missing one is named", async (t) => {
  const cleanups: (() => Promise<void>)[] = [];
  t.after(async () => {
    for (const cleanup of cleanups) await cleanup();
  });
  const broker = await startSecuredBroker({ after: (cleanup) => cleanups.unshift(cleanup) });
  const login = [
    "--sasl",
    "scram-sha-512",
    "--sasl-username",
    "bob",
    "--sasl-password-file",
    broker.passwordFile,
  ];
  const bob = (...args: string[]): Promise<Ended> =>
    runCommand(broker.folder, ...args, "--brokers", broker.secured, "--tls", "--tls-ca", broker.ca, ...login);
  const lacks = async (told: RegExp, ...args: string[]): Promise<void> => {
    const { code, stderr } = await bob(...args);
    assert.equal(code, 1, stderr);
    assert.match(stderr, told);
  };
  const works = async (...args: string[]): Promise<void> => {
    const { code, stdout, stderr } = await bob(...args);
    assert.equal(code, 0, stdout + stderr);
  };
  const generate = ["generate", "--events", "2000", "--broken", "0.01"];
  const process = ["process", "--until-end", "--finish"];
  const generator = "clickstream-generator-clickstream";

  await lacks(/right on the topic/, ...generate);
  await allow(broker, ["WRITE", "TOPIC", "clickstream"], ["CREATE", "TOPIC", "clickstream"]);
  await lacks(/PRODUCE_DENIED/, ...generate);
  await allow(broker, ["READ", "GROUP", generator], ["WRITE", "TRANSACTIONAL_ID", generator]);
  await lacks(/TOPIC_AUTHORIZATION_FAILED.*PRODUCE_DENIED/, ...generate);
  await allow(broker, ["READ", "TOPIC", "clickstream"]);
  await works(...generate);

  await lacks(/DENIED/, ...process);
  await allow(broker, ["WRITE", "TOPIC", "clickstream.dlq"], ["CREATE", "TOPIC", "clickstream.dlq"]);
  await allow(broker, ["READ", "GROUP", "clickstream-output"]);
  await works(...process);
  await works("verify");
});
