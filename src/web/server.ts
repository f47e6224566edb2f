import type { AddressInfo } from "node:net";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from "fastify";
import type { Clock } from "../core/clock.ts";
import { ClickstreamError } from "../core/errors.ts";
import { letIn, SECURITY_HEADERS } from "./access.ts";
import type { Health, Problem } from "./api.ts";
import { apiChanges } from "./changes.ts";
import { LiveStream } from "./live-stream.ts";
import { openApi } from "./openapi.ts";
import { pageFiles } from "./page-files.ts";
import { HttpProblem } from "./problems.ts";
import { ReplayDesk } from "./replay-desk.ts";
import { apiRoutes } from "./routes.ts";
import type { DeadLetterReplay, History, PipelineSource } from "./sources.ts";

/** What a server works with. */
export interface WebOptions {
  host: string;
  /** 0 for any. */
  port: number;
  /** Whether another port will do when this one is taken. */
  orAnyPort: boolean;
  /** Demanded of every request but those for health; undefined to demand none, which only loopback may. */
  token: string | undefined;
  clock: Clock;
  /** Of this program. */
  version: string;
  pipeline: PipelineSource;
  history: History;
  /** Undefined where nothing can be replayed. */
  replay?: DeadLetterReplay | undefined;
  /** Whether the pipeline does its work. */
  ready(): Health | Promise<Health>;
  /** The metrics as Prometheus reads them, and their content type. */
  metrics(): Promise<{ text: string; contentType: string }>;
  /** Told of what no request should have been able to cause. */
  onError(error: unknown): void;
}

/** A server that listens. */
export interface WebServer {
  /** With host and port: `http://127.0.0.1:8080`. */
  url: string;
  /** Whether it is another port than the one asked for, which was taken. */
  moved: boolean;
  /** Clients of the live stream. */
  watchers(): number;
  stop(): Promise<void>;
}

const HEALTH = new Set(["/livez", "/readyz"]);
const MAX_CONNECTIONS = 512;

/**
 * Starts the page, the API and the metrics.
 * @throws ClickstreamError ADDRESS_TAKEN, ADDRESS_UNUSABLE
 */
export async function startWebServer(options: WebOptions): Promise<WebServer> {
  const { host, port, orAnyPort } = options;
  for (const tried of orAnyPort && port !== 0 ? [port, 0] : [port]) {
    const live = new LiveStream(options.pipeline, options.clock);
    const desk = new ReplayDesk(options.replay, options.clock);
    const app = assemble(options, live, desk);
    try {
      await app.listen({ host, port: tried });
    } catch (error) {
      await app.close();
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" && tried === port && orAnyPort) continue;
      throw notListening(host, port, code);
    }
    const bound = (app.server.address() as AddressInfo).port;
    return {
      url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
      moved: port !== 0 && bound !== port,
      watchers: () => live.size,
      async stop() {
        await Promise.all([live.close(), desk.close()]);
        await app.close();
      },
    };
  }
  throw notListening(host, port, "EADDRINUSE");
}

function assemble(options: WebOptions, live: LiveStream, desk: ReplayDesk): FastifyInstance {
  const { pipeline, history, token, version } = options;
  const app = Fastify({
    forceCloseConnections: true,
    bodyLimit: 1_024,
    connectionTimeout: 0,
    requestTimeout: 30_000,
    keepAliveTimeout: 10_000,
    routerOptions: { maxParamLength: 2_048 },
    frameworkErrors: (_error, _request, reply) =>
      void sendProblem(reply, new HttpProblem("BAD_REQUEST", "The address of the request can't be read.")),
    clientErrorHandler: (error, socket) => {
      if (socket.writable) socket.end(rawProblem(error as NodeJS.ErrnoException));
    },
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  const changes = apiChanges(desk);
  const changing = new Set(changes.map(({ path }) => path));
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    const purpose = HEALTH.has(request.url) ? "health" : changing.has(request.url) ? "change" : "look";
    if (purpose === "change") reply.header("allow", "POST");
    letIn(request, token, purpose);
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const problem = problemOf(error);
    if (problem.problem.status === 500) options.onError(error);
    return sendProblem(reply, problem);
  });
  app.setNotFoundHandler(() => {
    throw new HttpProblem("NOT_FOUND", "See /api/openapi.json for what there is.");
  });
  const routes = apiRoutes(pipeline, history);
  const noStore = (reply: FastifyReply): FastifyReply => reply.header("cache-control", "no-store");
  for (const { path, answer } of routes) {
    app.get(path, async ({ query, params }, reply) =>
      noStore(reply).send(await answer({ query, path: params })),
    );
  }
  for (const { path, answer } of changes) {
    app.post(path, async ({ body }, reply) => noStore(reply).send(await answer(body)));
  }
  const document = openApi(routes, changes, version);
  app.get("/api/openapi.json", async (_request, reply) => noStore(reply).send(document));
  app.get("/api/live", { exposeHeadRoute: false }, async ({ headers }, reply) => {
    live.admit();
    const lastEventId = headers["last-event-id"];
    reply.hijack();
    live.connect(
      reply.raw,
      { ...SECURITY_HEADERS },
      typeof lastEventId === "string" ? lastEventId : undefined,
    );
  });
  app.get("/livez", async (_request, reply) =>
    noStore(reply).send({ ok: true, checks: {} } satisfies Health),
  );
  app.get("/readyz", async (_request, reply) => {
    const health = await options.ready();
    return noStore(reply)
      .code(health.ok ? 200 : 503)
      .send(health);
  });
  app.get("/metrics", async (_request, reply) => {
    const { text, contentType } = await options.metrics();
    return noStore(reply).type(contentType).send(text);
  });
  for (const { path, contentType, read } of pageFiles()) {
    app.get(path, async (_request, reply) =>
      reply
        .header("cache-control", "no-cache")
        .type(contentType)
        .send(await read()),
    );
  }
  return app;
}

function problemOf(error: FastifyError): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof ClickstreamError)
    return new HttpProblem("UNAVAILABLE", `${error.message} ${error.nextStep}`);
  if (error.statusCode === 413) return new HttpProblem("TOO_LARGE", "The body of the request is too long.");
  if ((error.statusCode ?? 500) < 500)
    return new HttpProblem("BAD_REQUEST", "The request can't be understood.");
  return new HttpProblem("INTERNAL", "The log of the server says more.");
}

function sendProblem(reply: FastifyReply, { problem }: HttpProblem): FastifyReply {
  if (problem.status === 401) reply.header("www-authenticate", 'Basic realm="clickstream", charset="UTF-8"');
  if (problem.status === 405 && !reply.hasHeader("allow")) reply.header("allow", "GET, HEAD");
  if (problem.status === 503) reply.header("retry-after", "1");
  return reply
    .headers(SECURITY_HEADERS)
    .header("cache-control", "no-store")
    .code(problem.status)
    .type("application/problem+json")
    .send(JSON.stringify(problem satisfies Problem));
}

/** For what is no HTTP: there is no request to answer in the usual way. */
function rawProblem({ code }: NodeJS.ErrnoException): string {
  const { problem } = new HttpProblem("BAD_REQUEST", "This is no HTTP request that can be read.");
  const status = code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
  const body = JSON.stringify({ ...problem, status: Number(status.slice(0, 3)) });
  return `HTTP/1.1 ${status}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;
}

function notListening(host: string, port: number, code: string | undefined): ClickstreamError {
  const isTaken = code === "EADDRINUSE";
  return new ClickstreamError({
    code: isTaken ? "ADDRESS_TAKEN" : "ADDRESS_UNUSABLE",
    message: isTaken
      ? `Another program listens on ${host}:${port}.`
      : `The page can't listen on ${host}:${port} (${code ?? "unknown"}).`,
    nextStep: "Choose another --http <host:port>, or --http off.",
  });
}
