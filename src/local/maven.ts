import { ClickstreamError } from "../core/errors.ts";
import type { Environment } from "./environment.ts";
import { type ProgramResult, runProgram } from "./program.ts";
import type { Software } from "./software.ts";

/** The version of the Maven on PATH, such as `3.8.7`; undefined when there is none. */
export async function mavenVersion(environment: Environment): Promise<string | undefined> {
  const result = await runProgram("mvn", ["-B", "-version"], { environment }).catch(() => undefined);
  return /Apache Maven (\S+)/.exec(result?.lines.join("\n") ?? "")?.[1];
}

/**
 * Runs Maven to its end, without questions and with wrong checksums as errors.
 * @throws ClickstreamError MAVEN_MISSING
 */
export async function runMaven(
  args: readonly string[],
  options: {
    environment: Environment;
    /** What it fetches. */
    software: Pick<Software, "name" | "ownInstead">;
    onLine: (line: string) => void;
    signal?: AbortSignal;
  },
): Promise<ProgramResult> {
  try {
    return await runProgram("mvn", ["-B", "-C", ...args], options);
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "ENOENT")) throw cause;
    throw mavenMissing(options.software);
  }
}

/** The error of a Maven that can't be found. */
export function mavenMissing({ name, ownInstead }: Pick<Software, "name" | "ownInstead">): ClickstreamError {
  return new ClickstreamError({
    code: "MAVEN_MISSING",
    message: `${name}'s jars are fetched by Maven once, and there is no mvn on the PATH.`,
    nextStep: `Install Maven (apt install maven, dnf install maven or brew install maven), or use a ${name} of yours with ${ownInstead}.`,
  });
}
