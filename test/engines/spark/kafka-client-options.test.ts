import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { kafkaClientOptions } from "../../../src/engines/spark/kafka-client-options.ts";
import { temporaryFolder } from "../../sinks/temporary-folder.ts";

const KAFKA = { brokers: ["h:9092"], clientId: "test" };

test("a Kafka without security needs no options", async () => {
  assert.deepEqual(await kafkaClientOptions(KAFKA), {});
});

test("certificates and a login travel in the options; quotes in them stay theirs", async () => {
  await using folder = await temporaryFolder();
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder.path, name), text);
    return join(folder.path, name);
  };
  const security = {
    tls: { ca: file("ca", "CA"), cert: file("cert", "CERT"), key: file("key", "KEY") },
    sasl: {
      mechanism: "scram-sha-512",
      username: 'a"nn',
      password: { file: file("password", 'p"w\\d\n') },
    },
  } as const;
  assert.deepEqual(await kafkaClientOptions({ ...KAFKA, security }), {
    "kafka.security.protocol": "SASL_SSL",
    "kafka.ssl.truststore.type": "PEM",
    "kafka.ssl.truststore.certificates": "CA",
    "kafka.ssl.keystore.type": "PEM",
    "kafka.ssl.keystore.certificate.chain": "CERT",
    "kafka.ssl.keystore.key": "KEY",
    "kafka.sasl.mechanism": "SCRAM-SHA-512",
    "kafka.sasl.jaas.config":
      'org.apache.kafka.common.security.scram.ScramLoginModule required username="a\\"nn" password="p\\"w\\\\d";',
  });
  const { sasl } = security;
  const plain = await kafkaClientOptions({ ...KAFKA, security: { sasl } });
  assert.equal(plain["kafka.security.protocol"], "SASL_PLAINTEXT");
});
