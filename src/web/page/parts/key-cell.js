import { h, setAttribute, setProperty, setText } from "../base/dom.js";
import { shownText, titleText } from "../format/text.js";

/** Longer ones can't be asked for. */
const MAX_LINK_CHARACTERS = 512;

/** A key with a bar behind it, as long as its value. */
export function keyCell() {
  return h("span", { class: "key" }, h("span", { class: "key-bar" }), h("bdi", { class: "key-text" }));
}

/**
 * @param {HTMLElement} cell that holds a keyCell
 * @param {string} text
 * @param {number} share of the greatest, 0 to 1
 */
export function paintKey(cell, text, share) {
  const [bar, label] = /** @type {any} */ (cell.firstElementChild).children;
  setProperty(bar, "--share", Math.min(1, Math.max(0, share)).toFixed(4));
  setText(label, shownText(text));
  setAttribute(label, "title", titleText(text));
}

/** The same as a link. */
export function linkCell() {
  return h(
    "span",
    { class: "key" },
    h("span", { class: "key-bar" }),
    h("a", { class: "key-text", dir: "auto" }),
  );
}

/**
 * @param {HTMLElement} cell that holds a linkCell
 * @param {string} text
 * @param {number} share
 * @param {string} href
 */
export function paintLink(cell, text, share, href) {
  paintKey(cell, text, share);
  const link = /** @type {HTMLElement} */ (cell.firstElementChild?.lastElementChild);
  setAttribute(link, "href", text.length <= MAX_LINK_CHARACTERS ? href : null);
}
