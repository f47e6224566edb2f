/** @import { Column } from "../model/query-shapes.js" */
/** @import { TableColumn } from "./table.js" */

import { categoryColour } from "../charts/colours.js";
import { mixBar } from "../charts/mix-bar.js";
import { formatExact, UNKNOWN } from "../format/numbers.js";
import { shownText } from "../format/text.js";
import { formatInstant, formatSpan } from "../format/times.js";
import { column } from "./table.js";

/** Measures that split the events of a row by action. */
const ACTIONS = ["clicks", "views", "scrolls", "hovers"];

/** A value of a row as its column says. @param {string | number | undefined} value @param {Column["type"]} type */
export function formatMeasure(value, type) {
  if (value === undefined) return UNKNOWN;
  if (typeof value === "string") return type === "time" ? formatInstant(Date.parse(value)) : shownText(value);
  return type === "seconds" ? formatSpan(value * 1000) : formatExact(value);
}

/** session_seconds → "session seconds"; a span says its own unit. @param {Column} column */
export function titleOf({ name, type }) {
  const words = name.replaceAll("_", " ");
  return type === "seconds" ? words.replace(/ seconds$/, " time") : words;
}

/**
 * A column for each measure, and a bar where measures split the events by action.
 * @param {readonly Column[]} measures
 * @returns {TableColumn<Readonly<Record<string, string | number>>>[]}
 */
export function measureColumns(measures) {
  const columns = measures.map((measure) =>
    column(
      titleOf(measure),
      (/** @type {Readonly<Record<string, string | number>>} */ row) =>
        formatMeasure(row[measure.name], measure.type),
      "number",
      measure.combine === "max" && measure.type === "count" ? "the most in any one window" : undefined,
    ),
  );
  const lastAction = measures.findLastIndex(({ name }) => ACTIONS.includes(name));
  const isSplit = ACTIONS.every((action) => measures.some(({ name }) => name === action));
  return isSplit ? columns.toSpliced(lastAction + 1, 0, mixColumn()) : columns;
}

/** @type {WeakMap<Element, ReturnType<typeof mixBar>>} */
const bars = new WeakMap();

/** @returns {TableColumn<Readonly<Record<string, string | number>>>} */
function mixColumn() {
  return {
    title: "mix",
    about: "clicks, views, scrolls, hovers",
    kind: "picture",
    create() {
      const bar = mixBar();
      bars.set(bar.node, bar);
      return bar.node;
    },
    update(cell, row) {
      const parts = ACTIONS.map((name, index) => ({
        name,
        value: Number(row[name] ?? 0),
        colour: categoryColour(index),
      }));
      const words = parts.map(({ name, value }) => `${value} ${name}`).join(", ");
      bars.get(/** @type {Element} */ (cell.firstElementChild))?.paint(parts, words);
    },
  };
}
