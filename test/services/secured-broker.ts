import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../src/local/ports.ts";
import { startBroker, type TestBrokerOptions } from "./broker.ts";
import { Authority, type Certificate } from "./certificates.ts";

/** What every user's secret contains, to look for it where it must not be. */
export const SECRET = "tr0ub4dor-and-3";
/** Of SCRAM-SHA-256: so short that a test outlasts it, long enough for a busy machine to renew it in time. */
export const SHORT_SESSION_MS = 4_000;

/** A real broker that asks everybody who they are. alice may do everything, bob nothing. */
export interface SecuredBroker {
  /** With neither encryption nor login, and all rights. */
  plain: string;
  /** TLS and a login by PLAIN, SCRAM or OAUTHBEARER; sessions of SCRAM-SHA-256 are short. */
  secured: string;
  /** TLS with certificates on both sides. */
  mutual: string;
  /** TLS with a certificate that has expired, and one of another host. */
  expired: string;
  otherName: string;
  /** A login without TLS. */
  login: string;
  /** PEM file of the authority of all certificates, and of one that signed none. */
  ca: string;
  otherCa: string;
  client: Certificate;
  /** Signed by an authority that the broker does not trust. */
  stranger: Certificate;
  expiredClient: Certificate;
  /** A file with alice's or bob's password. */
  passwordFile: string;
  folder: string;
}

/** An unsigned token of the kind that a broker in development accepts. */
export function unsignedToken(subject: string, lifetimeSeconds = 3_600): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const iat = Math.floor(Date.now() / 1_000);
  return `${encode({ alg: "none" })}.${encode({ sub: subject, iat, exp: iat + lifetimeSeconds, secret: SECRET })}.`;
}

/** Starts it, about 4 s. */
export async function startSecuredBroker(t: {
  after(fn: () => Promise<void>): void;
}): Promise<SecuredBroker> {
  const folder = await mkdtemp(join(tmpdir(), "clickstream-secured-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const authority = await Authority.create(folder, "authority");
  const other = await Authority.create(folder, "stranger-authority");
  const here = "DNS:localhost,IP:127.0.0.1";
  const [good, expired, otherName, client, stranger, expiredClient] = await Promise.all([
    authority.sign("broker", here),
    authority.sign("expired", here, -1),
    authority.sign("other-name", "DNS:kafka.example.org"),
    authority.sign("client", "DNS:client"),
    other.sign("stranger", "DNS:client"),
    authority.sign("expired-client", "DNS:client", -1),
  ]);
  const passwordFile = join(folder, "password");
  await writeFile(passwordFile, `${SECRET}\n`, { mode: 0o600 });
  const ports = await Promise.all(["SECURED", "MUTUAL", "EXPIRED", "OTHERNAME", "LOGIN"].map(freePortOf));
  const broker = await startBroker(t, {
    otherwise: (node) => ({
      ...listeners([["PLAINTEXT", node.port], ...ports], node.controllerPort),
      ...certificates({ SECURED: good, MUTUAL: good, EXPIRED: expired, OTHERNAME: otherName }, authority),
      "listener.name.mutual.ssl.client.auth": "required",
      ...logins("secured"),
      ...logins("login"),
      "listener.name.secured.scram-sha-256.connections.max.reauth.ms": `${SHORT_SESSION_MS}`,
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users": "User:ANONYMOUS;User:alice;User:CN=client",
    }),
    formatArguments: ["alice", "bob"].flatMap((user) =>
      ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
        "--add-scram",
        `${mechanism}=[name=${user},password=${SECRET}]`,
      ]),
    ),
  });
  const at = (name: string) => `localhost:${ports.find(([listener]) => listener === name)![1]}`;
  return {
    plain: broker.brokers[0]!,
    secured: at("SECURED"),
    mutual: at("MUTUAL"),
    expired: at("EXPIRED"),
    otherName: at("OTHERNAME"),
    login: at("LOGIN"),
    ca: authority.path,
    otherCa: other.path,
    ...{ client, stranger, expiredClient, passwordFile, folder },
  };
}

async function freePortOf(listener: string): Promise<[listener: string, port: number]> {
  return [listener, await freePort()];
}

type Settings = ReturnType<NonNullable<TestBrokerOptions["otherwise"]>>;

function listeners(ports: readonly [string, number][], controllerPort: number): Settings {
  const addresses = ports.map(([name, port]) => `${name}://localhost:${port}`).join(",");
  return {
    listeners: `${addresses.replaceAll("localhost", "127.0.0.1")},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": addresses,
    "listener.security.protocol.map":
      "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL,MUTUAL:SSL,EXPIRED:SSL,OTHERNAME:SSL,LOGIN:SASL_PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
  };
}

function certificates(byListener: Record<string, Certificate>, authority: Authority): Settings {
  const entries = Object.entries(byListener).flatMap(([listener, { both }]) => {
    const prefix = `listener.name.${listener.toLowerCase()}`;
    return [
      [`${prefix}.ssl.keystore.type`, "PEM"],
      [`${prefix}.ssl.keystore.location`, both],
      [`${prefix}.ssl.truststore.type`, "PEM"],
      [`${prefix}.ssl.truststore.location`, authority.path],
    ];
  });
  return Object.fromEntries(entries);
}

function logins(listener: string): Settings {
  const common = "org.apache.kafka.common.security";
  const prefix = `listener.name.${listener}`;
  return {
    [`${prefix}.sasl.enabled.mechanisms`]: "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
    [`${prefix}.plain.sasl.jaas.config`]: `${common}.plain.PlainLoginModule required user_alice="${SECRET}" user_bob="${SECRET}";`,
    [`${prefix}.scram-sha-256.sasl.jaas.config`]: `${common}.scram.ScramLoginModule required;`,
    [`${prefix}.scram-sha-512.sasl.jaas.config`]: `${common}.scram.ScramLoginModule required;`,
    [`${prefix}.oauthbearer.sasl.jaas.config`]: `${common}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  };
}
