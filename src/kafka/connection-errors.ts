import { ClickstreamError } from "../core/errors.ts";
import type { KafkaSecurity } from "./options.ts";

/** KAFKA_UNREACHABLE: nothing answers at these addresses. */
export function unreachable(addresses: string, cause: unknown): ClickstreamError {
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
  return new ClickstreamError({
    code: "KAFKA_UNREACHABLE",
    message: `Kafka does not answer at ${addresses}: ${reason}.`,
    nextStep: "Start Kafka (clickstream kafka start) or correct the addresses in --brokers.",
    cause,
  });
}

/** KAFKA_CONNECTION_LOST: an established connection ended; callers reconnect. */
export function connectionLost(
  address: string,
  reason: string,
  cause?: unknown,
  nextStep = "Look at the broker's log if it does not come back by itself.",
): ClickstreamError {
  return new ClickstreamError({
    code: "KAFKA_CONNECTION_LOST",
    message: `The connection to Kafka at ${address} ended: ${reason}.`,
    nextStep,
    cause,
  });
}

/** A broker that closes a connection before it has answered anything often expects another kind of one. */
export function closedByBroker(
  address: string,
  hasAnswered: boolean,
  security: KafkaSecurity | undefined,
): ClickstreamError {
  if (hasAnswered || security?.sasl !== undefined) return connectionLost(address, "the broker closed it");
  const wanted = security?.tls === undefined ? "TLS (--tls) or a login (--sasl)" : "a login (--sasl)";
  return connectionLost(
    address,
    `the broker closed it without an answer, as one does that expects ${wanted}`,
    undefined,
    "Ask whoever runs Kafka which security the listener at this port wants.",
  );
}

/** The answer came in TLS to somebody who did not speak it. */
export function speaksTls(address: string): ClickstreamError {
  return new ClickstreamError({
    code: "KAFKA_TLS",
    message: `Kafka at ${address} speaks TLS at this port, and the connection was opened without.`,
    nextStep: "Add --tls, with --tls-ca when its certificate is signed by an authority of your own.",
  });
}

/** Whether bytes in place of a response are an alert of TLS: kind 21, version 3. */
export function isTlsAlert(bytes: Buffer): boolean {
  return bytes[0] === 21 && bytes[1] === 3;
}

/** KAFKA_NO_TLS: a TLS handshake gets no answer in TLS. */
export function speaksNoTls(address: string, cause: unknown): ClickstreamError {
  return new ClickstreamError({
    code: "KAFKA_NO_TLS",
    message: `Kafka at ${address} does not answer in TLS: this port is not encrypted, or the broker is stopping.`,
    nextStep: "Name the port of a TLS listener in --brokers, or leave out --tls.",
    cause,
  });
}

const CA_STEP = "Name the authority that signed it with --tls-ca (a PEM file, with those in between).";
const CLIENT_STEP =
  "Check --tls-cert and --tls-key: an authority that the broker trusts has to have signed them.";

/** Why this side does not trust the broker. */
const VERIFICATION: Record<string, [reason: string, nextStep: string]> = {
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
    "the broker's certificate is signed by an authority that is not trusted",
    CA_STEP,
  ],
  UNABLE_TO_GET_ISSUER_CERT: [
    "the broker's certificate is signed by an authority that is not trusted",
    CA_STEP,
  ],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    "the broker's certificate is signed by an authority that is not trusted",
    CA_STEP,
  ],
  SELF_SIGNED_CERT_IN_CHAIN: [
    "the broker's certificate is signed by an authority that is not trusted",
    CA_STEP,
  ],
  CERT_SIGNATURE_FAILURE: [
    "the broker's certificate is signed by another authority of the same name",
    CA_STEP,
  ],
  DEPTH_ZERO_SELF_SIGNED_CERT: ["the broker's certificate is signed by itself and not trusted", CA_STEP],
  CERT_HAS_EXPIRED: [
    "the broker's certificate, or that of its authority, has expired",
    "Renew it on the broker.",
  ],
  CERT_NOT_YET_VALID: ["the broker's certificate is not valid yet", "Compare the clocks of both machines."],
  CERT_REVOKED: ["the broker's certificate was revoked", "Renew it on the broker."],
};

/** What the broker's alerts mean; OpenSSL puts the version of TLS before their names. */
const ALERTS: Record<string, [reason: string, nextStep: string]> = {
  BAD_CERTIFICATE: [
    "the broker wants a certificate of this program that it trusts (mutual TLS)",
    CLIENT_STEP,
  ],
  CERTIFICATE_REQUIRED: ["the broker wants a certificate of this program (mutual TLS)", CLIENT_STEP],
  CERTIFICATE_UNKNOWN: ["the broker does not accept this program's certificate", CLIENT_STEP],
  CERTIFICATE_EXPIRED: [
    "the broker says that this program's certificate has expired",
    "Renew the file of --tls-cert.",
  ],
  UNKNOWN_CA: ["the broker does not trust the authority of this program's certificate", CLIENT_STEP],
  HANDSHAKE_FAILURE: ["the broker wants a certificate of this program, or other ciphers", CLIENT_STEP],
  PROTOCOL_VERSION: [
    "the broker speaks no version of TLS that is still safe",
    "Let the broker offer TLS 1.2 or 1.3 (ssl.enabled.protocols).",
  ],
};

/** KAFKA_TLS for an error that will come again until somebody changes a certificate or a setting; else undefined. */
export function tlsTrouble(address: string, error: Error): ClickstreamError | undefined {
  const { code = "" } = error as NodeJS.ErrnoException;
  const alert = /ALERT_(\w+)$/.exec(code)?.[1] ?? "";
  const [reason, nextStep] = VERIFICATION[code] ?? ALERTS[alert] ?? [];
  if (reason !== undefined) return tlsFailed(address, reason, nextStep!, error);
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const { cert } = error as Error & { cert?: { subjectaltname?: string; subject?: { CN?: string } } };
    const names = cert?.subjectaltname ?? cert?.subject?.CN ?? "no name";
    return tlsFailed(
      address,
      `the broker's certificate is for other host names (${names})`,
      "Use a name of the certificate in --brokers and in the broker's advertised.listeners, or renew it with this one.",
      error,
    );
  }
  return undefined;
}

/** The error that ended an established connection. */
export function socketTrouble(address: string, error: Error): ClickstreamError {
  return tlsTrouble(address, error) ?? connectionLost(address, error.message, error);
}

function tlsFailed(address: string, reason: string, nextStep: string, cause: Error): ClickstreamError {
  return new ClickstreamError({
    code: "KAFKA_TLS",
    message: `No encrypted connection to Kafka at ${address}: ${reason}.`,
    nextStep,
    cause,
  });
}

/** TLS_FILE_UNUSABLE: a file that the settings name is not what it should be. */
export function tlsFileUnusable(flag: string, path: string, reason: string): ClickstreamError {
  return new ClickstreamError({
    code: "TLS_FILE_UNUSABLE",
    message: `The file ${path} of ${flag} ${reason}.`,
    nextStep: "Give a PEM file that this user may read.",
  });
}
