import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../src/core/errors.ts";
import { parseEndpoint } from "../../../src/engines/spark/connect/endpoint.ts";

test("host and port alone", () => {
  const { host, port, useTls, token, headers } = parseEndpoint("sc://spark.example:15003");
  assert.deepEqual(
    { host, port, useTls, token, headers },
    { host: "spark.example", port: 15_003, useTls: false, token: null, headers: {} },
  );
  assert.equal(parseEndpoint("sc://spark.example").port, 15_002);
  assert.equal(parseEndpoint("sc://spark.example:80").port, 80);
  assert.equal(parseEndpoint("sc://[::1]:15003/").host, "[::1]");
});

test("every parameter; unknown ones are headers", () => {
  const endpoint = parseEndpoint(
    "sc://h:443/;use_ssl=true;token=a%3Bb;user_id=ann;session_id=11111111-2222-3333-4444-555555555555;user_agent=x;grpc_max_message_size=1000;x-cluster=c%20d",
  );
  assert.deepEqual(endpoint, {
    host: "h",
    port: 443,
    useTls: true,
    token: "a;b",
    userId: "ann",
    sessionId: "11111111-2222-3333-4444-555555555555",
    userAgent: "x",
    maxMessageBytes: 1_000,
    headers: { "x-cluster": "c d" },
  });
});

test("a token implies TLS; without, it goes to this machine only", () => {
  assert.equal(parseEndpoint("sc://h/;token=t").useTls, true);
  assert.equal(parseEndpoint("sc://127.0.0.1/;token=t").useTls, true);
  for (const host of ["h", "10.0.0.1", "127.0.0.1.example", "localhost.example", "[::2]"])
    assert.throws(() => parseEndpoint(`sc://${host}/;token=t;use_ssl=false`), UsageError, host);
  for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"]) {
    const { useTls, token } = parseEndpoint(`sc://${host}:15002/;use_ssl=false;token=t`);
    assert.deepEqual({ useTls, token }, { useTls: false, token: "t" }, host);
  }
});

test("what can't be read is refused, and no refusal shows a token", () => {
  for (const address of [
    "http://h/;token=secret",
    "sc:///;token=secret",
    "sc://h:x/;token=secret",
    "sc://h/path;token=secret",
    "sc://h/;use_ssl=maybe;token=secret",
    "sc://h/;token=secret;session_id=1",
    "sc://h/;token=secret;grpc_max_message_size=0",
    "sc://h/;token=secret;a b=c",
    "sc://h/;token=secret;novalue",
    "sc://h/?token=secret",
    "sc://user@h/;token=secret",
    "sc://user:secret@h/",
    "http://user:secret@h/",
    "sc://h/;token=a;secret",
    "sc://h/;token=a;Secret secret=b",
    "sc://h/;token=a;secret=%",
    "sc://h/;x-api-key=secret;token=%",
    "sc://h/path?secret",
    "sc://h#secret",
  ]) {
    assert.throws(
      () => parseEndpoint(address),
      (error) => error instanceof UsageError && !/secret/i.test(`${error.message} ${error.nextStep}`),
      address,
    );
  }
});
