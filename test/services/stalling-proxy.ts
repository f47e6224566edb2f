import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a server of this machine that may stop carrying anything, without a connection being closed. */
export class StallingProxy {
  readonly port: number;
  readonly #sockets: Socket[] = [];
  readonly #close: () => Promise<void>;
  #isStalled = false;

  private constructor(port: number, close: () => Promise<void>) {
    this.port = port;
    this.#close = close;
  }

  static async open(target: number): Promise<StallingProxy> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const proxy = new StallingProxy(port, async () => {
      server.close();
      for (const socket of proxy.#sockets) socket.destroy();
    });
    server.on("connection", (near) => {
      const far = connect(target, "127.0.0.1");
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        proxy.#sockets.push(from);
        from.on("data", (bytes) => to.write(bytes));
        from.on("error", () => to.destroy());
        from.on("close", () => to.destroy());
      }
      if (proxy.#isStalled) for (const socket of [near, far]) socket.pause();
    });
    return proxy;
  }

  /** Connections that are there carry nothing any more. */
  stallOpen(): void {
    for (const socket of this.#sockets) socket.pause();
  }

  /** Nor do those to come, until `resume`. */
  stall(): void {
    this.#isStalled = true;
    this.stallOpen();
  }

  /** Carries again what comes on new connections. */
  resume(): void {
    this.#isStalled = false;
  }

  close(): Promise<void> {
    return this.#close();
  }
}
