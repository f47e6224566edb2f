import { quantileTable } from "./quantiles.ts";

/** What a page is for; decides how long people stay and what they do there. */
export const PAGE_KINDS = ["home", "category", "search", "product", "cart", "checkout", "help"] as const;
export type PageKind = (typeof PAGE_KINDS)[number];

/** A page of the shop. */
export interface Page {
  url: string;
  kind: PageKind;
}

/** A way from one page to another, or into the shop; weights are relative. */
export interface Link {
  page: number;
  weight: number;
}

const CATEGORIES = [
  ...["lighting", "chairs", "tables", "sofas", "beds", "storage"],
  ...["rugs", "kitchen", "garden", "office", "bath", "decor"],
];
const PRODUCTS_PER_CATEGORY = 25;
const SEARCHES = [
  ...["oak+table", "desk+lamp", "armchair", "bookshelf", "king+size+bed", "wool+rug", "bar+stool", "mirror"],
  ...["caf%C3%A9+chair", "sofa+grey", "kids+bed", "wardrobe", "parasol", "towels", "clock", "candle+holder"],
];
const HELP = ["delivery", "returns", "payment", "assembly", "contact"];

function buildPages(): Page[] {
  const page = (kind: PageKind) => (url: string) => ({ url, kind });
  const products = CATEGORIES.flatMap((category) =>
    Array.from(
      { length: PRODUCTS_PER_CATEGORY },
      (_, rank) => `/products/${category}-${String(rank + 1).padStart(2, "0")}`,
    ),
  );
  return [
    { url: "/", kind: "home" },
    { url: "/cart", kind: "cart" },
    { url: "/checkout", kind: "checkout" },
    ...HELP.map((topic) => `/help/${topic}`).map(page("help")),
    ...SEARCHES.map((words) => `/search?q=${words}`).map(page("search")),
    ...CATEGORIES.map((category) => `/category/${category}`).map(page("category")),
    ...products.map(page("product")),
  ];
}

/** Every page of the shop; elsewhere a page is its index in this list. */
export const PAGES: readonly Page[] = buildPages();

const HOME = 0;
const CART = 1;
const CHECKOUT = 2;
const FIRST_HELP = 3;
const FIRST_SEARCH = FIRST_HELP + HELP.length;
const FIRST_CATEGORY = FIRST_SEARCH + SEARCHES.length;
const FIRST_PRODUCT = FIRST_CATEGORY + CATEGORIES.length;

/** How many categories there are; campaigns advertise one of them. */
export const CATEGORY_COUNT = CATEGORIES.length;

/** The page of a category, by its number. */
export function categoryPage(category: number): number {
  return FIRST_CATEGORY + category;
}

const to = (page: number, weight: number): Link => ({ page, weight });
const helpLinks = (weight: number): Link[] =>
  HELP.map((_, topic) => to(FIRST_HELP + topic, weight / HELP.length));
const searchLinks = (weight: number): Link[] =>
  SEARCHES.map((_, words) => to(FIRST_SEARCH + words, weight / SEARCHES.length));
const categoryLinks = (weight: number): Link[] =>
  CATEGORIES.map((_, category) => to(FIRST_CATEGORY + category, weight / CATEGORIES.length));
/** A category's products; the first on its page are clicked most. */
const productLinks = (category: number, weight: number): Link[] =>
  Array.from({ length: PRODUCTS_PER_CATEGORY }, (_, rank) =>
    to(FIRST_PRODUCT + category * PRODUCTS_PER_CATEGORY + rank, weight / 4 / (rank + 1)),
  );

/** The links on page `page`, with how often each is followed. */
function buildLinks(page: number): Link[] {
  switch (PAGES[page]!.kind) {
    case "home":
      return [
        ...categoryLinks(48),
        ...searchLinks(30),
        ...CATEGORIES.flatMap((_, c) => productLinks(c, 2).slice(0, 3)),
        ...helpLinks(2),
      ];
    case "category":
      return [
        ...productLinks(page - FIRST_CATEGORY, 70),
        ...categoryLinks(12),
        ...searchLinks(10),
        to(HOME, 8),
      ];
    case "search": {
      const found = Array.from(
        { length: 12 },
        (_, hit) => (page * 37 + hit * 29) % (PAGES.length - FIRST_PRODUCT),
      );
      return [
        ...found.map((product, rank) => to(FIRST_PRODUCT + product, 22 / (rank + 1))),
        ...searchLinks(18),
        to(HOME, 8),
      ];
    }
    case "product": {
      const category = Math.floor((page - FIRST_PRODUCT) / PRODUCTS_PER_CATEGORY);
      const related = productLinks(category, 34).filter((link) => link.page !== page);
      return [
        ...related,
        to(categoryPage(category), 22),
        to(CART, 9),
        ...searchLinks(14),
        to(HOME, 10),
        ...helpLinks(3),
      ];
    }
    case "cart":
      return [to(CHECKOUT, 48), to(HOME, 20), ...categoryLinks(14), ...searchLinks(10), ...helpLinks(8)];
    case "checkout":
      return [to(HOME, 62), to(CART, 24), ...helpLinks(14)];
    case "help":
      return [to(HOME, 45), ...helpLinks(30), ...searchLinks(15), to(CART, 10)];
  }
}

/** The links of every page. Nobody gets from one page to the next without one. */
export const LINKS: readonly (readonly Link[])[] = PAGES.map((_, page) => buildLinks(page));

/** Where people enter the shop when no campaign brings them: mostly home, often a product found elsewhere. */
export const ENTRANCES: readonly Link[] = [
  to(HOME, 55),
  ...CATEGORIES.flatMap((_, category) => productLinks(category, 2.5)),
  ...categoryLinks(8),
  ...searchLinks(5),
  ...helpLinks(3),
];

const CELLS = 256;

/** For every page 256 cells, each a page that one of its links leads to, in proportion to the links' weights. */
const NEXT_PAGE = LINKS.map((links) => linkTable(links));
const ENTRANCE = linkTable(ENTRANCES);

function linkTable(links: readonly Link[]): Uint16Array {
  const choice = quantileTable(
    links.map((link) => link.weight),
    CELLS,
  );
  return choice.map((link) => links[link]!.page);
}

/** The page that a visitor goes to from `page`, by a random word. */
export function followLink(page: number, word: number): number {
  return NEXT_PAGE[page]![word >>> 24]!;
}

/** The page on which a visitor enters, by a random word. */
export function enter(word: number): number {
  return ENTRANCE[word >>> 24]!;
}
