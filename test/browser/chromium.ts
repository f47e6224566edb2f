import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { type Browser, chromium } from "playwright-core";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const INSTALL = "apt-get update -q && apt-get install -y -q --no-install-recommends chromium";

/** Also for root, who has no sandbox; nothing is asked of the network but what the page asks. Playwright adds an empty profile. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The path of the distribution's Chromium, installed where nobody did and this is root; else why there is none. */
export function findChromium(): { path: string } | { missing: string } {
  const path = PATHS.find((candidate) => existsSync(candidate));
  if (path !== undefined) return { path };
  if (process.getuid?.() !== 0)
    return { missing: "no chromium is installed, and only root could install it" };
  try {
    execFileSync("sh", ["-c", INSTALL], { stdio: "ignore" });
  } catch {
    return { missing: "no chromium is installed, and the distribution's package can't be" };
  }
  const installed = PATHS.find((candidate) => existsSync(candidate));
  return installed === undefined
    ? { missing: "the package chromium brought no chromium" }
    : { path: installed };
}

/** A real Chromium without a window. The caller closes it. */
export function launchChromium(path: string): Promise<Browser> {
  return chromium.launch({ executablePath: path, args: FLAGS });
}
