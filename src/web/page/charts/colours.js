/** Colours of the style sheet for what is drawn on a canvas, which knows no custom properties. */

/** Categories, in their fixed order: the same part has the same colour wherever it shows. */
export const CATEGORIES = /** @type {const} */ (["--c1", "--c2", "--c3", "--c4", "--c5", "--c6"]);

/** @typedef {`--${string}`} ColourName */

/** @type {Map<ColourName, string>} */
const known = new Map();

/** @param {ColourName} name */
export function colour(name) {
  const cached = known.get(name);
  if (cached !== undefined) return cached;
  // A custom property is told as it is written; only a real property is resolved for the theme.
  document.documentElement.style.setProperty("accent-color", `var(${name})`);
  const value = getComputedStyle(document.documentElement).accentColor;
  document.documentElement.style.removeProperty("accent-color");
  known.set(name, value);
  return value;
}

document.addEventListener("themechange", () => known.clear());

/** @param {number} index @returns {ColourName} */
export function categoryColour(index) {
  return CATEGORIES[Math.min(index, CATEGORIES.length - 1)] ?? "--c6";
}
