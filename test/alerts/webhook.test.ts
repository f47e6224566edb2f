// The webhook against a real HTTP server that fails, is silent, and leads astray.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { isPrivateAddress } from "../../src/alerts/private-addresses.ts";
import { RefusedNotification } from "../../src/alerts/sink.ts";
import { Webhook } from "../../src/alerts/webhook.ts";
import { systemClock } from "../../src/core/clock.ts";
import { temporaryFolder } from "../sinks/temporary-folder.ts";
import { busyPage } from "./notifications.ts";
import { webhookReceiver } from "./webhook-receiver.ts";

const signal = new AbortController().signal;
const send = (url: string, privateRedirects = false, timeoutMs = 10_000): Promise<void> =>
  new Webhook({ url, privateRedirects }, systemClock, timeoutMs).send(busyPage(0), signal);

test("what is posted is the notification, signed so that the receiver can check it", async () => {
  await using folder = await temporaryFolder();
  await using receiver = await webhookReceiver();
  const file = join(folder.path, "secret");
  const key = Buffer.from("the bytes of a key");
  for (const secret of ["plain text", `whsec_${key.toString("base64")}`]) {
    await writeFile(file, `${secret}\n`);
    const options = { url: receiver.url, secret: { file }, privateRedirects: false };
    await new Webhook(options, systemClock).send(busyPage(0), signal);
    const { headers, body, notification } = receiver.received.at(-1)!;
    assert.deepEqual(notification, busyPage(0));
    assert.equal(headers["content-type"], "application/json");
    assert.equal(headers["webhook-id"], notification.id);
    const sentMs = Number(headers["webhook-timestamp"]) * 1_000;
    assert(Math.abs(sentMs - systemClock.nowMs()) < 600_000);
    const signed = `${notification.id}.${headers["webhook-timestamp"]}.${body}`;
    const expected = createHmac("sha256", secret === "plain text" ? secret : key)
      .update(signed)
      .digest("base64");
    assert.equal(headers["webhook-signature"], `v1,${expected}`);
  }
  await send(receiver.url);
  assert.equal(receiver.received.at(-1)!.headers["webhook-signature"], undefined);
});

test("the check of the operations guide believes what is genuine, and nothing else", async () => {
  await using folder = await temporaryFolder();
  const guide = await readFile(new URL("../../docs/operations.md", import.meta.url), "utf8");
  const [, code = ""] = /```js\n(import \{ createHmac[\s\S]*?)```/.exec(guide) ?? [];
  const check = join(folder.path, "check.mjs");
  await writeFile(check, code);
  const { isGenuine } = (await import(check)) as {
    isGenuine: (headers: Record<string, unknown>, body: string, secret: string) => boolean;
  };
  await using receiver = await webhookReceiver();
  const file = join(folder.path, "secret");
  for (const secret of ["plain text", `whsec_${Buffer.from("the bytes of a key").toString("base64")}`]) {
    await writeFile(file, secret);
    const options = { url: receiver.url, secret: { file }, privateRedirects: false };
    await new Webhook(options, systemClock).send(busyPage(0), signal);
    const { headers, body } = receiver.received.at(-1)!;
    assert.equal(isGenuine(headers, body, secret), true);
    assert.equal(isGenuine(headers, `${body} `, secret), false);
    assert.equal(isGenuine(headers, body, "another"), false);
    assert.equal(isGenuine({ ...headers, "webhook-signature": undefined }, body, secret), false);
    const old = String(Number(headers["webhook-timestamp"]) - 3_600);
    const replayed = createHmac("sha256", "plain text").update(`${headers["webhook-id"]}.${old}.${body}`);
    const resent = { "webhook-timestamp": old, "webhook-signature": `v1,${replayed.digest("base64")}` };
    assert.equal(isGenuine({ ...headers, ...resent }, body, "plain text"), false, "an hour old");
  }
});

test("answers are yes, never, or not yet", async () => {
  let status = 200;
  await using receiver = await webhookReceiver((_, response) => void response.writeHead(status).end("x"));
  for (status of [200, 201, 204]) await send(receiver.url);
  for (status of [400, 410, 413, 415, 422]) await assert.rejects(send(receiver.url), RefusedNotification);
  for (status of [401, 404, 408, 429, 500, 502, 503, 302]) {
    await assert.rejects(send(receiver.url), (error: Error) => {
      assert(!(error instanceof RefusedNotification));
      return error.message === `127.0.0.1:${receiver.port} answered ${status}`;
    });
  }
});

test("a receiver that is silent, hangs up or is away is not waited for", async () => {
  await using silent = await webhookReceiver(() => {});
  await assert.rejects(send(silent.url, false, 300), /no answer within 0.3 s/);
  await using rude = await webhookReceiver((_, response) => void response.destroy());
  await assert.rejects(send(rude.url), /socket hang up/);
  const { url } = rude;
  await rude[Symbol.asyncDispose]();
  await assert.rejects(send(url), /ECONNREFUSED/);
});

test("a receiver whose answer never ends is done with at its status", async () => {
  await using endless = await webhookReceiver((_, response) => {
    response.writeHead(200);
    const more = setInterval(() => response.write("x".repeat(1_000)), 1);
    response.on("close", () => clearInterval(more));
  });
  await send(endless.url);
});

test("redirects lead to no private address, by number or by name, unless that is allowed", async () => {
  await using target = await webhookReceiver();
  let location = "";
  await using astray = await webhookReceiver((_, response: ServerResponse) => {
    response.writeHead(307, { location }).end();
  });
  const { port } = target;
  const addresses = [
    `http://127.0.0.1:${port}/`,
    `http://[::1]:${port}/`,
    `http://[::ffff:127.0.0.1]:${port}/`,
  ];
  for (location of [...addresses, `http://localhost:${port}/`, `//2130706433:${port}/`]) {
    await assert.rejects(send(astray.url), /a redirect leads to (a|the) private address/, location);
  }
  assert.equal(target.received.length, 0);
  location = target.url;
  await send(astray.url, true);
  assert.deepEqual(
    target.received.map(({ notification }) => notification),
    [busyPage(0)],
  );
  location = "/hook";
  await assert.rejects(send(astray.url, true), /redirects again and again/);
  location = "file:///etc/passwd";
  await assert.rejects(send(astray.url, true), /redirects to no web address/);
});

test("networks that are not the public internet are known", () => {
  const closed = [
    "127.8.8.8",
    "10.0.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
  ];
  const closed6 = [
    "::1",
    "::",
    "fe80::1%eth0",
    "fd00::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "[fc00::1]",
    "2002:7f00:1::",
  ];
  for (const address of [...closed, ...closed6, "224.0.0.1", "255.255.255.255", "no address"]) {
    assert(isPrivateAddress(address), address);
  }
  for (const address of ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]) {
    assert(!isPrivateAddress(address), address);
  }
});
