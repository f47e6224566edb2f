import assert from "node:assert/strict";
import { test } from "node:test";
import { passwordIn } from "../../../src/app/config/postgres.ts";
import { parsePostgresUrl, targetName } from "../../../src/sinks/postgres/target.ts";

test("a URL names server, user and database; other machines are checked unless said otherwise", () => {
  const here = parsePostgresUrl("postgres://click@127.0.0.1/shop");
  assert.deepEqual(
    { ...here },
    {
      host: "127.0.0.1",
      port: 5432,
      user: "click",
      database: "shop",
      sslMode: "disable",
      sslRootCert: undefined,
    },
  );
  const there = parsePostgresUrl("postgresql://a%40b@db.example.org:6432/my%20shop?sslrootcert=ca.pem");
  assert.deepEqual(
    { ...there },
    {
      host: "db.example.org",
      port: 6432,
      user: "a@b",
      database: "my shop",
      sslMode: "verify-full",
      sslRootCert: "ca.pem",
    },
  );
  assert.equal(parsePostgresUrl("postgres://u@h/d?sslmode=require").sslMode, "require");
  assert.equal(parsePostgresUrl("postgres://u@[::1]/d").sslMode, "disable");
  assert.equal(targetName(parsePostgresUrl("postgres://u@[::1]:6432/d")), "[::1]:6432/d");
  const socket = parsePostgresUrl("postgres://u@x/d?host=%2Frun%2Fpostgresql");
  assert.deepEqual([socket.host, socket.sslMode], ["/run/postgresql", "disable"]);
});

test("what can't be used is told without showing the URL", () => {
  const secret = "hunter2";
  for (const [url, told] of [
    [`postgres://u:${secret}@h/d`, /password in it/],
    [`postgres://u@h/d?password=${secret}`, /password in it/],
    [`u:${secret}@h/d:x y`, /begin with postgres|can't be read/],
    [`mysql://u:${secret}@h/d`, /begin with postgres/],
    ["postgres:///d", /no host/],
    ["postgres://h/d", /no user/],
    ["postgres://u@h", /no database/],
    ["postgres://u@h/d?sslmode=prefer", /sslmode/],
    ["postgres://u@h/d?pool=5", /parameter pool/],
  ] as const) {
    assert.throws(
      () => parsePostgresUrl(url),
      (error: Error & { nextStep?: string }) => {
        assert.match(error.message, told, url);
        assert(!`${error.message}${error.nextStep}`.includes(secret));
        return true;
      },
    );
  }
});

test("a password file of libpq: the first line that fits", () => {
  const target = parsePostgresUrl("postgres://click@db:5432/shop");
  const file =
    "# db:5432:shop:click:no\ndb:5433:*:*:other port\n*:*:sh\\:op:*:other name\ndb:*:shop:click:pass\\:w\\\\ord\n*:*:*:*:last";
  assert.equal(passwordIn(file, target), "pass:w\\ord");
  assert.equal(passwordIn("", target), undefined);
  assert.equal(passwordIn("db:5432:shop:click", target), undefined);
  const socket = parsePostgresUrl("postgres://u@x/d?host=/run");
  assert.equal(passwordIn("localhost:*:*:*:by socket", socket), "by socket");
});
