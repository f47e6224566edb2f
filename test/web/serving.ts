import { request } from "node:http";
import { createConnection } from "node:net";
import { OutputHistory } from "../../src/app/web/output-history.ts";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import type { OpenWindow, Pipeline } from "../../src/web/api.ts";
import { startWebServer, type WebServer } from "../../src/web/server.ts";
import type { DeadLetterReplay, PipelineSource } from "../../src/web/sources.ts";
import { MINUTE_MS, NOV_23, page, pagesWindow, totalsWindow, writeWindows } from "../history/trees.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";

/** A pipeline that stands still, to be changed by a test. */
export class StillPipeline implements PipelineSource {
  now: Pipeline = {
    nowMs: NOV_23,
    engine: "embedded",
    topic: "clickstream",
    status: "running",
    provisional: "yes",
    read: 10,
    duplicates: null,
    counted: 8,
    late: 1,
    dead: { not_json: 1 },
    lost: 0,
    readBytes: 2_450,
    perSecond: 5,
    lag: 3,
    greatestMs: NOV_23,
    watermarkMs: NOV_23 - 10 * MINUTE_MS,
    closedThroughMs: NOV_23 - 10 * MINUTE_MS,
    window: { sizeMs: 5 * MINUTE_MS, slideMs: MINUTE_MS, delayMs: 10 * MINUTE_MS },
    windowsClosed: 4,
    windowsOpen: 14,
    lastCommitMs: NOV_23 - 500,
    commits: 7,
    commitMs: [12, 9],
    state: { bytes: 1_000, maxBytes: 1_000_000, openPanes: 10, outbox: 0 },
    workers: [{ worker: 0, busyShare: 0.25 }],
    partitions: [
      {
        partition: 0,
        position: 10,
        end: 13,
        lag: 3,
        greatestMs: NOV_23,
        watermarkMs: NOV_23 - 10 * MINUTE_MS,
        floorMs: null,
        idle: false,
        read: 10,
        counted: 8,
        late: 1,
        dead: 1,
      },
    ],
    partitionCount: 1,
    next: null,
    producer: null,
    spark: null,
    postgres: null,
    alerts: null,
    quality: null,
    replay: "yes",
  };
  open: OpenWindow[] = [];
  looks = 0;

  pipeline(): Pipeline {
    this.looks++;
    return this.now;
  }

  openWindows(): OpenWindow[] {
    return this.open;
  }
}

export interface Serving extends AsyncDisposable {
  url: URL;
  server: WebServer;
  pipeline: StillPipeline;
  /** What requests caused that none should be able to cause. */
  errors: unknown[];
  output: string;
}

/** A server on a free port, over a real output tree with an hour of windows. Waits are shorter by `hurry`. */
export async function serving({
  token,
  hurry = 1,
  replay,
}: {
  token?: string;
  hurry?: number;
  replay?: DeadLetterReplay;
} = {}): Promise<Serving> {
  const clock: Clock = {
    ...systemClock,
    sleep: (durationMs, signal) => systemClock.sleep(durationMs / hurry, signal),
  };
  const folder = await temporaryFolder();
  const windows = Array.from({ length: 60 }, (_, minute) => NOV_23 + minute * MINUTE_MS).flatMap(
    (startMs) => [
      pagesWindow(startMs, [page("/", startMs, 3), page("/cart", startMs)]),
      totalsWindow(startMs, 4),
    ],
  );
  await writeWindows(folder.path, windows, NOV_23 + 120 * MINUTE_MS);
  const history = new OutputHistory(folder.path, systemClock);
  const pipeline = new StillPipeline();
  const errors: unknown[] = [];
  const server = await startWebServer({
    host: "127.0.0.1",
    port: 0,
    orAnyPort: false,
    token,
    clock,
    version: "1.2.3",
    pipeline,
    history,
    replay,
    ready: () => ({ ok: pipeline.now.status === "running", checks: { engine: pipeline.now.status } }),
    metrics: async () => ({ text: "up 1\n", contentType: "text/plain" }),
    onError: (error) => errors.push(error),
  });
  return {
    url: new URL(server.url),
    server,
    pipeline,
    errors,
    output: folder.path,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await history[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** One request, with whatever path and headers, none of them made decent by a client library. */
export function ask(
  { url }: Pick<Serving, "url">,
  path: string,
  {
    method = "GET",
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: url.hostname, port: url.port, path, method, headers, agent: false },
      (response) => {
        let answer = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          answer += text;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer }),
        );
        response.on("error", reject);
      },
    );
    sent.on("error", reject).end(body);
  });
}

/** Sends bytes as they are and returns all that comes back until the server ends the connection. */
export function askRaw({ url }: Pick<Serving, "url">, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = createConnection({ host: url.hostname, port: Number(url.port) }, () => socket.end(bytes));
    socket.setEncoding("latin1").on("data", (text) => {
      answer += text;
    });
    socket.on("close", () => resolve(answer)).on("error", reject);
  });
}
