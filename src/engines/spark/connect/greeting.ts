import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Clock } from "../../../core/clock.ts";
import type { Endpoint } from "./endpoint.ts";

/**
 * A server greets before it is asked anything, however much it has to do; only a JVM that stands still takes seconds. In
 * steps, so that a program that stands still itself hears what came meanwhile before it judges.
 */
const GREETS_WITHIN_STEPS = 20;
const STEP_MS = 1_000;
/** What opens an HTTP/2 connection, and settings that are empty. */
const OPENING = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const FRAME_HEADER_BYTES = 9;
const SETTINGS_FRAME = 4;
const TLS_ALERT = 0x15;
const SHOWN_BYTES = 24;

/** What a port does that no HTTP/2 server does. */
export type Misgreeting = "unconnected" | "silent" | "closed" | "http1" | "tls" | "other";

/** The greeting was none. */
export class GreetingError extends Error {
  readonly kind: Misgreeting;
  /** How the answer begins, printable; empty when there was none. */
  readonly begins: string;

  constructor(kind: Misgreeting, answer: Buffer = Buffer.alloc(0)) {
    super(`no greeting (${kind})`);
    this.kind = kind;
    this.begins = answer
      .toString("latin1", 0, SHOWN_BYTES)
      .replaceAll(/[^ -~]+/g, " ")
      .trim();
  }
}

/**
 * Returns when what listens at an endpoint has greeted as HTTP/2 servers do, over a connection that is closed again.
 * Nothing of the address but host and port leaves this machine.
 * @throws GreetingError, or the system's error (`ECONNREFUSED`, those of TLS …)
 */
export async function greet(
  endpoint: Endpoint,
  { clock, ca, signal }: { clock: Clock; ca: string | undefined; signal: AbortSignal | undefined },
): Promise<void> {
  signal?.throwIfAborted();
  const socket = open(endpoint, ca);
  const over = new AbortController();
  const waiting = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
  const tooLong = silence(clock, waiting);
  const isReady = endpoint.useTls ? "secureConnect" : "connect";
  let connected = false;
  const answer: Buffer[] = [];
  const told = new Promise<boolean>((resolve, reject) => {
    socket.on(isReady, () => {
      connected = true;
      socket.write(OPENING);
    });
    socket.on("data", (bytes: Buffer) => {
      answer.push(bytes);
      if (Buffer.concat(answer).length >= FRAME_HEADER_BYTES) resolve(true);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (answer.length > 0 || isBroken(error)) resolve(true);
      else reject(error instanceof AggregateError ? error.errors[0] : error); // of every address of a name
    });
    socket.on("close", () => resolve(true));
  });
  try {
    const isOver = await Promise.race([told, tooLong]);
    let kind = kindOf(Buffer.concat(answer), isOver, connected);
    if (kind === "closed" && !endpoint.useTls && (await speaksTls(endpoint, tooLong))) kind = "tls";
    if (kind !== undefined) throw new GreetingError(kind, Buffer.concat(answer));
  } finally {
    over.abort();
    socket.destroy();
  }
}

/** False when so much time is over, or the signal aborts. */
async function silence(clock: Clock, signal: AbortSignal): Promise<false> {
  for (let step = 0; step < GREETS_WITHIN_STEPS && !signal.aborted; step++)
    await clock.sleep(STEP_MS, signal);
  return false;
}

function open(
  { host, port, useTls }: Endpoint,
  ca: string | undefined,
  more: { rejectUnauthorized?: false } = {},
): Socket {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  if (!useTls) return connectTcp({ host: bare, port });
  const servername = isIP(bare) === 0 ? bare : "";
  return connectTls({
    host: bare,
    port,
    servername,
    ALPNProtocols: ["h2"],
    ...(ca === undefined ? {} : { ca }),
    ...more,
  });
}

/** Whether a handshake comes about, with whatever certificate: many that speak TLS hang up without a word when they hear none. */
async function speaksTls(endpoint: Endpoint, tooLong: Promise<boolean>): Promise<boolean> {
  const socket = open({ ...endpoint, useTls: true }, undefined, { rejectUnauthorized: false });
  const told = new Promise<boolean>((resolve) => {
    socket.on("secureConnect", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
  });
  try {
    return await Promise.race([told, tooLong]);
  } finally {
    socket.destroy();
  }
}

/** The other side hung up. */
function isBroken({ code }: NodeJS.ErrnoException): boolean {
  return code === "ECONNRESET" || code === "EPIPE";
}

function kindOf(answer: Buffer, isOver: boolean, connected: boolean): Misgreeting | undefined {
  if (answer.length === 0) return isOver ? "closed" : connected ? "silent" : "unconnected";
  if (answer.length >= FRAME_HEADER_BYTES && answer[3] === SETTINGS_FRAME && answer.readUInt32BE(5) === 0)
    return undefined;
  if (/^(?:HTTP\/|<)/.test(answer.toString("latin1"))) return "http1";
  return answer[0] === TLS_ALERT && answer[1] === 3 ? "tls" : "other";
}
