// A way to PostgreSQL that stops carrying anything is told from a server that takes its time.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { PostgresSession } from "../../src/sinks/postgres/session.ts";
import { connectionTo } from "./postgres-contents.ts";
import { noPostgres, TestPostgres } from "./postgres-server.ts";
import { StallingProxy } from "./stalling-proxy.ts";

test("a statement that takes long is waited for; a way that carries nothing any more is known soon", {
  skip: noPostgres,
}, async (t) => {
  const postgres = await TestPostgres.start();
  t.after(() => postgres.close());
  const proxy = await StallingProxy.open(postgres.port);
  t.after(() => proxy.close());
  const direct = connectionTo(postgres);
  const connection = { ...direct, target: { ...direct.target, port: proxy.port }, patienceMs: 200 };
  const session = await PostgresSession.open(connection);
  await session.query("SELECT pg_sleep(2)");
  proxy.stall();
  const gone = { code: "POSTGRES_UNREACHABLE", message: /a second connection has no answer either/ };
  await assert.rejects(session.query("SELECT 1"), gone);
  await session.close();
  proxy.resume();
  const next = await PostgresSession.open(connection);
  await next.query("SELECT 1");
  proxy.stallOpen(); // as when something on the way forgets a connection
  const lost = { code: "POSTGRES_UNREACHABLE", message: /the server never got the statement/ };
  await assert.rejects(next.query("SELECT 1"), lost);
  await next.close();
  const copying = await PostgresSession.open(connection);
  await copying.query("CREATE TEMP TABLE texts (text text)");
  const texts = async function* (): AsyncGenerator<string> {
    yield "a\n";
    proxy.stall();
    for (let n = 0; n < 1_000; n++) yield `${"b".repeat(100_000)}\n`;
  };
  await assert.rejects(copying.copy("COPY texts FROM STDIN", Readable.from(texts())), gone);
  await copying.close();
});
