import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { ClickstreamError } from "../core/errors.ts";
import { withFileLock } from "../core/file-lock.ts";
import { cacheFolder, type Environment } from "./environment.ts";
import { runMaven } from "./maven.ts";
import type { ProgramResult } from "./program.ts";
import { KAFKA, type Software } from "./software.ts";

export interface JarsProgress {
  /** `waiting`: another process is downloading them. */
  step: "waiting" | "downloading" | "done";
  /** Jars fetched so far; Maven also fetches parts of itself, so the count can pass the software's. */
  files: number;
  /** Name of the last one. */
  file: string;
}

export interface JarsOptions {
  environment: Environment;
  /** Default: Kafka. */
  software?: Pick<Software, "name" | "pom" | "ownInstead">;
  clock: Clock;
  onProgress?: (progress: JarsProgress) => void;
  signal?: AbortSignal;
}

/** Pinned, so that the same pom gives the same folder next year. */
const COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
/** In the folder of jars: their names and sizes, to notice one that a cleaner took. */
const LIST = "jars.json";

/** The cache entry for the pom as it is now. */
async function jarsFolder(
  environment: Environment,
  software: Pick<Software, "name" | "pom">,
): Promise<string> {
  const hash = createHash("sha256")
    .update(await readFile(software.pom))
    .digest("hex");
  return join(cacheFolder(environment), `${software.name.toLowerCase()}-jars-${hash.slice(0, 16)}`);
}

/** The folder of the software's jars if it is in the cache and complete. */
export async function cachedJars(
  environment: Environment,
  software: Pick<Software, "name" | "pom"> = KAFKA,
): Promise<string | undefined> {
  const folder = await jarsFolder(environment, software);
  try {
    const list = JSON.parse(await readFile(join(folder, LIST), "utf8")) as Record<string, number>;
    for (const [name, size] of Object.entries(list)) {
      if ((await stat(join(folder, name))).size !== size) return undefined;
    }
    return folder;
  } catch {
    return undefined;
  }
}

/**
 * The folder of the software's jars: from the user's cache, or by Maven into it on first use. A cache entry appears
 * whole or not at all, and of several processes one downloads while the others wait.
 * @throws ClickstreamError MAVEN_MISSING, JARS_UNAVAILABLE
 */
export async function ensureJars(options: JarsOptions): Promise<string> {
  const { environment, software = KAFKA } = options;
  const cached = await cachedJars(environment, software);
  if (cached !== undefined) return cached;
  const folder = await jarsFolder(environment, software);
  const report = options.onProgress ?? (() => {});
  return withFileLock(
    `${folder}.lock`,
    { ...options, onWait: () => report({ step: "waiting", files: 0, file: "" }) },
    async () =>
      (await cachedJars(environment, software)) ?? (await download(folder, { ...options, software }, report)),
  );
}

async function download(
  folder: string,
  options: JarsOptions & Required<Pick<JarsOptions, "software">>,
  report: (progress: JarsProgress) => void,
): Promise<string> {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  let files = 0;
  report({ step: "downloading", files, file: "" });
  const onLine = (line: string) => {
    const file = /Downloaded from .*\/([^/]+\.jar)\b/.exec(line)?.[1];
    if (file !== undefined) report({ step: "downloading", files: ++files, file });
  };
  const args = ["-f", options.software.pom, COPY, "-DincludeScope=runtime", `-DoutputDirectory=${partial}`];
  const result = await runMaven(args, { ...options, onLine });
  if (result.exitCode !== 0) throw unavailable(result, options.software);
  const list: Record<string, number> = {};
  for (const name of await readdir(partial)) list[name] = (await stat(join(partial, name))).size;
  await writeFile(join(partial, LIST), JSON.stringify(list, undefined, 1));
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  report({ step: "done", files: Object.keys(list).length, file: "" });
  return folder;
}

function unavailable(result: ProgramResult, { name }: Pick<Software, "name">): ClickstreamError {
  const reason = result.lines.find((line) => line.includes("[ERROR]"))?.replace(/^.*\[ERROR\]\s*/, "");
  return new ClickstreamError({
    code: "JARS_UNAVAILABLE",
    message: `Maven could not fetch ${name}'s jars: ${reason ?? `it ended with ${result.exitCode}`}`,
    nextStep: "Check the network and Maven's settings (mirror, proxy) and start again.",
  });
}
