import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

/** What the checks look at in a service of deploy/compose.yaml. */
export interface Service {
  image: string;
  build?: { context: string; dockerfile: string };
  command?: string[];
  environment?: Record<string, string | number>;
  ports?: string[];
  volumes?: string[];
  secrets?: string[];
  networks: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  hostname?: string;
  mem_limit?: string;
  read_only?: boolean;
  restart?: string;
}

export interface ComposeFile {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
  volumes: Record<string, object>;
  secrets: Record<string, { file: string }>;
}

/** Text of a file below deploy/. */
export function deployText(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url)), "utf8");
}

/** A YAML file below deploy/, anchors and merges resolved. */
export function deployYaml<T>(path: string): T {
  return parse(deployText(path), { merge: true }) as T;
}

/** deploy/compose.yaml as Compose would read it with nothing set: `${NAME:-default}` is its default. */
export function composeFile(): ComposeFile {
  const text = deployText("compose.yaml").replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1");
  return parse(text, { merge: true }) as ComposeFile;
}
