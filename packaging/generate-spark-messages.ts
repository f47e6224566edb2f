/** Takes Spark Connect's interface definitions from Spark's own jar and generates the client's messages from them. */
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../src/core/clock.ts";
import { ensureJars } from "../src/local/jars.ts";
import { SPARK } from "../src/local/software.ts";

const CLIENT = fileURLToPath(new URL("../src/engines/spark/connect", import.meta.url));
const PROGRAMS = fileURLToPath(new URL("../node_modules/.bin", import.meta.url)); // of @bufbuild/buf, @bufbuild/protoc-gen-es
/** A plugin's example, not part of the protocol. */
const LEFT_OUT = "example_plugins.proto";

const jars = await ensureJars({ environment: process.env, clock: systemClock, software: SPARK });
const [jar] = globSync(join(jars, "spark-connect_*.jar"));
const unpacked = mkdtempSync(join(tmpdir(), "clickstream-proto-"));
try {
  execFileSync("unzip", ["-q", jar!, "spark/connect/*.proto", "META-INF/LICENSE", "META-INF/NOTICE"], {
    cwd: unpacked,
  });
  rmSync(join(unpacked, "spark/connect", LEFT_OUT));
  rmSync(join(CLIENT, "proto/spark"), { recursive: true, force: true });
  rmSync(join(CLIENT, "generated"), { recursive: true, force: true });
  cpSync(join(unpacked, "spark"), join(CLIENT, "proto/spark"), { recursive: true });
  for (const file of ["LICENSE", "NOTICE"])
    cpSync(join(unpacked, "META-INF", file), join(CLIENT, "proto", file));
  execFileSync(join(PROGRAMS, "buf"), ["generate"], {
    cwd: join(CLIENT, "proto"),
    env: { ...process.env, PATH: `${PROGRAMS}${delimiter}${process.env.PATH}` },
    stdio: "inherit",
  });
} finally {
  rmSync(unpacked, { recursive: true, force: true });
}
