import { ClickstreamError } from "../../core/errors.ts";

const NEEDED = { major: 24, minor: 12 };

/** @throws ClickstreamError NODE_TOO_OLD, before anything fails for lack of what that Node can't do */
export function refuseOldNode(version: string = globalThis.process.versions.node): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > NEEDED.major || (major === NEEDED.major && minor >= NEEDED.minor)) return;
  throw new ClickstreamError({
    code: "NODE_TOO_OLD",
    message: `clickstream needs Node ${NEEDED.major}.${NEEDED.minor} or newer, and this is ${version}.`,
    nextStep:
      'On Linux the package brings one: run the program with "npx node program.ts"; elsewhere install Node 24.',
  });
}
