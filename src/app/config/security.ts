import type { KafkaSecurity, SaslOptions, SecretSource } from "../../kafka/options.ts";
import { type Settings, variableOf } from "./settings.ts";

/** How connections to Kafka are secured by these settings, which have been checked; undefined: not at all. */
export function securityOf(settings: Settings): KafkaSecurity | undefined {
  const { tls, tlsCa, tlsCert, tlsKey } = settings;
  const sasl = loginOf(settings);
  if (!tls && sasl === undefined) return undefined;
  return { tls: tls ? { ca: tlsCa, cert: tlsCert, key: tlsKey } : undefined, sasl };
}

function loginOf(settings: Settings): SaslOptions | undefined {
  const { sasl, saslUsername = "" } = settings;
  if (sasl === undefined) return undefined;
  const secret = secretOf(settings);
  if (sasl === "oauthbearer") return { mechanism: sasl, token: secret };
  return { mechanism: sasl, username: saslUsername, password: secret };
}

function secretOf({ saslPasswordFile, saslTokenCommand }: Settings): SecretSource {
  if (saslPasswordFile !== undefined) return { file: saslPasswordFile };
  if (saslTokenCommand !== undefined) return { command: saslTokenCommand };
  return { variable: variableOf("saslPassword") };
}
