import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { freePort } from "../../src/local/ports.ts";

export const PASSWORD = "not-for-logs-7d1f";

/** Newest installed version last. */
const INSTALLED = globSync("/usr/lib/postgresql/*/bin/postgres").sort((a, b) =>
  a.localeCompare(b, "en", { numeric: true }),
);

/** Why tests that need a server can't run, or false. Printed by the test runner. */
export const noPostgres: string | false =
  INSTALLED.length > 0 ? false : "no PostgreSQL in /usr/lib/postgresql: install the package postgresql";

/** A PostgreSQL of a test's own, on 127.0.0.1 with passwords. The server refuses to run as root, so root is somebody else. */
export class TestPostgres {
  readonly folder: string;
  readonly port: number;
  readonly #bin = join(INSTALLED.at(-1)!, "..");
  readonly #identity = unprivileged();
  #server: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  /** Initialises a cluster and starts it. */
  static async start(): Promise<TestPostgres> {
    const folder = mkdtempSync(join(tmpdir(), "clickstream-postgres-"));
    const postgres = new TestPostgres(folder, await freePort());
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, "server"));
    postgres.handOver(join(folder, "server"));
    const passwordFile = join(folder, "password");
    writeFileSync(passwordFile, PASSWORD);
    const encoding = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
    const login = ["--username=click", "--auth=scram-sha-256", `--pwfile=${passwordFile}`];
    execFileSync(join(postgres.#bin, "initdb"), ["-D", postgres.#data, ...encoding, ...login], {
      ...postgres.#identity,
      stdio: "ignore",
    });
    await postgres.restart();
    return postgres;
  }

  /** Without a password in it. */
  get url(): string {
    return `postgres://click@127.0.0.1:${this.port}/postgres`;
  }

  /** Holds the password. */
  get passwordFile(): string {
    return join(this.folder, "password");
  }

  get #data(): string {
    return join(this.folder, "server", "data");
  }

  /** Lets the server's user write there. */
  handOver(path: string): void {
    if ("uid" in this.#identity) chownSync(path, this.#identity.uid, this.#identity.gid);
  }

  async query<Row extends object>(sql: string): Promise<Row[]> {
    const client = await this.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async connect(): Promise<Client> {
    const { port } = this;
    const client = new Client({
      host: "127.0.0.1",
      port,
      user: "click",
      database: "postgres",
      password: PASSWORD,
    });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  /** SIGKILL of the server, as by a crash or the system's lack of memory. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** An immediate but orderly end; connections are cut. */
  async stop(): Promise<void> {
    await this.#end("SIGINT");
  }

  async restart(...settings: readonly string[]): Promise<void> {
    const options = [
      ...settings,
      "listen_addresses=127.0.0.1",
      `unix_socket_directories=${join(this.folder, "server")}`,
    ];
    for (let attempt = 0; ; attempt++) {
      const args = [
        "-D",
        this.#data,
        "-p",
        String(this.port),
        ...options.flatMap((option) => ["-c", option]),
      ];
      const server = spawn(join(this.#bin, "postgres"), args, { ...this.#identity, stdio: "ignore" });
      this.#server = server;
      while (server.exitCode === null) {
        try {
          await this.query("SELECT 1");
          return;
        } catch {
          await delay(50);
        }
      }
      if (attempt > 1_000) throw new Error("the server does not start"); // those of a killed one are still ending
      await delay(100);
    }
  }

  async close(): Promise<void> {
    await this.#end("SIGQUIT");
    rmSync(this.folder, { recursive: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    server.kill(signal);
    await ended;
  }
}

function unprivileged(): { uid: number; gid: number } | Record<string, never> {
  if (process.getuid?.() !== 0) return {};
  const user =
    existsSync("/etc/passwd") && /^postgres:/m.test(execFileSync("getent", ["passwd"], { encoding: "utf8" }))
      ? "postgres"
      : "nobody";
  const id = (flag: string): number => Number(execFileSync("id", [flag, user], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}
