/** Texts of unknown origin, made fit to be shown. */

/** What an element shows at most: more can't be read, and a megabyte would stall the layout. */
const SHOWN_CHARACTERS = 240;
const TITLE_CHARACTERS = 1_000;

/** Controls, marks that turn the direction of what follows, and what has no width: they are shown as what they are. */
const INVISIBLE = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/**
 * A text as it is safe to show: bounded, with invisible characters as ⟨200f⟩.
 * @param {string} text
 */
export function shownText(text) {
  return visible(text, SHOWN_CHARACTERS);
}

/** The same, longer: for what appears when one points at it. @param {string} text */
export function titleText(text) {
  return visible(text, TITLE_CHARACTERS);
}

/** @param {string} text @param {number} most */
function visible(text, most) {
  const cut = text.length > most ? `${wellFormed(text.slice(0, most))}…` : wellFormed(text);
  return cut.replace(
    INVISIBLE,
    (character) => `⟨${character.codePointAt(0)?.toString(16).padStart(4, "0")}⟩`,
  );
}

/** @param {string} text */
function wellFormed(text) {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "�");
}
