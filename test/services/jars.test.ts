import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock as clock } from "../../src/core/clock.ts";
import { cachedJars, ensureJars, type JarsProgress } from "../../src/local/jars.ts";

const FETCHING_JARS = fileURLToPath(new URL("./fetching-jars.ts", import.meta.url));

interface MachineWithoutJars {
  /** An empty cache, and a mvn that counts its calls before it becomes the real one. */
  environment: Record<string, string | undefined>;
  mavenCalls(): Promise<number>;
}

async function machineWithoutJars(t: TestContext): Promise<MachineWithoutJars> {
  const folder = await mkdtemp(join(tmpdir(), "clickstream-jars-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const programs = join(folder, "bin");
  const calls = join(folder, "calls");
  await mkdir(programs);
  await writeFile(calls, "");
  const script = `#!/bin/sh\necho call >> "${calls}"\nPATH="\${PATH#*${delimiter}}" exec mvn "$@"\n`;
  await writeFile(join(programs, "mvn"), script);
  await chmod(join(programs, "mvn"), 0o755);
  return {
    environment: {
      ...process.env,
      XDG_CACHE_HOME: join(folder, "cache"),
      PATH: `${programs}${delimiter}${process.env.PATH}`,
    },
    mavenCalls: async () => (await readFile(calls, "utf8")).split("\n").length - 1,
  };
}

test("two processes at once fetch the jars once; later starts need no Maven", async (t) => {
  const { environment, mavenCalls } = await machineWithoutJars(t);
  assert.equal(await cachedJars(environment), undefined);
  const processes = [1, 2].map(() => spawn(process.execPath, [FETCHING_JARS], { env: environment }));
  const [first, second] = await Promise.all(
    processes.map(async (child) => {
      const [folder, errors, [exitCode]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, "close"),
      ]);
      assert.equal(exitCode, 0, errors);
      return folder;
    }),
  );
  assert.equal(first, second);
  assert.equal(await mavenCalls(), 1);
  assert.ok((await readdir(first!)).filter((name) => name.startsWith("kafka")).length > 5);

  const offline = { ...environment, PATH: "" };
  assert.equal(await ensureJars({ environment: offline, clock, onProgress: () => assert.fail() }), first);
});

test("a damaged cache is fetched again, and what an interrupted download left is no cache", async (t) => {
  const { environment, mavenCalls } = await machineWithoutJars(t);
  const steps = new Set<JarsProgress["step"]>();
  const onProgress = ({ step }: JarsProgress) => steps.add(step);
  const folder = await ensureJars({ environment, clock, onProgress });
  assert.deepEqual([...steps], ["downloading", "done"]);
  const jar = (await readdir(folder)).find((name) => name.startsWith("kafka-clients"))!;
  await rm(join(folder, jar));
  assert.equal(await cachedJars(environment), undefined);
  await mkdir(`${folder}.partial`);
  await writeFile(join(`${folder}.partial`, "half.jar"), "half");
  assert.equal(await ensureJars({ environment, clock }), folder);
  assert.equal(await mavenCalls(), 2);
  const files = await readdir(folder);
  assert.ok(files.includes(jar) && !files.includes("half.jar"));
});

test("without Maven, and with a Maven that fails, the next step is named and the cache stays empty", async (t) => {
  const { environment } = await machineWithoutJars(t);
  await assert.rejects(ensureJars({ environment: { ...environment, PATH: "" }, clock }), {
    code: "MAVEN_MISSING",
    nextStep: /Install Maven/,
  });
  const programs = environment.PATH!.split(delimiter)[0]!;
  await writeFile(join(programs, "mvn"), '#!/bin/sh\necho "[ERROR] no route to host"\nexit 1\n');
  await assert.rejects(ensureJars({ environment, clock }), {
    code: "JARS_UNAVAILABLE",
    message: /no route to host/,
  });
  assert.equal(await cachedJars(environment), undefined);
});
