import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { systemClock } from "../../src/core/clock.ts";
import { ensureJars } from "../../src/local/jars.ts";
import { KAFKA } from "../../src/local/software.ts";

const POM = fileURLToPath(new URL("./kafka-tools/pom.xml", import.meta.url));

/** Runs one of Kafka's command-line tools by the name of its class; returns what it prints. Rejects when it fails. */
export async function kafkaTool(className: string, ...args: readonly string[]): Promise<string> {
  const jars = await ensureJars({
    environment: process.env,
    clock: systemClock,
    software: { ...KAFKA, pom: POM },
  });
  const options = ["-Xmx96m", "-XX:TieredStopAtLevel=1", "-cp", join(jars, "*"), className];
  const { stdout } = await promisify(execFile)("java", [...options, ...args]);
  return stdout;
}
