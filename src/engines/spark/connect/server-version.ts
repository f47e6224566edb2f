import { SparkError } from "./spark-error.ts";

/** The version whose interface definitions this client is made from. */
const OLDEST = { major: 4, minor: 2 };

/** @throws SparkError SPARK_TOO_OLD */
export function refuseOlderServer(version: string, server: string): void {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10) || 0);
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) return;
  throw new SparkError({
    code: "SPARK_TOO_OLD",
    message: `The server at ${server} is Spark ${version || "of an unknown version"}, and this client needs ${OLDEST.major}.${OLDEST.minor} or newer.`,
    nextStep: "Upgrade that server, or leave --spark out: then a Spark that fits is started on this machine.",
  });
}
