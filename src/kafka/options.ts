/** Which Kafka, and under which name it knows this program. Plain data without secrets: can be sent to a thread. */
export interface KafkaOptions {
  /** `host:port` of some brokers; the others are found through them. */
  brokers: readonly string[];
  /** Shown in the brokers' logs and quotas. */
  clientId: string;
  /** The rack (or availability zone) that this program is in, to read from followers there. */
  rack?: string | undefined;
  /** Absent: neither encryption nor a login. */
  security?: KafkaSecurity | undefined;
}

/** How connections are encrypted, and how this program proves who it is. */
export interface KafkaSecurity {
  /** Absent: not encrypted. */
  tls?: TlsFiles | undefined;
  /** Absent: no login, or that by the certificate of `tls`. */
  sasl?: SaslOptions | undefined;
}

/** Paths of PEM files. They are read for each connection, so that renewed ones hold from the next on. */
export interface TlsFiles {
  /** Authorities that may have signed the brokers' certificates; absent: those that Node trusts. */
  ca?: string | undefined;
  /** This program's certificate, for brokers that ask for one (mutual TLS); with `key`. */
  cert?: string | undefined;
  key?: string | undefined;
}

/** A login by SASL. */
export type SaslOptions =
  | { mechanism: "plain" | "scram-sha-256" | "scram-sha-512"; username: string; password: SecretSource }
  | { mechanism: "oauthbearer"; token: SecretSource };

/**
 * Where a secret is, never the secret itself: what is not held can't be logged. It is read for each login, so that a
 * renewed one holds from the next on.
 */
export type SecretSource =
  /** An environment variable of this process. */
  | { variable: string }
  /** A file that holds nothing else. */
  | { file: string }
  /** A command for the shell that prints it. */
  | { command: string };
