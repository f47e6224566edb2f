import { join } from "node:path";
import { ClickstreamError } from "../core/errors.ts";
import type { Environment } from "./environment.ts";
import { runProgram } from "./program.ts";
import type { Software } from "./software.ts";

/** The oldest Java that runs this Kafka and this Spark. */
export const OLDEST_JAVA = 17;

/** The Java program: that of JAVA_HOME when set, else the first on PATH. */
export function javaCommand(environment: Environment): string {
  const home = environment.JAVA_HOME;
  return home === undefined || home === "" ? "java" : join(home, "bin", "java");
}

/** The version of the Java that would be used, such as `17.0.15`; undefined when there is none. */
export async function javaVersion(environment: Environment): Promise<string | undefined> {
  const result = await runProgram(javaCommand(environment), ["-version"], { environment }).catch(
    () => undefined,
  );
  return /version "([^"]+)"/.exec(result?.lines.join("\n") ?? "")?.[1];
}

/** The number by which a version is known: 17 for `17.0.15`, 8 for `1.8.0_402`. */
export function javaRelease(version: string): number {
  const [first, second] = version.split(/[._-]/).map(Number);
  return first === 1 ? (second ?? 1) : (first ?? 0);
}

/** The error of a Java program that can't be found. */
export function javaMissing(
  environment: Environment,
  { name, ownInstead }: Pick<Software, "name" | "ownInstead">,
): ClickstreamError {
  return new ClickstreamError({
    code: "JAVA_MISSING",
    message: `The local ${name} needs Java ${OLDEST_JAVA} or newer, and "${javaCommand(environment)}" can't be started.`,
    nextStep: `Install it (apt install openjdk-${OLDEST_JAVA}-jre-headless) or set JAVA_HOME, or use a ${name} of yours with ${ownInstead}.`,
  });
}
