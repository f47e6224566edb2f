import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { systemClock as clock } from "../../src/core/clock.ts";
import { Cluster } from "../../src/kafka/cluster.ts";
import type { KafkaSecurity, SaslOptions } from "../../src/kafka/options.ts";
import { Producer } from "../../src/kafka/producer.ts";
import { TopicReader } from "../../src/kafka/topic-reader.ts";
import { startCommand } from "./command-line.ts";
import {
  SECRET,
  type SecuredBroker,
  SHORT_SESSION_MS,
  startSecuredBroker,
  unsignedToken,
} from "./secured-broker.ts";

const EVENTS = "20000";
let broker: SecuredBroker;
let topics = 0;

// An "after" that "before" calls would run when "before" ends.
const cleanups: (() => Promise<void>)[] = [];
before(async () => {
  broker = await startSecuredBroker({ after: (cleanup) => cleanups.unshift(cleanup) });
  await writeFile(join(broker.folder, "wrong"), "wrong");
  await writeFile(join(broker.folder, "token"), unsignedToken("alice"));
  await writeFile(join(broker.folder, "old-token"), unsignedToken("alice", -100));
});
after(async () => {
  for (const cleanup of cleanups) await cleanup();
});

/** Ends well; afterwards no secret is in what was printed, nor was in the process list. */
async function clickstream(...args: string[]): Promise<string> {
  const command = startCommand(broker.folder, ...args, "--log-level", "trace");
  const listed = Buffer.from(readFileSync(`/proc/${command.child.pid}/cmdline`)).toString();
  const { code, stdout, stderr } = await command.ended;
  for (const text of [stdout, stderr, listed]) assert(!text.includes(SECRET), "a secret shows");
  assert.equal(code, 0, stderr);
  return stdout;
}

/** The main job over a listener; returns its topic, which is its output, too. */
async function mainJob(...security: string[]): Promise<string> {
  const topic = `clicks-${++topics}`;
  const common = ["--topic", topic, ...security];
  const generated = await clickstream("generate", "--events", EVENTS, "--broken", "0.01", ...common);
  assert.equal(JSON.parse(generated).produced, Number(EVENTS));
  const output = ["--output", topic];
  const processed = await clickstream("process", "--until-end", "--finish", ...output, ...common);
  assert.equal(JSON.parse(processed).read, Number(EVENTS));
  await clickstream("verify", ...output, ...common);
  return topic;
}

const tls = () => ["--tls", "--tls-ca", broker.ca];
const password = () => ["--sasl-username", "alice", "--sasl-password-file", broker.passwordFile];

test("every command works over TLS and a login", async () => {
  const security = ["--brokers", broker.secured, ...tls(), "--sasl", "scram-sha-256", ...password()];
  const topic = await mainJob(...security);
  const letters = JSON.parse(await clickstream("dlq", "list", "--json", "--topic", topic, ...security));
  assert(letters.byReason.length > 3, JSON.stringify(letters));
  assert.match(await clickstream("explain", "--output", topic, ...security), /final through/);
});

test("generate, process and verify over mutual TLS", async () => {
  const { cert, key } = broker.client;
  await mainJob("--brokers", broker.mutual, ...tls(), "--tls-cert", cert, "--tls-key", key);
});

test("generate, process and verify with tokens that a command prints", async () => {
  const command = `cat ${join(broker.folder, "token")}`;
  const login = ["--sasl", "oauthbearer", "--sasl-token-command", command];
  await mainJob("--brokers", broker.secured, ...tls(), ...login);
});

/** The topics that a client sees, or why it sees none. */
async function look(address: string, security: KafkaSecurity | undefined): Promise<string> {
  try {
    const cluster = await Cluster.connect({ brokers: [address], clientId: "test", security });
    try {
      await cluster.topic("clicks-1");
      return "works";
    } finally {
      await cluster.close();
    }
  } catch (error) {
    assert(error instanceof Error && "code" in error && "nextStep" in error, String(error));
    assert(!`${error.stack} ${error.nextStep}`.includes(SECRET));
    return `${error.code}: ${error.message}`;
  }
}

function login(mechanism: SaslOptions["mechanism"], username = "alice", file = "password"): SaslOptions {
  const source = { file: join(broker.folder, file) };
  if (mechanism === "oauthbearer") return { mechanism, token: source };
  return { mechanism, username, password: source };
}

test("every mechanism works, with and without TLS", async () => {
  for (const mechanism of ["plain", "scram-sha-256", "scram-sha-512", "oauthbearer"] as const) {
    const sasl = login(mechanism, "alice", mechanism === "oauthbearer" ? "token" : "password");
    assert.equal(await look(broker.secured, { tls: { ca: broker.ca }, sasl }), "works", mechanism);
    assert.equal(await look(broker.login, { sasl }), "works", mechanism);
  }
});

test("errors name the cause", async () => {
  const { secured, mutual, ca, client, stranger, expiredClient } = broker;
  const tls = { ca };
  const plain = login("plain");
  const wrongly = (mechanism: SaslOptions["mechanism"]) => ({
    tls,
    sasl: login(mechanism, "alice", "wrong"),
  });
  const cases: [cause: string, address: string, security: KafkaSecurity | undefined, told: RegExp][] = [
    [
      "wrong password",
      secured,
      wrongly("plain"),
      /^KAFKA_AUTHENTICATION_FAILED.*Invalid username or password/,
    ],
    [
      "wrong password",
      secured,
      wrongly("scram-sha-256"),
      /^KAFKA_AUTHENTICATION_FAILED.*invalid credentials/,
    ],
    [
      "unknown user",
      secured,
      { tls, sasl: login("scram-sha-512", "eve") },
      /^KAFKA_AUTHENTICATION_FAILED.*invalid/,
    ],
    [
      "wrong token",
      secured,
      wrongly("oauthbearer"),
      /^KAFKA_AUTHENTICATION_FAILED.*OAUTHBEARER.*invalid_token/,
    ],
    ["old token", secured, { tls, sasl: login("oauthbearer", "", "old-token") }, /invalid_token/],
    ["no authority", secured, { tls: {}, sasl: plain }, /^KAFKA_TLS.*authority that is not trusted/],
    ["wrong authority", secured, { tls: { ca: broker.otherCa }, sasl: plain }, /^KAFKA_TLS.*not trusted/],
    ["expired", broker.expired, { tls }, /^KAFKA_TLS.*the broker's certificate.*has expired/],
    ["other host", broker.otherName, { tls }, /^KAFKA_TLS.*other host names \(DNS:kafka.example.org\)/],
    ["TLS to a plain port", broker.plain, { tls }, /^KAFKA_NO_TLS.*this port is not encrypted/],
    ["plain to a TLS port", secured, undefined, /^KAFKA_TLS.*speaks TLS at this port/],
    ["login without TLS at a TLS port", secured, { sasl: plain }, /^KAFKA_TLS.*speaks TLS at this port/],
    ["no login", secured, { tls }, /expects a login \(--sasl\)/],
    ["login where none is", broker.plain, { sasl: plain }, /^KAFKA_AUTHENTICATION_FAILED.*takes no login/],
    ["no client certificate", mutual, { tls }, /^KAFKA_TLS.*wants a certificate of this program/],
    [
      "untrusted client",
      mutual,
      { tls: { ca, cert: stranger.cert, key: stranger.key } },
      /^KAFKA_TLS.*not accept/,
    ],
    [
      "expired client",
      mutual,
      { tls: { ca, cert: expiredClient.cert, key: expiredClient.key } },
      /expired on/,
    ],
    [
      "other key",
      mutual,
      { tls: { ca, cert: client.cert, key: stranger.key } },
      /not the key of the certificate/,
    ],
    ["missing ACL", secured, { tls, sasl: login("plain", "bob") }, /^KAFKA_DENIED.*clicks-1.*missing ACL/],
    ["missing file", secured, { tls: { ca: "none.pem" } }, /^TLS_FILE_UNUSABLE.*none.pem.*ENOENT/],
    ["no PEM file", secured, { tls: { ca: broker.passwordFile } }, /^TLS_FILE_UNUSABLE.*no certificate/],
    ["missing secret", secured, { tls, sasl: login("plain", "alice", "none") }, /^SECRET_UNREADABLE.*ENOENT/],
    [
      "failing command",
      secured,
      { tls, sasl: { mechanism: "oauthbearer", token: { command: `echo ${SECRET} >&2; exit 3` } } },
      /^SECRET_COMMAND_FAILED.*code 3/,
    ],
  ];
  for (const [cause, address, security, told] of cases)
    assert.match(await look(address, security), told, cause);
});

test("a session that ends is renewed under whoever uses the connection, in order, and nothing is lost", async () => {
  const security = { tls: { ca: broker.ca }, sasl: login("scram-sha-256") };
  const kafka = { brokers: [broker.secured], clientId: "test", security };
  const cluster = await Cluster.connect(kafka);
  const topic = await cluster.createTopic("sessions", { partitions: 1 });
  const retries: string[] = [];
  const onRetry = (reason: string) => retries.push(reason);
  const producer = await Producer.open({ kafka, topic, clock, codec: "none", onRetry });
  const received: string[] = [];
  const failures: Error[] = [];
  const reader = await TopicReader.open({
    ...{ kafka, clock, topic, onRetry, assignments: [{ partition: 0, offset: 0 }] },
    handler: {
      batch(_partition, records) {
        for (let index = 0; index < (records?.count ?? 0); index++) {
          const { bytes, valueStart, valueEnd } = records!;
          received.push(bytes.toString("latin1", valueStart[index]!, valueEnd[index]!));
        }
      },
      caughtUp() {},
      ends() {},
      failed: (error) => failures.push(error),
    },
  });
  const sent: string[] = [];
  for (const endMs = clock.monotonicMs() + 2 * SHORT_SESSION_MS; clock.monotonicMs() < endMs; ) {
    const value = Buffer.from(`${sent.length}`);
    sent.push(value.toString());
    producer.append(0, clock.nowMs(), null, 0, 0, value, 0, value.length);
    await producer.flush();
    await clock.sleep(20);
  }
  while (received.length < sent.length && failures.length === 0) await clock.sleep(20);
  assert.deepEqual(failures, []);
  const lost = retries.filter((reason) => /connection|login/.test(reason));
  assert.deepEqual(lost, [], "a session was used beyond its time");
  assert.deepEqual(received, sent);
  assert.equal((await cluster.topic("sessions"))?.id, topic.id);
  await Promise.all([reader.close(), producer.close(), cluster.close()]);
});

test("a secret of the environment shows nowhere: not in logs, not in printed settings, not in the process list", async () => {
  const args = ["--brokers", broker.secured, ...tls(), "--sasl", "plain", "--sasl-username", "alice"];
  const logFile = join(broker.folder, "trace.log");
  process.env.CLICKSTREAM_SASL_PASSWORD = SECRET;
  try {
    const printed = await clickstream("process", ...args, "--print-config");
    assert.equal(JSON.parse(printed).saslPassword.value, "[hidden]");
    const topic = ["--topic", "environment"];
    await clickstream("generate", ...args, ...topic, "--events", "1000", "--log-file", logFile);
    const rest = ["--output", "environment", "--until-end", "--finish", "--log-file", logFile];
    await clickstream("process", ...args, ...topic, ...rest);
  } finally {
    delete process.env.CLICKSTREAM_SASL_PASSWORD;
  }
  const paths = readdirSync(join(broker.folder, "environment"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  assert(paths.length > 3);
  for (const path of [logFile, ...paths])
    assert(!readFileSync(path).includes(SECRET), `${path} has the secret`);
});
