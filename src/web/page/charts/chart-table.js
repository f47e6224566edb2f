/** @import { TimeChartData } from "./time-chart.js" */
import { h } from "../base/dom.js";
import { UNKNOWN } from "../format/numbers.js";
import { shownText } from "../format/text.js";

/** Rows at most: the latest. */
const MAX_ROWS = 200;

/** The values of a chart as a table, made when it is opened. @param {string} label */
export function chartTable(label) {
  /** @type {(TimeChartData & { format: (value: number) => string, formatTime: (timeMs: number) => string }) | undefined} */
  let data;
  const box = h("div", { class: "scroll-x", tabindex: 0, role: "region", "aria-label": `${label}: values` });
  const node = h(
    "details",
    { class: "chart-values", on: { toggle: () => fill() } },
    h("summary", { text: "Values" }),
    box,
  );

  const fill = () => {
    if (!node.open || data === undefined) return;
    const { timesMs, looks, values, openFromMs, format, formatTime } = data;
    const first = Math.max(0, timesMs.length - MAX_ROWS);
    const rows = timesMs.slice(first).map((timeMs, index) => {
      const open = openFromMs !== null && timeMs >= openFromMs;
      const cells = values.map((series) => {
        const value = series[first + index] ?? null;
        return h("td", { text: value === null ? UNKNOWN : format(value) });
      });
      return h(
        "tr",
        { class: open ? "open" : null },
        h("th", { scope: "row", text: formatTime(timeMs) }),
        ...cells,
      );
    });
    const head = ["time (UTC)", ...looks.map(({ name }) => shownText(name))].map((title) =>
      h("th", { scope: "col", text: title }),
    );
    box.replaceChildren(
      h(
        "table",
        { class: "numbers" },
        h("thead", {}, h("tr", {}, ...head)),
        h("tbody", {}, ...rows.toReversed()),
      ),
    );
  };

  return {
    node,
    /** @param {NonNullable<typeof data>} next */
    paint(next) {
      data = next;
      if (box.firstChild === null) fill();
    },
  };
}
