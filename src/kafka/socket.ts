import { connect as connectPlain, isIP, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { socketTrouble, speaksNoTls, tlsTrouble, unreachable } from "./connection-errors.ts";
import type { KafkaSecurity } from "./options.ts";
import { readTlsFiles } from "./tls-files.ts";

/** Where a broker listens. */
export interface SocketOptions {
  host: string;
  port: number;
  security?: KafkaSecurity | undefined;
  /** Default 10 s: a broker that accepts no connection for so long is down. */
  connectTimeoutMs?: number;
}

/**
 * A connected socket without delay for small writes, encrypted as its options say. With TLS, too, what arrives goes
 * straight into the buffers of `onread`: decrypted a record (16 KB) at a time.
 * @param onread buffers to read into, in place of `data` events
 * @throws ClickstreamError KAFKA_UNREACHABLE, KAFKA_TLS, TLS_FILE_UNUSABLE
 */
export async function openSocket(options: SocketOptions, onread?: OnReadOpts): Promise<Socket> {
  const { host, port, security, connectTimeoutMs = 10_000 } = options;
  const address = `${host}:${port}`;
  const tls = security?.tls === undefined ? undefined : await readTlsFiles(security.tls);
  const target = { host, port, noDelay: true, ...(onread === undefined ? {} : { onread }) };
  const socket = await new Promise<Socket>((resolve, reject) => {
    let isConnected = false;
    const socket =
      tls === undefined
        ? connectPlain(target)
        : connectTls({ ...target, ...tls, ...(isIP(host) === 0 ? { servername: host } : {}) });
    const refuse = (cause: Error): void => {
      socket.destroy();
      const inHandshake = isConnected && tls !== undefined;
      reject(
        tlsTrouble(address, cause) ??
          (inHandshake ? speaksNoTls(address, cause) : unreachable(address, cause)),
      );
    };
    socket.setTimeout(connectTimeoutMs, () =>
      refuse(new Error(`no connection within ${connectTimeoutMs} ms`)),
    );
    socket.once("error", refuse);
    socket.once("connect", () => {
      isConnected = true;
    });
    socket.once(tls === undefined ? "connect" : "secureConnect", () => {
      socket.off("error", refuse);
      socket.on("error", () => {});
      socket.setTimeout(0);
      socket.removeAllListeners("timeout");
      resolve(socket);
    });
  });
  // A broker that refuses this program's certificate may say so right behind its part of the handshake.
  if (socket.errored) throw socketTrouble(address, socket.errored);
  return socket;
}
