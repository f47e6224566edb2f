import { existsSync } from "node:fs";
import * as nodeModule from "node:module"; // by name it could not even be loaded by an old Node, to say so
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "../../core/errors.ts";

const DEFAULT_FILE = "clickstream.config.ts";
const OWN_API = new URL("../api.ts", import.meta.url).href;

/** A config file as read, unchecked. */
export interface ConfigFile {
  /** As the user named it. */
  path: string;
  values: Record<string, unknown>;
}

/**
 * Reads the named config file or, without a name, `clickstream.config.ts` in `folder`; undefined when that is absent.
 * @throws UsageError when a named file is absent, or a file can't be run or exports no object.
 */
export async function readConfigFile(folder: string, named?: string): Promise<ConfigFile | undefined> {
  const path = named ?? DEFAULT_FILE;
  const absolute = resolve(folder, path);
  if (!existsSync(absolute)) {
    if (named === undefined) return undefined;
    throw new UsageError(`The config file ${path} does not exist.`, "Check the path given with --config.");
  }
  let module: { default?: unknown };
  try {
    module = await importWithOwnApi(absolute);
  } catch (error) {
    if (error instanceof UsageError) throw error; // a query of the file that can't be used
    throw new UsageError(`The config file ${path} can't be run: ${error}.`, "Correct the file.");
  }
  const values = module.default;
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw new UsageError(
      `The config file ${path} has no object as its default export.`,
      "Write: export default defineConfig({ … });",
    );
  }
  return { path, values: values as Record<string, unknown> };
}

/** `import … from "clickstream"` is this very program, wherever the file lies and whatever is installed beside it. */
async function importWithOwnApi(path: string): Promise<{ default?: unknown }> {
  const hooks = nodeModule.registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "clickstream" ? { url: OWN_API, shortCircuit: true } : next(specifier, context),
  });
  try {
    return await import(pathToFileURL(path).href);
  } finally {
    hooks.deregister();
  }
}
