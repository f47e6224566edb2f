import { UsageError } from "../../../core/errors.ts";

/** Where a Spark Connect server is and how to talk to it; what an `sc://` address says. */
export interface Endpoint {
  host: string;
  port: number;
  useTls: boolean;
  /** Sent as a bearer token, over TLS or to this machine only; null for none. */
  token: string | null;
  userId: string | null;
  sessionId: string | null;
  userAgent: string | null;
  /** Greatest size of one message, bytes. */
  maxMessageBytes: number;
  /** Further parameters are sent as headers with every request. */
  headers: Readonly<Record<string, string>>;
}

const DEFAULT_PORT = 15_002;
const DEFAULT_MAX_MESSAGE_BYTES = 128 * 1024 * 1024;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const HEADER = /^[a-z0-9._-]+$/;
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Reads `sc://host:port/;parameter=value;…`. Known parameters: `use_ssl`, `token` (implies TLS; `use_ssl=false` is for a
 * server on this machine), `user_id`, `session_id`, `user_agent`, `grpc_max_message_size`; values are percent-encoded.
 * @throws UsageError
 */
export function parseEndpoint(address: string): Endpoint {
  if (!/^sc:\/\/[^/;]/.test(address))
    throw unreadable(shown(address), 'it must start with "sc://" and a host');
  const url = parseUrl(address);
  const [path = "", ...parts] = url.pathname.split(";");
  if (path !== "" && path !== "/") {
    throw unreadable(shown(address), "a path must be empty: parameters follow as /;name=value;name=value");
  }
  if (url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    throw unreadable(shown(address), "it holds a ?, # or @; write those percent-encoded in a parameter");
  }
  const parameters = readParameters(parts);
  const take = (name: string): string | null => {
    const value = parameters.get(name) ?? null;
    parameters.delete(name);
    return value;
  };
  const token = take("token");
  const useTls = readBoolean("use_ssl", take("use_ssl"));
  if (token !== null && useTls === false && !LOOPBACK.test(url.hostname))
    throw unreadable("sc://…", "a token leaves this machine over TLS only, and use_ssl is false");
  const sessionId = take("session_id");
  if (sessionId !== null && !UUID.test(sessionId)) throw unreadable("sc://…", "session_id must be a UUID");
  return {
    host: url.hostname,
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    useTls: useTls ?? token !== null,
    token,
    userId: take("user_id"),
    sessionId,
    userAgent: take("user_agent"),
    maxMessageBytes: readSize("grpc_max_message_size", take("grpc_max_message_size")),
    headers: asHeaders(parameters),
  };
}

/** The address without what is secret in it. */
export function shownEndpoint({ host, port }: Endpoint): string {
  return `sc://${host}:${port}`;
}

function parseUrl(address: string): URL {
  try {
    const url = new URL(address.replace(/^sc:/, "http:"));
    // `http` hides its usual port, which is a port like any other here.
    if (url.port === "" && /^sc:\/\/[^/]*:80(?:\/|$)/.test(address))
      return new URL(address.replace(/^sc:/, "https:"));
    return url;
  } catch {
    throw unreadable(shown(address), "no host and port can be read from it");
  }
}

function readParameters(parts: readonly string[]): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [index, part] of parts.entries()) {
    if (part === "") continue;
    const at = part.indexOf("=");
    // Not shown: it may be the end of a token with a semicolon in it.
    if (at <= 0)
      throw unreadable("sc://…", `parameter ${index + 1} is no name=value (a ; in a value is written %3B)`);
    try {
      parameters.set(decodeURIComponent(part.slice(0, at)), decodeURIComponent(part.slice(at + 1)));
    } catch {
      throw unreadable("sc://…", `parameter ${index + 1} is not percent-encoded`);
    }
  }
  return parameters;
}

function asHeaders(parameters: ReadonlyMap<string, string>): Record<string, string> {
  for (const name of parameters.keys()) {
    if (!HEADER.test(name)) {
      throw unreadable(
        "sc://…",
        "a parameter is none of the known ones, and its name can't be that of a header",
      );
    }
  }
  return Object.fromEntries(parameters);
}

function readBoolean(name: string, text: string | null): boolean | null {
  if (text === null) return null;
  if (!/^(?:true|false)$/i.test(text)) throw unreadable("sc://…", `${name} must be true or false`);
  return text.toLowerCase() === "true";
}

function readSize(name: string, text: string | null): number {
  if (text === null) return DEFAULT_MAX_MESSAGE_BYTES;
  if (!/^[1-9]\d{0,9}$/.test(text)) throw unreadable("sc://…", `${name} must be a number of bytes`);
  return Number(text);
}

/** What is before the parameters, without a login: all else may be secret. */
function shown(address: string): string {
  const [before = ""] = address.split(/[;?#]/);
  return before.replace(/^(\w+:\/\/)?.*@/, "$1");
}

function unreadable(shown: string, why: string): UsageError {
  return new UsageError(
    `The Spark address ${shown} can't be used: ${why}.`,
    "Write it as sc://host:15002 or sc://host:443/;use_ssl=true;token=….",
  );
}
