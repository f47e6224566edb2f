import { choice, secret, text, toggle } from "./kinds.ts";
import { CONNECTING, setting } from "./setting.ts";

/** How connections to Kafka are secured. */
export const SECURITY_SETTINGS = {
  tls: setting(toggle, false, {
    group: "Security",
    commands: CONNECTING,
    doc: "encrypt connections to Kafka",
  }),
  tlsCa: setting(text("file"), undefined, {
    group: "Security",
    commands: CONNECTING,
    doc: "PEM file of the authorities that sign the brokers' certificates; with --tls",
    defaultDoc: "those that Node trusts",
  }),
  tlsCert: setting(text("file"), undefined, {
    group: "Security",
    commands: CONNECTING,
    doc: "PEM file of this program's certificate (mutual TLS); with --tls-key",
  }),
  tlsKey: setting(text("file"), undefined, {
    group: "Security",
    commands: CONNECTING,
    doc: "PEM file of its private key, not encrypted",
  }),
  sasl: setting(choice("mechanism", ["plain", "scram-sha-256", "scram-sha-512", "oauthbearer"]), undefined, {
    group: "Security",
    commands: CONNECTING,
    doc: "how to log in: plain, scram-sha-256, scram-sha-512, oauthbearer",
    defaultDoc: "no login",
  }),
  saslUsername: setting(text("name"), undefined, {
    group: "Security",
    commands: CONNECTING,
    doc: "user to log in as",
  }),
  saslPassword: setting(secret, undefined, {
    group: "Security",
    commands: CONNECTING,
    doc: "the password or, for oauthbearer, the token",
    onlyVariable: true,
  }),
  saslPasswordFile: setting(text("file"), undefined, {
    group: "Security",
    commands: CONNECTING,
    doc: "file that holds the password or token, and nothing else; read for each login",
  }),
  saslTokenCommand: setting(text("command"), undefined, {
    group: "Security",
    commands: CONNECTING,
    doc: "command that prints a token for oauthbearer; run for each login",
  }),
} as const;

/** Their names. */
export const SECURITY_NAMES = Object.keys(SECURITY_SETTINGS) as (keyof typeof SECURITY_SETTINGS)[];
