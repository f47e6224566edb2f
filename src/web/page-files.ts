import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  svg: "image/svg+xml",
  png: "image/png",
  ico: "image/x-icon",
  woff2: "font/woff2",
  webmanifest: "application/manifest+json",
};

const PAGE = fileURLToPath(new URL("./page", import.meta.url));

/** A file that the page is made of. */
export interface PageFile {
  /** Under which it is asked for: `/`, `/app.js`. */
  path: string;
  contentType: string;
  read(): Promise<Buffer>;
}

/** All files that are ever served: no request names a path on disk. */
export function pageFiles(): PageFile[] {
  const files = readdirSync(PAGE, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.flatMap(({ parentPath, name }) => {
    const contentType = TYPES[name.slice(name.lastIndexOf(".") + 1)];
    if (contentType === undefined) return [];
    const file = join(parentPath, name);
    const path = file.slice(PAGE.length).replaceAll("\\", "/");
    return [{ path: path === "/index.html" ? "/" : path, contentType, read: () => readFile(file) }];
  });
}
