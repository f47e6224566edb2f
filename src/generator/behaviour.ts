import { DEFAULT_EVENT_RULES } from "../events/event.ts";
import { below, unit } from "./mixing.ts";
import { quantileTable } from "./quantiles.ts";
import { PAGE_KINDS, PAGES, type PageKind } from "./shop.ts";

/** What visitors do, in the order of the default rules: an action is its index here. */
export const ACTIONS = DEFAULT_EVENT_RULES.actions;

/** Where in the visit of a page an instant lies: its first second, its last, or between. */
export const ARRIVING = 0;
export const READING = 1;
export const LEAVING = 2;
export type Phase = typeof ARRIVING | typeof READING | typeof LEAVING;

interface Habits {
  /** Least and greatest whole seconds on a page of the kind; short stays are more common. */
  staySeconds: readonly [least: number, greatest: number];
  /** Relative frequencies of click, view, scroll, hover while reading. */
  reading: readonly [click: number, view: number, scroll: number, hover: number];
}

const HABITS: Record<PageKind, Habits> = {
  home: { staySeconds: [2, 15], reading: [14, 6, 46, 34] },
  category: { staySeconds: [3, 30], reading: [10, 4, 62, 24] },
  search: { staySeconds: [2, 25], reading: [12, 4, 60, 24] },
  product: { staySeconds: [3, 60], reading: [16, 12, 40, 32] },
  cart: { staySeconds: [3, 30], reading: [40, 6, 22, 32] },
  checkout: { staySeconds: [8, 75], reading: [52, 4, 24, 20] },
  help: { staySeconds: [4, 60], reading: [8, 2, 70, 20] },
};

/** Whole seconds that a visitor stays on `page`, by a random word. */
export function staySeconds(page: number, word: number): number {
  const [least, greatest] = HABITS[PAGES[page]!.kind].staySeconds;
  return least + below(word, 1 + (greatest - least) * unit(word));
}

const CELLS = 64;
const PHASES = 3;

/** 64 cells for every (kind of page, phase). Who arrives views; who leaves clicks, mostly. */
const ACTION_CELLS = Uint8Array.from(
  PAGE_KINDS.flatMap((kind) =>
    [[0, 1, 0, 0], HABITS[kind].reading, [80, 0, 8, 12]].flatMap((weights) => [
      ...quantileTable(weights, CELLS),
    ]),
  ),
);

const KIND_NUMBERS = Uint8Array.from(PAGES, (page) => PAGE_KINDS.indexOf(page.kind));

/** Hot. What a visitor does on `page` in the phase of the visit, by a random word: an index into `ACTIONS`. */
export function actionOn(page: number, phase: number, word: number): number {
  return ACTION_CELLS[(KIND_NUMBERS[page]! * PHASES + phase) * CELLS + (word >>> 26)]!;
}
