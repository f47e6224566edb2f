import { createHmac } from "node:crypto";

const ENCODED_SECRET = /^whsec_([A-Za-z0-9+/=]+)$/;

/**
 * Headers by which a receiver knows who sent a body and when, as Standard Webhooks writes them: `webhook-id`,
 * `webhook-timestamp` (seconds) and `webhook-signature`, the HMAC-SHA-256 of `id.timestamp.body` in Base64 behind `v1,`.
 * A secret `whsec_…` holds the key in Base64; any other is the key itself. Without one nothing is signed.
 */
export function signatureHeaders(
  secret: string | undefined,
  { id, atMs, body }: { id: string; atMs: number; body: string },
): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1_000));
  const identity = { "webhook-id": id, "webhook-timestamp": timestamp };
  if (secret === undefined) return identity;
  const [, encoded] = ENCODED_SECRET.exec(secret) ?? [];
  const key = encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { ...identity, "webhook-signature": `v1,${signature}` };
}
