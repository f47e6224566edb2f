import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import type { SettingName } from "../../../src/app/config/settings.ts";
import { type Config, kafkaOptions, printableConfig, readConfig } from "../../../src/app/config.ts";
import { UsageError } from "../../../src/core/errors.ts";
import type { KafkaSecurity } from "../../../src/kafka/options.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";

type Flags = Partial<Record<SettingName, unknown>>;
const SECRET = "tr0ub4dor";

async function read(flags: Flags, env: Record<string, string> = {}, file?: string): Promise<Config> {
  await using folder = await temporaryFolder();
  if (file !== undefined) await writeFile(join(folder.path, "clickstream.config.ts"), file);
  return await readConfig({ command: "process", flags, env, cores: 2, folder: folder.path });
}

async function security(flags: Flags, env: Record<string, string> = {}): Promise<KafkaSecurity | undefined> {
  return kafkaOptions(await read(flags, env), ["kafka:9093"], "test").security;
}

test("settings become options that say where a secret is", async () => {
  const env = { CLICKSTREAM_SASL_PASSWORD: SECRET };
  const none = { ca: undefined, cert: undefined, key: undefined };
  const variable = "CLICKSTREAM_SASL_PASSWORD";
  assert.equal(await security({}), undefined);
  assert.deepEqual(await security({ tls: true, tlsCa: "ca.pem", tlsCert: "c.pem", tlsKey: "k.pem" }), {
    tls: { ca: "ca.pem", cert: "c.pem", key: "k.pem" },
    sasl: undefined,
  });
  assert.deepEqual(await security({ tls: true, sasl: "plain", saslUsername: "alice" }, env), {
    tls: none,
    sasl: { mechanism: "plain", username: "alice", password: { variable } },
  });
  const fromFile = { sasl: "scram-sha-512", saslUsername: "alice", saslPasswordFile: "password" };
  assert.deepEqual(await security(fromFile), {
    tls: undefined,
    sasl: { mechanism: "scram-sha-512", username: "alice", password: { file: "password" } },
  });
  assert.deepEqual(await security({ sasl: "oauthbearer", saslTokenCommand: "print-token" }), {
    tls: undefined,
    sasl: { mechanism: "oauthbearer", token: { command: "print-token" } },
  });
});

test("no config holds a secret, and a printed one says only that there is one", async () => {
  const config = await read({ sasl: "plain", saslUsername: "alice" }, { CLICKSTREAM_SASL_PASSWORD: SECRET });
  assert(!inspect([config, kafkaOptions(config, [], "test")], { depth: null }).includes(SECRET));
  assert.deepEqual(printableConfig(config).saslPassword, {
    value: "[hidden]",
    from: "variable CLICKSTREAM_SASL_PASSWORD",
  });
});

test("a secret in a config file is refused without showing it", async () => {
  const file = `export default { saslPassword: "${SECRET}" };`;
  await assert.rejects(read({}, {}, file), (error) => {
    assert(error instanceof UsageError);
    assert.match(error.nextStep, /CLICKSTREAM_SASL_PASSWORD/);
    return !`${error.stack}${error.nextStep}`.includes(SECRET);
  });
});

const refusals: [flags: Flags, env: Record<string, string>, told: RegExp][] = [
  [{ tlsCa: "ca.pem" }, {}, /need --tls/],
  [{ tls: true, tlsCert: "c.pem" }, {}, /--tls-key belong together/],
  [{ saslUsername: "alice" }, {}, /need --sasl/],
  [{ sasl: "plain" }, { CLICKSTREAM_SASL_PASSWORD: SECRET }, /--sasl plain needs --sasl-username/],
  [{ sasl: "plain", saslUsername: "alice" }, {}, /has no password/],
  [{ sasl: "oauthbearer" }, {}, /has no token/],
  [{ sasl: "plain", saslUsername: "a", saslTokenCommand: "x" }, {}, /is for --sasl oauthbearer/],
  [
    { sasl: "plain", saslUsername: "a", saslPasswordFile: "x" },
    { CLICKSTREAM_SASL_PASSWORD: SECRET },
    /more than one source/,
  ],
  [{ sasl: "gssapi" }, {}, /--sasl must be one of/],
];

for (const [flags, env, told] of refusals) {
  test(`${JSON.stringify(flags)} is refused: ${told.source}`, () =>
    assert.rejects(read(flags, env), (error) => error instanceof UsageError && told.test(error.message)));
}

test("the local Kafka has no security", async () => {
  const given = { command: "run" as const, flags: { tls: true }, env: {}, cores: 2, folder: "none" };
  await assert.rejects(readConfig(given), { code: "USAGE", message: /--tls needs --brokers/ });
});
