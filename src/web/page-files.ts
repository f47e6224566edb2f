import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
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

const CHARTS = "uplot";
const FONT = "@fontsource-variable/atkinson-hyperlegible-next";

/** Files of packages that the page is made of as well, by the path under which it asks for them. */
const VENDORED: Readonly<Record<string, string>> = {
  "/vendor/uplot.js": `${CHARTS}/dist/uPlot.iife.min.js`,
  "/vendor/uplot.css": `${CHARTS}/dist/uPlot.min.css`,
  "/vendor/atkinson-latin.woff2": `${FONT}/files/atkinson-hyperlegible-next-latin-wght-normal.woff2`,
  "/vendor/atkinson-latin-ext.woff2": `${FONT}/files/atkinson-hyperlegible-next-latin-ext-wght-normal.woff2`,
};

const { resolve } = createRequire(import.meta.url);
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
  const own = files.map(({ parentPath, name }) => {
    const file = join(parentPath, name);
    const path = file.slice(PAGE.length).replaceAll("\\", "/");
    return { path: path === "/index.html" ? "/" : path, file };
  });
  const vendored = Object.entries(VENDORED).map(([path, name]) => ({ path, file: resolve(name) }));
  return [...own, ...vendored].flatMap(({ path, file }) => {
    const contentType = TYPES[file.slice(file.lastIndexOf(".") + 1)];
    return contentType === undefined ? [] : [{ path, contentType, read: () => readFile(file) }];
  });
}
