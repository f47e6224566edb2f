import { accessSync, constants, existsSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { cacheFolder, type Environment } from "../local/environment.ts";
import { cachedJars } from "../local/jars.ts";
import { javaMissing, javaRelease, javaVersion, OLDEST_JAVA } from "../local/java.ts";
import { localKafkaStatus } from "../local/local-kafka.ts";
import { mavenMissing, mavenVersion } from "../local/maven.ts";
import { isPortFree } from "../local/ports.ts";
import { KAFKA } from "../local/software.ts";
import { DEFAULT_PORT, portTaken } from "../local/start.ts";

/** What one look at the machine gave. */
export interface Check {
  name: string;
  ok: boolean;
  /** What was found; when not ok, a sentence that says what is wrong. */
  detail: string;
  /** What the person can do; null when ok. */
  nextStep: string | null;
}

/** Type stripping without a warning, and `node:sqlite`. */
const OLDEST_NODE = "24.12.0";
const BYTES_PER_MB = 1024 ** 2;
/** Beside its heap: threads, code, mapped indexes, network buffers. */
const BROKER_OVERHEAD_MB = 300;

const passed = (name: string, detail: string): Check => ({ name, ok: true, detail, nextStep: null });
const failed = (name: string, detail: string, nextStep: string): Check => ({
  name,
  ok: false,
  detail,
  nextStep,
});

export function checkNode(version: string = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE.split(".").map(Number);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) {
    return passed("node", `Node ${version}`);
  }
  return failed(
    "node",
    `Node ${version} is too old: ${OLDEST_NODE} or newer is needed.`,
    "Run npm ci in the checkout, which brings its own, and start with npx clickstream or npm start.",
  );
}

export async function checkJava(environment: Environment): Promise<Check> {
  const version = await javaVersion(environment);
  if (version === undefined) {
    const { message, nextStep } = javaMissing(environment, KAFKA);
    return failed("java", message, nextStep);
  }
  if (javaRelease(version) >= OLDEST_JAVA) return passed("java", `Java ${version}`);
  return failed(
    "java",
    `Java ${version} is too old: the local Kafka needs ${OLDEST_JAVA} or newer.`,
    javaMissing(environment, KAFKA).nextStep,
  );
}

/** Maven is needed only until Kafka's jars are in the user's cache. */
export async function checkMaven(environment: Environment): Promise<Check> {
  const jars = await cachedJars(environment);
  if (jars !== undefined) return passed("maven", `not needed: Kafka's jars are in ${jars}`);
  const version = await mavenVersion(environment);
  if (version !== undefined) return passed("maven", `Maven ${version}, to fetch Kafka's jars (about 43 MB)`);
  const { message, nextStep } = mavenMissing(KAFKA);
  return failed("maven", message, nextStep);
}

/** Ports are free, or taken by the very Kafka of this folder. */
export async function checkPorts(kafka: {
  dir: string;
  port?: number | undefined;
  nodes: number;
  /** Another port will do when none is asked for. */
  orAnyPort?: boolean | undefined;
}): Promise<Check> {
  const status = await localKafkaStatus(kafka.dir);
  if (status.state === "running") {
    return passed("ports", `the Kafka of ${status.dir} runs on ${status.brokers.join(", ")}`);
  }
  const alive = new Set(status.nodes.filter((node) => node.pid !== null).map((node) => node.port));
  for (let index = 0; index < kafka.nodes; index++) {
    const last = kafka.port === undefined ? status.nodes[index]?.port : undefined;
    const port = last ?? (kafka.port ?? DEFAULT_PORT) + index;
    if (alive.has(port) || (await isPortFree(port))) continue;
    if (kafka.port === undefined && kafka.orAnyPort) {
      return passed("ports", `${port} is taken by another program: a free one will be used`);
    }
    const { message, nextStep } = portTaken(port);
    return failed("ports", message, nextStep);
  }
  return passed("ports", `free from ${kafka.port ?? status.nodes[0]?.port ?? DEFAULT_PORT}`);
}

/** @param neededBytes beside what is already there */
export async function checkDisk(folder: string, neededBytes: number): Promise<Check> {
  const { bavail, bsize } = await statfs(nearestExisting(folder));
  const text = `${gigabytes(bavail * bsize)} free for ${resolve(folder)}, about ${gigabytes(neededBytes)} needed`;
  if (bavail * bsize >= neededBytes) return passed("disk", text);
  return failed(
    "disk",
    `Too little disk space: ${text}.`,
    "Free some space, take a folder on another disk with --dir, or generate fewer events with --events.",
  );
}

/** @param kafka undefined when its nodes run already, or elsewhere */
export function checkMemory(
  ownMb: number,
  kafka: { nodes: number; heapMb: number } | undefined,
  availableMb: number = process.availableMemory() / BYTES_PER_MB,
): Check {
  const brokersMb = kafka === undefined ? 0 : kafka.nodes * (kafka.heapMb + BROKER_OVERHEAD_MB);
  const text = `${Math.floor(availableMb)} MB available, about ${ownMb + brokersMb} MB needed`;
  if (availableMb >= ownMb + brokersMb) return passed("memory", text);
  return failed(
    "memory",
    `Too little memory: ${text}.`,
    kafka === undefined
      ? "End other programs."
      : "End other programs, or use a Kafka on another machine with --brokers.",
  );
}

/** Whether files can be made in a folder, which may not exist yet. */
export function checkFolder(name: string, folder: string): Check {
  const existing = nearestExisting(folder);
  try {
    if (!statSync(existing).isDirectory()) throw new Error(`${existing} is not a folder`);
    accessSync(existing, constants.W_OK | constants.X_OK);
    return passed(name, `${resolve(folder)} is writable`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failed(
      name,
      `The folder ${resolve(folder)} can't be written: ${reason}.`,
      `Make it writable, or name another (${FOLDER_OPTIONS[name] ?? "--dir"}).`,
    );
  }
}

const FOLDER_OPTIONS: Readonly<Record<string, string>> = {
  "output folder": "--output",
  "cache folder": "XDG_CACHE_HOME",
};

/** The folder of jars, as far as it has to be written. */
export async function checkCache(environment: Environment): Promise<Check> {
  const jars = await cachedJars(environment);
  if (jars !== undefined) return passed("cache folder", jars);
  return checkFolder("cache folder", cacheFolder(environment));
}

function nearestExisting(folder: string): string {
  let path = resolve(folder);
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path);
  return path;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GB`;
}
