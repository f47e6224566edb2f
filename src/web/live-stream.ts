import type { ServerResponse } from "node:http";
import type { Clock } from "../core/clock.ts";
import type { LiveEvent, OpenWindow, Pipeline } from "./api.ts";
import { HttpProblem } from "./problems.ts";
import type { PipelineSource } from "./sources.ts";

const LOOK_EVERY_MS = 250;
const HEARTBEAT_MS = 15_000;
/** A client that takes nothing for so long is gone, or as good as gone. */
const STALLED_AFTER_MS = 60_000;
const MAX_CLIENTS = 64;
/** A pipeline of a thousand partitions is told less often: no client is sent more than this a second. */
const BYTES_PER_SECOND = 500_000;

/** One open connection. What it could not take yet is one text for each kind of event, the newest. */
interface Client {
  response: ServerResponse;
  waiting: Map<LiveEvent, string>;
  /** Everything through it has been told to be final; null before anything has. */
  toldThroughMs: number | null;
  /** When it last took what was written. */
  tookAtMs: number;
}

/**
 * `/api/live`: tells every client how the pipeline is doing, with Server-Sent Events. Looks at the source only while there
 * are clients; a slow client holds no more memory than one event of each kind.
 */
export class LiveStream {
  private readonly source: PipelineSource;
  private readonly clock: Clock;
  private readonly clients = new Set<Client>();
  private readonly stopping = new AbortController();
  private looking: Promise<void> | undefined;
  /** The newest event of each kind, and what tells whether the next says anything new. */
  private readonly told = new Map<LiveEvent, string>();
  private readonly keys = new Map<LiveEvent, string>();
  private closedThroughMs: number | null = null;

  constructor(source: PipelineSource, clock: Clock) {
    this.source = source;
    this.clock = clock;
  }

  /** Open connections. */
  get size(): number {
    return this.clients.size;
  }

  /** @throws HttpProblem BUSY when there are too many clients, UNAVAILABLE while the server ends */
  admit(): void {
    if (this.stopping.signal.aborted) throw new HttpProblem("UNAVAILABLE", "The server is ending.");
    if (this.clients.size >= MAX_CLIENTS) {
      throw new HttpProblem(
        "BUSY",
        `${MAX_CLIENTS} clients are connected already; close a page, or try later.`,
      );
    }
  }

  /** Takes over a response whose head is not sent yet. `lastEventId` is what the client says it was told last. */
  connect(response: ServerResponse, headers: Record<string, string>, lastEventId: string | undefined): void {
    response.writeHead(200, {
      ...headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    const client: Client = {
      response,
      waiting: new Map(this.looking === undefined ? [] : this.told),
      toldThroughMs: /^\d{1,15}$/.test(lastEventId ?? "") ? Number(lastEventId) : null,
      tookAtMs: this.clock.monotonicMs(),
    };
    response.write("retry: 2000\n\n");
    this.clients.add(client);
    response.on("drain", () => this.flush(client));
    response.on("close", () => this.clients.delete(client));
    response.on("error", () => this.clients.delete(client));
    this.flush(client);
    this.looking ??= this.look();
  }

  /** Says good-bye to all and ends. */
  async close(): Promise<void> {
    this.stopping.abort();
    for (const client of this.clients) {
      client.response.end(eventText("bye", JSON.stringify({ reason: "the server ends" })));
    }
    this.clients.clear();
    await this.looking;
  }

  private async look(): Promise<void> {
    let heartbeatAtMs = this.clock.monotonicMs() + HEARTBEAT_MS;
    while (this.clients.size > 0 && !this.stopping.signal.aborted) {
      const bytes = await this.lookOnce();
      if (this.clock.monotonicMs() >= heartbeatAtMs) {
        heartbeatAtMs = this.clock.monotonicMs() + HEARTBEAT_MS;
        this.beat();
      }
      await this.clock.sleep(
        Math.max(LOOK_EVERY_MS, (bytes / BYTES_PER_SECOND) * 1_000),
        this.stopping.signal,
      );
    }
    this.told.clear();
    this.looking = undefined;
  }

  /** Returns the bytes that each client was sent, about. */
  private async lookOnce(): Promise<number> {
    const pipeline = await this.source.pipeline();
    this.closedThroughMs = pipeline.closedThroughMs;
    let bytes = this.tell("pipeline", pipeline, withoutTime(pipeline));
    const windows = this.source.openWindows();
    if (windows !== undefined) bytes += this.tell("provisional", { windows }, provisionalKey(windows));
    for (const client of this.clients) this.flush(client);
    return bytes;
  }

  /** Queues an event for all clients if it says anything new; `key` is equal for events that say the same. */
  private tell(event: LiveEvent, value: unknown, key: string): number {
    if (this.keys.get(event) === key && this.told.has(event)) return 0;
    this.keys.set(event, key);
    const text = eventText(event, JSON.stringify(value));
    this.told.set(event, text);
    for (const client of this.clients) client.waiting.set(event, text);
    return text.length;
  }

  /** Writes what waits, as far as the client takes it. */
  private flush(client: Client): void {
    const { response, waiting } = client;
    if (response.writableNeedDrain) {
      if (this.clock.monotonicMs() - client.tookAtMs > STALLED_AFTER_MS) response.destroy();
      return;
    }
    client.tookAtMs = this.clock.monotonicMs();
    for (const [event, text] of waiting) {
      if (response.writableNeedDrain) return;
      waiting.delete(event);
      response.write(text);
    }
    const throughMs = this.closedThroughMs;
    if (throughMs === null || throughMs === client.toldThroughMs || response.writableNeedDrain) return;
    response.write(
      eventText("final", JSON.stringify({ afterMs: client.toldThroughMs, throughMs }), throughMs),
    );
    client.toldThroughMs = throughMs;
  }

  private beat(): void {
    for (const { response } of this.clients)
      if (!response.writableNeedDrain) response.write(": still here\n\n");
  }
}

function eventText(event: LiveEvent, data: string, id?: number): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`;
}

function withoutTime(pipeline: Pipeline): string {
  return JSON.stringify({ ...pipeline, nowMs: 0 });
}

function provisionalKey(windows: readonly OpenWindow[]): string {
  return windows.map(({ endMs, asOfMs }) => `${endMs}@${asOfMs}`).join();
}
