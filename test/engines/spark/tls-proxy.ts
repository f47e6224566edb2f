// What stands before a Spark Connect server that is reached by TLS: ends the encryption, passes on the bytes.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type AddressInfo, connect } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import type { Certificate } from "../../services/certificates.ts";

export interface TlsProxy extends AsyncDisposable {
  port: number;
  /** Connections that were made in TLS so far. */
  accepted: number;
}

/** Starts it on 127.0.0.1; `target` is `host:port` of a server without TLS. */
export async function tlsProxy(target: string, { cert, key }: Certificate): Promise<TlsProxy> {
  const [host = "", port = ""] = target.split(":");
  const open = new Set<TLSSocket>();
  const options = { cert: await readFile(cert), key: await readFile(key), ALPNProtocols: ["h2"] };
  const server = createServer(options, (client) => {
    proxy.accepted++;
    open.add(client);
    const upstream = connect(Number(port), host);
    client.pipe(upstream).pipe(client);
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
    client.on("close", () => open.delete(client));
  });
  server.on("tlsClientError", () => {}); // what tests make happen
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: TlsProxy = {
    port: (server.address() as AddressInfo).port,
    accepted: 0,
    async [Symbol.asyncDispose]() {
      for (const client of open) client.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
