import type { ClientHttp2Session } from "node:http2";
import { Http2SessionManager } from "@connectrpc/connect-node";

/**
 * The library's pool of one connection, whose late errors harm nobody: an HTTP/2 session tells its requests of an error
 * first and everybody else later, when the next request may have replaced it and no longer listens. Without a listener
 * such an error ends the program.
 */
export class Http2Sessions extends Http2SessionManager {
  readonly #known = new WeakSet<ClientHttp2Session>();

  override async request(...args: Parameters<Http2SessionManager["request"]>) {
    const stream = await super.request(...args);
    const session = stream.session as ClientHttp2Session | undefined;
    if (session !== undefined && !this.#known.has(session)) {
      this.#known.add(session);
      session.on("error", () => {}); // each request has been told
    }
    return stream;
  }
}
