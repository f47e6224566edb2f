import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Notification } from "../../src/alerts/notification.ts";

/** A request as it came. */
export interface Received {
  headers: IncomingMessage["headers"];
  body: string;
  notification: Notification;
}

/** A real HTTP server that takes notifications; `answer` decides what becomes of each, by default 204. */
export async function webhookReceiver(
  answer: (received: Received, response: ServerResponse) => void = (_, response) =>
    void response.writeHead(204).end(),
  port = 0,
): Promise<{ url: string; port: number; received: Received[] } & AsyncDisposable> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const one = { headers: request.headers, body, notification: JSON.parse(body) as Notification };
    received.push(one);
    answer(one, response);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const bound = (server.address() as AddressInfo).port;
  return {
    ...{ url: `http://127.0.0.1:${bound}/hook`, port: bound, received },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
