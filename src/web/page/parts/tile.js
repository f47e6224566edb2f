import { h, setAttribute, setText } from "../base/dom.js";
import { sparkline } from "../charts/sparkline.js";

/**
 * One number that matters, with its unit, a word on it, and how it went.
 * @param {{ label: string, unit?: string, spark?: boolean, id?: string }} look
 */
export function tile({ label, unit = "", spark = false, id }) {
  const value = h("span", { class: "tile-value", "data-value": id });
  const note = h("span", { class: "tile-note" });
  const line = spark ? sparkline() : undefined;
  const node = h(
    "div",
    { class: "tile" },
    h("dt", { class: "tile-label", text: label }),
    h(
      "dd",
      {},
      h(
        "span",
        { class: "tile-main" },
        value,
        unit === "" ? null : h("span", { class: "tile-unit", text: unit }),
      ),
      note,
    ),
    line?.node,
  );
  return {
    node,
    /** @param {{ value: string, note?: string, tone?: "warn" | null, values?: readonly (number | null)[] }} shown */
    paint({ value: text, note: words = "", tone = null, values }) {
      setText(value, text);
      setText(note, words);
      setAttribute(node, "data-tone", tone);
      if (values !== undefined) line?.paint(values);
    },
  };
}
