import { createHash, createHmac, pbkdf2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(pbkdf2);
/** RFC 7677 asks for no fewer. */
const MIN_ITERATIONS = 4_096;
/** Some seconds of work: a broker that asks for more means harm. */
const MAX_ITERATIONS = 10_000_000;

/** What a client of SCRAM knows (RFC 5802). */
export interface ScramCredentials {
  hash: "sha256" | "sha512";
  username: string;
  password: string;
  /** Printable, without commas, never used before. */
  nonce: string;
}

/** The client's first message, without the header of channel binding. */
function firstBare({ username, nonce }: ScramCredentials): string {
  return `n=${username.replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
}

/** The client's first message. */
export function scramFirst(credentials: ScramCredentials): string {
  return `n,,${firstBare(credentials)}`;
}

/**
 * The client's final message, and what the server has to answer to prove that it knows the password, too.
 * @throws Error when the server's first message is none, with the reason
 */
export async function scramFinal(
  credentials: ScramCredentials,
  serverFirst: string,
): Promise<{ message: string; expectedAnswer: string }> {
  const { hash, password, nonce } = credentials;
  const [, serverNonce, salt, count] = /^r=([^,]+),s=([^,]+),i=(\d+)(?:,|$)/.exec(serverFirst) ?? [];
  if (serverNonce === undefined || salt === undefined) throw new Error("its challenge is not one of SCRAM");
  if (!serverNonce.startsWith(nonce) || serverNonce === nonce) {
    throw new Error("its challenge answers another login");
  }
  const iterations = Number(count);
  if (iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) {
    throw new Error(`it asks for ${iterations} iterations of the hash`);
  }
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
  const length = hash === "sha256" ? 32 : 64;
  const salted = await derive(password, Buffer.from(salt, "base64"), iterations, length, hash);
  const clientKey = hmac(salted, "Client Key");
  const storedKey = createHash(hash).update(clientKey).digest();
  const withoutProof = `c=biws,r=${serverNonce}`;
  const signed = `${firstBare(credentials)},${serverFirst},${withoutProof}`;
  const signature = hmac(storedKey, signed);
  const proof = clientKey.map((byte, index) => byte ^ signature[index]!);
  const serverSignature = hmac(hmac(salted, "Server Key"), signed);
  return {
    message: `${withoutProof},p=${Buffer.from(proof).toString("base64")}`,
    expectedAnswer: `v=${serverSignature.toString("base64")}`,
  };
}

/** Whether the server's final message proves that it knows the password. */
export function scramProven(expectedAnswer: string, serverFinal: string): boolean {
  const [expected, answer] = [Buffer.from(expectedAnswer), Buffer.from(serverFinal.split(",")[0]!)];
  return expected.length === answer.length && timingSafeEqual(expected, answer);
}
