import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Check, diagnose, preflight } from "../../src/app/doctor.ts";
import { checkDisk, checkMemory, checkNode } from "../../src/app/machine-checks.ts";
import { freePort } from "../../src/local/ports.ts";

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "clickstream-doctor-"));
});
after(() => rm(folder, { recursive: true, force: true }));

function problems(checks: readonly Check[]): Map<string, Check> {
  for (const check of checks) assert.equal(check.nextStep === null, check.ok, check.name);
  return new Map(checks.filter((check) => !check.ok).map((check) => [check.name, check]));
}

test("a machine that has all passes, and nothing is left behind", async () => {
  const kafka = { dir: join(folder, "a", "kafka"), port: await freePort(), heapMb: 256 };
  const checks = await diagnose({
    environment: process.env,
    kafka,
    output: join(folder, "a", "output"),
    events: 1,
  });
  assert.deepEqual([...problems(checks).keys()], []);
  assert.deepEqual(
    checks.map((check) => check.name),
    ["node", "java", "maven", "cache folder", "ports", "kafka folder", "disk", "output folder", "memory"],
  );
  assert.deepEqual(await readdir(folder), []);
});

test("every lack is told with its next step; the preflight tells the first", async (t) => {
  const taken = createServer().listen(await freePort(), "127.0.0.1");
  await once(taken, "listening");
  t.after(() => taken.close());
  const { port } = taken.address() as { port: number };
  const file = join(folder, "file");
  await writeFile(file, "");
  const needs = {
    environment: { JAVA_HOME: join(folder, "absent"), PATH: "", XDG_CACHE_HOME: join(file, "cache") },
    kafka: { dir: join(file, "kafka"), port, heapMb: 1e9 },
    output: join(file, "output"),
    events: 1e12,
  };
  const found = problems(await diagnose(needs));
  assert.deepEqual(
    [...found.keys()],
    ["java", "maven", "cache folder", "ports", "kafka folder", "disk", "output folder", "memory"],
  );
  assert.match(found.get("ports")!.detail, new RegExp(`Port ${port} `));
  assert.match(found.get("ports")!.nextStep!, /--port/);
  assert.match(found.get("output folder")!.nextStep!, /--output/);
  await assert.rejects(preflight(needs), {
    code: "PREFLIGHT_FAILED",
    message: found.get("java")!.detail,
    nextStep: /7 more/,
  });
});

test("a Kafka elsewhere needs no Java, Maven or port", async () => {
  const checks = await diagnose({ environment: { PATH: "" }, output: join(folder, "output") });
  assert.deepEqual(
    checks.map((check) => [check.name, check.ok]),
    [
      ["node", true],
      ["output folder", true],
      ["memory", true],
    ],
  );
});

test("an old Java is refused by its version", async () => {
  const programs = join(folder, "jdk", "bin");
  await mkdir(programs, { recursive: true });
  await writeFile(join(programs, "java"), `#!/bin/sh\necho 'openjdk version "11.0.2"' >&2\n`);
  await chmod(join(programs, "java"), 0o755);
  const environment = { ...process.env, JAVA_HOME: join(folder, "jdk") };
  const kafka = { dir: join(folder, "kafka"), port: await freePort() };
  const java = problems(await diagnose({ environment, kafka })).get("java");
  assert.match(java?.detail ?? "", /Java 11\.0\.2 is too old/);
});

test("a taken port does not matter where any will do", async (t) => {
  const dir = join(folder, "kafka");
  const usual = createServer();
  await new Promise((resolve) => {
    usual.once("listening", resolve).once("error", resolve); // somebody else may have it: as good
    usual.listen(9092, "127.0.0.1");
  });
  t.after(() => usual.close());
  const name = (checks: readonly Check[]) => problems(checks).get("ports")?.name;
  assert.equal(
    name(await diagnose({ environment: process.env, kafka: { dir, orAnyPort: true } })),
    undefined,
  );
  assert.equal(name(await diagnose({ environment: process.env, kafka: { dir } })), "ports");
});

test("limits are where they are said to be", async () => {
  assert.ok(checkNode("24.12.0").ok && checkNode("25.0.0").ok);
  assert.ok(!checkNode("24.11.9").ok && !checkNode("20.19.0").ok);
  assert.ok(checkMemory(600, { nodes: 1, heapMb: 1024 }, 1924).ok);
  assert.ok(!checkMemory(600, { nodes: 1, heapMb: 1024 }, 1923).ok);
  assert.ok(checkMemory(600, undefined, 600).ok);
  assert.ok((await checkDisk(join(folder, "deep", "er"), 1)).ok);
});
