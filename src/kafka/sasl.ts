import { randomBytes } from "node:crypto";
import { ClickstreamError } from "../core/errors.ts";
import type { SaslOptions } from "./options.ts";
import { RequestWriter } from "./request-writer.ts";
import { ResponseReader } from "./response-reader.ts";
import { type ScramCredentials, scramFinal, scramFirst, scramProven } from "./scram.ts";
import { readSecret } from "./secret.ts";

/** Sends one request and resolves with the response after its header. */
export type Exchange = (
  apiKey: number,
  apiVersion: number,
  body: Buffer,
  flexible: boolean,
) => Promise<Buffer>;

const HANDSHAKE = { key: 17, version: 1 };
const AUTHENTICATE = { key: 36, version: 2 };
const UNSUPPORTED_MECHANISM = 33;
const ILLEGAL_STATE = 34;
const PASSWORD_STEP =
  "Check the user (--sasl-username), the password, and that the user exists for this mechanism.";
const TOKEN_STEP = "Check that the token has not expired, is whole, and was issued for this Kafka.";
/** The share of a session after which it is renewed: time enough for a login before the broker ends it. */
const RENEWED_AFTER = 0.8;

/**
 * Logs in over a connection, the first time or, for a session that is about to end, again.
 * @returns ms after which to do so again; infinite for a session without an end
 * @throws ClickstreamError KAFKA_AUTHENTICATION_FAILED, SECRET_UNREADABLE, SECRET_COMMAND_FAILED, and what `exchange` throws
 */
export async function authenticate(exchange: Exchange, sasl: SaslOptions, address: string): Promise<number> {
  const secret = await readSecret("token" in sasl ? sasl.token : sasl.password);
  const mechanism = sasl.mechanism.toUpperCase();
  await handshake(exchange, mechanism, address);
  const nextStep = sasl.mechanism === "oauthbearer" ? TOKEN_STEP : PASSWORD_STEP;
  let lifetimeMs = 0;
  const ask = async (message: string): Promise<string> => {
    const response = await exchange(AUTHENTICATE.key, AUTHENTICATE.version, encodeMessage(message), true);
    const { errorCode, errorMessage, answer, sessionMs } = decodeAnswer(response);
    if (errorCode !== 0) {
      const reason = (errorMessage || `error ${errorCode}`).replaceAll(secret, "[hidden]");
      throw failed(address, `it refuses the login by ${mechanism}: ${reason}`, nextStep);
    }
    lifetimeMs = sessionMs;
    return answer;
  };
  if (sasl.mechanism === "oauthbearer") await sendToken(ask, secret, address);
  else if (sasl.mechanism === "plain") await ask(`\0${sasl.username}\0${secret}`);
  else {
    const hash = sasl.mechanism === "scram-sha-256" ? "sha256" : "sha512";
    const nonce = randomBytes(24).toString("base64url");
    await proveBySalt(ask, { hash, username: sasl.username, password: secret, nonce }, address);
  }
  return lifetimeMs > 0 ? lifetimeMs * RENEWED_AFTER : Number.POSITIVE_INFINITY;
}

async function handshake(exchange: Exchange, mechanism: string, address: string): Promise<void> {
  const request = Buffer.alloc(2 + mechanism.length);
  request.writeInt16BE(mechanism.length, 0);
  request.write(mechanism, 2, "latin1");
  const reader = new ResponseReader(await exchange(HANDSHAKE.key, HANDSHAKE.version, request, false));
  const errorCode = reader.int16();
  if (errorCode === 0) return;
  if (errorCode === ILLEGAL_STATE) {
    throw failed(
      address,
      "this port takes no login",
      "Leave out --sasl, or name the port of the SASL listener.",
    );
  }
  if (errorCode !== UNSUPPORTED_MECHANISM) throw failed(address, `it answers with error ${errorCode}`);
  const offered: string[] = [];
  for (let left = reader.int32(); left > 0; left--) {
    const length = reader.int16();
    reader.skip(length);
    offered.push(reader.bytes.toString("utf8", reader.position - length, reader.position));
  }
  throw failed(
    address,
    `it offers no login by ${mechanism}`,
    `Choose with --sasl what it offers: ${offered.join(", ").toLowerCase() || "nothing"}.`,
  );
}

/** A broker tells what is wrong with a token only after the client has admitted defeat (RFC 7628). */
async function sendToken(
  ask: (message: string) => Promise<string>,
  token: string,
  address: string,
): Promise<void> {
  const problem = await ask(`n,,\x01auth=Bearer ${token}\x01\x01`);
  if (problem === "") return;
  await ask("\x01");
  throw failed(address, "it refuses the token", TOKEN_STEP);
}

async function proveBySalt(
  ask: (message: string) => Promise<string>,
  credentials: ScramCredentials,
  address: string,
): Promise<void> {
  const challenge = await ask(scramFirst(credentials));
  const final = await scramFinal(credentials, challenge).catch((error: Error) => {
    throw failed(address, error.message);
  });
  if (!scramProven(final.expectedAnswer, await ask(final.message))) {
    const nextStep = "Make sure that the address is that of your Kafka: another may pose as it.";
    throw failed(address, "it can't prove that it knows the password", nextStep);
  }
}

function encodeMessage(message: string): Buffer {
  return new RequestWriter().compactString(message).noTaggedFields().finish();
}

function decodeAnswer(response: Buffer) {
  const reader = new ResponseReader(response);
  const errorCode = reader.int16();
  const errorMessage = reader.compactString()?.replace(/\.$/, "");
  return { errorCode, errorMessage, answer: reader.compactString() ?? "", sessionMs: reader.int64() };
}

/** KAFKA_AUTHENTICATION_FAILED: the login will fail again until somebody changes something. */
function failed(address: string, reason: string, nextStep = PASSWORD_STEP): ClickstreamError {
  return new ClickstreamError({
    code: "KAFKA_AUTHENTICATION_FAILED",
    message: `The login to Kafka at ${address} failed: ${reason}.`,
    nextStep,
  });
}
