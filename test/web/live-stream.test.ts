import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { createConnection } from "node:net";
import { test } from "node:test";
import { finalSchema, pipelineSchema, provisionalSchema } from "../../src/web/api.ts";
import { MINUTE_MS, NOV_23 } from "../history/trees.ts";
import { ask, type Serving, serving } from "./serving.ts";

/** Of 300 KB each: several times what the system buffers for a connection. */
const ROUNDS = 100;

interface Told {
  event: string;
  id: string | undefined;
  data: Record<string, unknown>;
}

/** A client that reads events as they come; `next` is the next one of a kind, come already or awaited. */
function listen(s: Serving, lastEventId?: string) {
  const told: Told[] = [];
  const fresh: Told[] = [];
  const waiting: { event: string; resolve: (told: Told) => void }[] = [];
  let text = "";
  const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  const sent = request({ host: s.url.hostname, port: s.url.port, path: "/api/live", headers, agent: false });
  const ended = new Promise<void>((resolve) => {
    sent.on("response", (response) => {
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        const blocks = text.split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) take(block);
      });
      response.on("close", () => resolve());
    });
    sent.on("error", () => resolve());
  });
  sent.end();

  function take(block: string): void {
    const field = (name: string): string | undefined => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
    const event = field("event");
    if (event === undefined) return;
    const one = { event, id: field("id"), data: JSON.parse(field("data") ?? "null") };
    told.push(one);
    const at = waiting.findIndex((waiter) => waiter.event === event);
    if (at >= 0) waiting.splice(at, 1)[0]?.resolve(one);
    else fresh.push(one);
  }
  return {
    told,
    ended,
    next(event: string): Promise<Told> {
      const at = fresh.findIndex((one) => one.event === event);
      if (at >= 0) return Promise.resolve(fresh.splice(at, 1)[0] as Told);
      return new Promise((resolve) => waiting.push({ event, resolve }));
    },
    close: () => sent.destroy(),
  };
}

const openWindow = (asOfMs: number) => ({
  startMs: NOV_23,
  endMs: NOV_23 + 5 * MINUTE_MS,
  asOfMs,
  queries: { pages: { keys: 1, rows: [{ window_start: "x", window_end: "y", url: "/", events: 3 }] } },
});

test("a client is told everything at once, then only what is new", async () => {
  await using s = await serving();
  s.pipeline.open = [openWindow(1)];
  const client = listen(s);
  pipelineSchema.parse((await client.next("pipeline")).data);
  provisionalSchema.parse((await client.next("provisional")).data);
  finalSchema.parse((await client.next("final")).data);
  const changed = client.next("pipeline");
  s.pipeline.now = { ...s.pipeline.now, nowMs: NOV_23 + 1, read: 11 };
  assert.equal((await changed).data.read, 11);
  s.pipeline.now = { ...s.pipeline.now, nowMs: NOV_23 + 2 }; // the time alone is no news
  const looked = client.next("provisional");
  s.pipeline.open = [openWindow(2)];
  await looked;
  assert.equal(client.told.filter(({ event }) => event === "pipeline").length, 2);
  client.close();
});

test("what became final is told as a range, and to one who comes back since it left", async () => {
  await using s = await serving();
  const before = s.pipeline.now.closedThroughMs as number;
  const client = listen(s);
  const first = await client.next("final");
  assert.deepEqual([first.data, first.id], [{ afterMs: null, throughMs: before }, String(before)]);
  const second = client.next("final");
  s.pipeline.now = { ...s.pipeline.now, closedThroughMs: before + MINUTE_MS };
  assert.deepEqual((await second).data, { afterMs: before, throughMs: before + MINUTE_MS });
  client.close();
  await client.ended;
  s.pipeline.now = { ...s.pipeline.now, closedThroughMs: before + 9 * MINUTE_MS };
  const back = listen(s, String(before + MINUTE_MS));
  assert.deepEqual((await back.next("final")).data, {
    afterMs: before + MINUTE_MS,
    throughMs: before + 9 * MINUTE_MS,
  });
  back.close();
});

test("nobody is looked for while nobody looks, and the end is said", async () => {
  await using s = await serving();
  assert.equal(s.pipeline.looks, 0);
  const client = listen(s);
  await client.next("pipeline");
  const bye = client.next("bye");
  await s.server.stop();
  await bye;
  await client.ended;
  const { looks } = s.pipeline;
  assert.ok(looks >= 1);
  assert.equal(s.server.watchers(), 0);
});

test("a client that does not read holds a bounded amount of memory, and is told the newest when it reads", async () => {
  await using s = await serving({ hurry: 50 });
  const socket = createConnection({ host: s.url.hostname, port: Number(s.url.port) });
  await once(socket, "connect");
  socket.write("GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(socket, "data");
  socket.pause();
  const reader = listen(s);
  await reader.next("pipeline");
  const filler = "x".repeat(300_000);
  for (let round = 1; round <= ROUNDS; round++) {
    const told = reader.next("pipeline");
    s.pipeline.now = { ...s.pipeline.now, topic: `${round} ${filler}` };
    await told;
  }
  reader.close();
  const rounds: number[] = [];
  let text = "";
  const newest = new Promise<void>((resolve) => {
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      for (const [, round] of text.matchAll(/"topic":"(\d+) /g)) rounds.push(Number(round));
      text = text.slice(-20);
      if (rounds.at(-1) === ROUNDS) resolve();
    });
  });
  socket.resume();
  await newest;
  assert.ok(
    rounds.length < ROUNDS / 2,
    `of ${ROUNDS} events ${rounds.length} were kept, beyond what the system buffers`,
  );
  socket.destroy();
});

test("there is a limit to clients", async () => {
  await using s = await serving();
  const clients = Array.from({ length: 64 }, () => listen(s));
  await Promise.all(clients.map((client) => client.next("pipeline")));
  const refused = await ask(s, "/api/live");
  assert.deepEqual([refused.status, JSON.parse(refused.body).code], [503, "BUSY"]);
  for (const client of clients) client.close();
});
