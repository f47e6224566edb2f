import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import type { Clock } from "../core/clock.ts";
import type { SecretSource } from "../kafka/options.ts";
import { readSecret } from "../kafka/secret.ts";
import type { Notification } from "./notification.ts";
import { isPrivateAddress, lookupPublic } from "./private-addresses.ts";
import { signatureHeaders } from "./signature.ts";
import { type AlertSink, RefusedNotification } from "./sink.ts";

/** Where notifications are posted. */
export interface WebhookOptions {
  url: string;
  /** Signs what is posted; absent: nothing is signed. */
  secret?: SecretSource | undefined;
  /** Whether redirects may lead to addresses that are not of the public internet. */
  privateRedirects: boolean;
}

/** For one attempt, redirects included. */
const TIMEOUT_MS = 10_000;
const MAX_REDIRECTS = 3;
/** They keep the method and the body; others would make a GET of it. */
const REDIRECTS = new Set([307, 308]);
/** The receiver has judged what it was sent; other answers may be of the moment. */
const REFUSALS = new Set([400, 410, 413, 415, 422]);

/** Posts notifications as JSON. Any 2xx is a yes. */
export class Webhook implements AlertSink {
  readonly name = "webhook";
  readonly #options: WebhookOptions;
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  constructor(options: WebhookOptions, clock: Clock, timeoutMs = TIMEOUT_MS) {
    this.#options = options;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  async send(notification: Notification, signal: AbortSignal): Promise<void> {
    const { url, secret, privateRedirects } = this.#options;
    const body = JSON.stringify(notification);
    const signed = secret === undefined ? undefined : await readSecret(secret);
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "user-agent": "clickstream",
      ...signatureHeaders(signed, { id: notification.id, atMs: this.#clock.nowMs(), body }),
    };
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]);
    let target = new URL(url);
    for (let redirects = 0; ; redirects++) {
      const onlyPublic = redirects > 0 && !privateRedirects;
      const { status, location } = await this.#post(target, { headers, body, signal: inTime, onlyPublic });
      if (status >= 200 && status < 300) return;
      if (REFUSALS.has(status)) throw new RefusedNotification(`${target.host} answered ${status}`);
      if (!REDIRECTS.has(status) || location === undefined) {
        throw new Error(`${target.host} answered ${status}`);
      }
      if (redirects === MAX_REDIRECTS) throw new Error(`${target.host} redirects again and again`);
      target = redirected(target, location);
    }
  }

  #post(
    target: URL,
    given: { headers: http.OutgoingHttpHeaders; body: string; signal: AbortSignal; onlyPublic: boolean },
  ): Promise<{ status: number; location: string | undefined }> {
    const { headers, body, signal, onlyPublic } = given;
    const host = target.hostname.replace(/^\[|\]$/g, "");
    // An address is never looked up, so it is judged here.
    if (onlyPublic && isIP(host) !== 0 && isPrivateAddress(host)) {
      return Promise.reject(new Error(`a redirect leads to the private address ${host}`));
    }
    const request: typeof http.request = target.protocol === "https:" ? https.request : http.request;
    const lookup = onlyPublic ? { lookup: lookupPublic } : {};
    return new Promise((resolve, reject) => {
      const sent = request(
        target.href,
        { method: "POST", headers, signal, agent: false, ...lookup },
        (answer) => {
          resolve({ status: answer.statusCode ?? 0, location: answer.headers.location });
          answer.destroy(); // what it says beside the status does not matter, however long it is
        },
      );
      sent.on("error", (error) => reject(reasonOf(error, this.#timeoutMs)));
      sent.end(body);
    });
  }
}

function redirected(from: URL, location: string): URL {
  const to = URL.parse(location, from.href);
  if (to === null || (to.protocol !== "https:" && to.protocol !== "http:")) {
    throw new Error(`${from.host} redirects to no web address`);
  }
  if (from.protocol === "https:" && to.protocol === "http:") {
    throw new Error(`${from.host} redirects from https to http`);
  }
  return to;
}

function reasonOf(error: Error, timeoutMs: number): Error {
  if (error.name === "PrivateAddressError")
    return new Error(`a redirect leads to a private address: ${error.message}`);
  const isTimeout = error.cause instanceof Error && error.cause.name === "TimeoutError";
  return isTimeout ? new Error(`no answer within ${timeoutMs / 1_000} s`) : error;
}
