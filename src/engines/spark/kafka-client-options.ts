import { readFile } from "node:fs/promises";
import type { KafkaOptions, SaslOptions, TlsFiles } from "../../kafka/options.ts";
import { readSecret } from "../../kafka/secret.ts";

const MECHANISMS = {
  plain: "PLAIN",
  "scram-sha-256": "SCRAM-SHA-256",
  "scram-sha-512": "SCRAM-SHA-512",
} as const;
const LOGIN_MODULES = {
  plain: "org.apache.kafka.common.security.plain.PlainLoginModule",
  "scram-sha-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
  "scram-sha-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
} as const;

/**
 * How Spark's Kafka clients connect as this program does: options with the prefix `kafka.`. Certificates and the secret
 * travel in them, because executors have no files of this machine; Spark hides both in its logs and pages.
 * @throws ClickstreamError SECRET_UNREADABLE; the system's error for a certificate that can't be read
 */
export async function kafkaClientOptions({ security }: KafkaOptions): Promise<Record<string, string>> {
  if (security === undefined) return {};
  const { tls, sasl } = security;
  const protocol = `${sasl === undefined ? "" : "SASL_"}${tls === undefined ? "PLAINTEXT" : "SSL"}`;
  return {
    "kafka.security.protocol": protocol,
    ...(tls === undefined ? {} : await certificates(tls)),
    ...(sasl === undefined ? {} : await login(sasl)),
  };
}

async function certificates({ ca, cert, key }: TlsFiles): Promise<Record<string, string>> {
  const options: Record<string, string> = {};
  if (ca !== undefined) {
    options["kafka.ssl.truststore.type"] = "PEM";
    options["kafka.ssl.truststore.certificates"] = await readFile(ca, "utf8");
  }
  if (cert !== undefined && key !== undefined) {
    options["kafka.ssl.keystore.type"] = "PEM";
    options["kafka.ssl.keystore.certificate.chain"] = await readFile(cert, "utf8");
    options["kafka.ssl.keystore.key"] = await readFile(key, "utf8");
  }
  return options;
}

async function login(sasl: SaslOptions): Promise<Record<string, string>> {
  if (sasl.mechanism === "oauthbearer") throw new Error("oauthbearer is refused with the settings");
  const { mechanism, username, password } = sasl;
  const secret = await readSecret(password);
  return {
    "kafka.sasl.mechanism": MECHANISMS[mechanism],
    "kafka.sasl.jaas.config": `${LOGIN_MODULES[mechanism]} required username=${quoted(username)} password=${quoted(secret)};`,
  };
}

const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
