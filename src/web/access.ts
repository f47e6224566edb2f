import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { HttpProblem } from "./problems.ts";

/** Names by which only programs on this machine reach a server. */
const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/**
 * Sent with every answer. Scripts and styles come from this server alone, nothing is embedded elsewhere, and no address
 * of another host is ever asked.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
};

/** What a request is let in by. */
export interface AccessRequest {
  method: string;
  headers: IncomingHttpHeaders;
}

/** What a path is for: looking, health, which needs no token, or changing something. */
export type Purpose = "look" | "health" | "change";

/**
 * A header that changes need. No form and no simple request of another site can have it, and a request with it is asked
 * about first (CORS), which is never allowed here.
 */
const CHANGE_HEADER = "x-requested-by";

/**
 * Lets a request in or throws. Without a token only this machine's own names of the server are answered: a page of
 * another site, whose name was pointed here (DNS rebinding), comes with that name. With a token the token decides.
 * @throws HttpProblem METHOD_NOT_ALLOWED, FOREIGN_HOST, FOREIGN_ORIGIN, UNAUTHORISED, UNSAFE_REQUEST
 */
export function letIn({ method, headers }: AccessRequest, token: string | undefined, purpose: Purpose): void {
  const isChange = purpose === "change";
  if (isChange ? method !== "POST" : method !== "GET" && method !== "HEAD") {
    const use = isChange ? "This changes something: use POST." : "Everything here is read-only: use GET.";
    throw new HttpProblem("METHOD_NOT_ALLOWED", use);
  }
  const host = headers.host ?? "";
  if (token === undefined && !LOOPBACK_HOST.test(host)) {
    throw new HttpProblem(
      "FOREIGN_HOST",
      "Without a token this server answers to localhost, 127.0.0.1 and [::1] alone. Set one to use other names.",
    );
  }
  if (isForeign(headers, host)) {
    throw new HttpProblem("FOREIGN_ORIGIN", "Pages of other sites may not read from this server.");
  }
  if (token !== undefined && purpose !== "health" && !hasToken(headers.authorization, token)) {
    throw new HttpProblem(
      "UNAUTHORISED",
      "Send the token as `Authorization: Bearer <token>`, or log in with any name and the token as the password.",
    );
  }
  if (isChange && !isDeliberate(headers)) {
    throw new HttpProblem(
      "UNSAFE_REQUEST",
      `Send JSON (content-type: application/json) with the header ${CHANGE_HEADER}: clickstream, from the page itself if from a page.`,
    );
  }
}

/** Whether a request was meant: by a program, or by a script of our own page. */
function isDeliberate(headers: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  const isJson = /^application\/json(?: *;|$)/i.test(headers["content-type"] ?? "");
  return isJson && headers[CHANGE_HEADER] === "clickstream" && (site === undefined || site === "same-origin");
}

function isForeign(
  { origin, "sec-fetch-site": site, "sec-fetch-mode": mode }: IncomingHttpHeaders,
  host: string,
): boolean {
  if (origin !== undefined) {
    const own = URL.canParse(origin) ? new URL(origin).host : undefined;
    return own?.toLowerCase() !== host.toLowerCase();
  }
  // A link from elsewhere may open the page; nothing else may be fetched or embedded by it.
  return (site === "cross-site" || site === "same-site") && mode !== "navigate";
}

function hasToken(authorization: string | undefined, token: string): boolean {
  const [, scheme = "", credentials = ""] = /^(\S+) +(\S+)$/.exec(authorization ?? "") ?? [];
  switch (scheme.toLowerCase()) {
    case "bearer":
      return equal(credentials, token);
    case "basic": {
      const pair = Buffer.from(credentials, "base64").toString("utf8");
      return equal(pair.slice(pair.indexOf(":") + 1), token);
    }
    default:
      return false;
  }
}

function equal(given: string, expected: string): boolean {
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(expected));
}
