import { homedir } from "node:os";
import { join } from "node:path";

/** The environment variables of the program, handed in by whoever may read them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The folder for what a user's checkouts share: `$XDG_CACHE_HOME/clickstream`, else `~/.cache/clickstream`. */
export function cacheFolder(environment: Environment): string {
  const base = environment.XDG_CACHE_HOME;
  return base === undefined || base === ""
    ? join(homedir(), ".cache", "clickstream")
    : join(base, "clickstream");
}

/** The environment of a child process. Without a UTF-8 locale Java can't open a path with other than ASCII letters. */
export function childEnvironment(environment: Environment): Record<string, string | undefined> {
  return { ...environment, LC_ALL: "C.UTF-8" };
}
