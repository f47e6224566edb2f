import type { Browser, BrowserContextOptions, Page } from "playwright-core";

/** A page, and all that went wrong while it was open. */
export interface WatchedPage extends AsyncDisposable {
  page: Page;
  /** Errors and warnings of the console, violations of the content policy included, and errors that nobody caught. */
  problems: string[];
  /** Hosts that were asked for something. */
  hosts: Set<string>;
}

/** Opens an address in a browser of its own storage. */
export async function openWatched(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const watched: WatchedPage = {
    page,
    problems: [],
    hosts: new Set(),
    [Symbol.asyncDispose]: () => context.close(),
  };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) watched.problems.push(message.text());
  });
  page.on("pageerror", (error) => watched.problems.push(String(error.stack)));
  page.on("dialog", (dialog) => {
    watched.problems.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => watched.hosts.add(new URL(request.url()).host));
  await page.goto(url);
  return watched;
}

/** Rows of a table as texts, by its label. */
export async function tableRows(page: Page, label: string): Promise<string[][]> {
  const rows = page.getByRole("region", { name: label, exact: true }).locator("tbody tr");
  return rows.evaluateAll((elements) =>
    elements.map((row) => [...row.children].map((cell) => cell.textContent ?? "")),
  );
}

/** What the chart of that name shows as a table: moment → value, windows that are not final left out. */
export async function chartValues(page: Page, name: RegExp): Promise<Map<string, string>> {
  const figure = page.locator("figure", { has: page.getByRole("group", { name }) });
  await figure.getByText("Values", { exact: true }).click();
  const rows = await figure.locator("tbody tr:not(.open)").allInnerTexts();
  return new Map(rows.map((text) => text.split("\t") as [string, string]));
}

/** Waits until nothing on the view is being asked for. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const panels = [...document.querySelectorAll("main section")].filter((panel) => panel.checkVisibility());
    const waits = document.querySelector("main .loading:not([hidden])")?.checkVisibility() ?? false;
    return panels.length > 0 && !waits && panels.every((panel) => !panel.hasAttribute("aria-busy"));
  });
}
