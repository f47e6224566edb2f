/** @import { Quality } from "../../quality-api.ts" */
/** @import { State } from "../model/state.js" */
import { formatExact, formatShare } from "../format/numbers.js";
import { formatMinute, formatSpan } from "../format/times.js";
import { panel } from "../parts/panel.js";
import { column, dataTable } from "../parts/table.js";

/** @typedef {Quality["rows"][number]} Row */

/** What the latest window says of the data, where that is looked at. */
export function qualityPanel() {
  const table = dataTable({
    label: "Data quality",
    key: (/** @type {Row} */ { expectation, key }) => `${expectation} ${key}`,
    rowClass: ({ ok }) => (ok === false ? "warn" : ""),
  });
  const shell = panel({ title: "Data quality" }, table.node);
  return {
    node: shell.node,
    /** @param {State} state */
    paint({ pipeline }) {
      const quality = pipeline?.quality ?? null;
      shell.node.hidden = quality === null;
      if (quality === null) return;
      const unexpected = quality.rows.filter(({ ok }) => ok === false).length;
      shell.content();
      shell.lead(
        `From ${formatMinute(quality.startMs)}: ${unexpected === 0 ? "nothing" : unexpected} out of its range`,
      );
      table.paint(
        [
          column("what", ({ expectation }) => expectation.replace("_", " "), "text"),
          column("of", ({ key }) => key, "text"),
          column("value", ({ expectation, value }) => formatMeasured(expectation, value)),
          column("expected", rangeOf),
        ],
        quality.rows,
      );
    },
  };
}

/** @param {Row} row */
function rangeOf({ expectation, low, high }) {
  if (low === null || high === null) return "not enough history";
  return `${formatMeasured(expectation, low)} to ${formatMeasured(expectation, high)}`;
}

/** A value as what it is: a share, an age, or a number. @param {string} expectation @param {number} value */
export function formatMeasured(expectation, value) {
  if (expectation.endsWith("_share")) return formatShare(value);
  return expectation === "freshness" ? formatSpan(value * 1_000) : formatExact(value);
}
