import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { systemClock as clock } from "../../src/core/clock.ts";
import { tryFileLock, withFileLock } from "../../src/core/file-lock.ts";

const MODULE = pathToFileURL(join(import.meta.dirname, "../../src/core/file-lock.ts")).href;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "clickstream-lock-"));
});
after(() => rm(folder, { recursive: true, force: true }));

test("one holder at a time, in folders made on the way", () => {
  const path = join(folder, "new", "a.lock");
  const first = tryFileLock(path);
  assert.ok(first);
  assert.equal(tryFileLock(path), undefined);
  first.release();
  const second = tryFileLock(path);
  assert.ok(second);
  second.release();
});

test("work waits for its turn and passes on results and errors", async () => {
  const path = join(folder, "b.lock");
  const order: string[] = [];
  const release = Promise.withResolvers<void>();
  const first = withFileLock(path, { clock }, async () => {
    await release.promise;
    order.push("first");
  });
  const second = withFileLock(path, { clock, onWait: () => release.resolve() }, async () =>
    order.push("second"),
  );
  await Promise.all([first, second]);
  assert.deepEqual(order, ["first", "second"]);
  await assert.rejects(
    withFileLock(path, { clock }, () => Promise.reject(new Error("told"))),
    /told/,
  );
  tryFileLock(path)!.release();
});

test("a signal ends the wait", async () => {
  const path = join(folder, "c.lock");
  const held = tryFileLock(path)!;
  const ending = new AbortController();
  const waiting = withFileLock(path, { clock, signal: ending.signal, onWait: () => ending.abort() }, () =>
    assert.fail(),
  );
  await assert.rejects(waiting, { name: "AbortError" });
  held.release();
});

test("a killed process holds nothing", async () => {
  const path = join(folder, "d.lock");
  const code = `const { tryFileLock } = await import(${JSON.stringify(MODULE)});
    globalThis.lock = tryFileLock(${JSON.stringify(path)});
    process.stdout.write("held");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  assert.equal(tryFileLock(path), undefined);
  child.kill("SIGKILL");
  await once(child, "exit");
  const lock = tryFileLock(path);
  assert.ok(lock);
  lock.release();
});

test("a folder that can't be made is an error with a next step", async () => {
  const file = join(folder, "file");
  await writeFile(file, "");
  assert.throws(() => tryFileLock(join(file, "e.lock")), { code: "FOLDER_NOT_WRITABLE" });
});
