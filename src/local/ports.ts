import { once } from "node:events";
import { connect, createServer } from "node:net";
import process from "node:process";

/** Below the ports that systems hand to outgoing connections: one of those could take the port of a stopped broker. */
const FIRST = 20_000;
const COUNT = 10_000;

let next = (process.pid * 7_919) % COUNT;

/** Whether a server can listen on 127.0.0.1 at this port now. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ host: "127.0.0.1", port, exclusive: true });
    await once(server, "listening");
    server.close();
    await once(server, "close");
    return true;
  } catch {
    return false;
  }
}

/** A free port of 127.0.0.1 that this process has not handed out lately; processes start at different places. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < COUNT; tried++) {
    const port = FIRST + next;
    next = (next + 1) % COUNT;
    if (await isPortFree(port)) return port;
  }
  throw new Error(`No port of 127.0.0.1 from ${FIRST} to ${FIRST + COUNT - 1} is free.`);
}

/** Whether something accepts connections at this port of 127.0.0.1. */
export async function isPortAnswering(port: number, timeoutMs: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(timeoutMs) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
