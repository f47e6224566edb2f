/** @import { State } from "../model/state.js" */
import { h, setAttribute, setProperty, setText } from "../base/dom.js";
import { formatCount, formatShare } from "../format/numbers.js";
import { formatSpan } from "../format/times.js";
import { panel } from "../parts/panel.js";

/** How far a run has come towards its total: events produced, and processed. */
export function progressPanel() {
  const produced = progressBar("produced");
  const processed = progressBar("processed");
  const shell = panel({ title: "Progress", wide: true }, produced.node, processed.node);
  return {
    node: shell.node,
    /** @param {State} state */
    paint({ pipeline }) {
      const producer = pipeline?.producer ?? null;
      // When all of it is done there is nothing to wait for: the panel makes room.
      const done =
        producer === null || pipeline === null || producer.total === 0 || pipeline.read >= producer.total;
      shell.node.hidden = done;
      if (done) return;
      shell.lead(remaining(producer.total - pipeline.read, pipeline.perSecond));
      produced.paint(producer.produced, producer.total);
      processed.paint(pipeline.read, producer.total);
    },
  };
}

/** @param {number} events @param {number | null} perSecond */
function remaining(events, perSecond) {
  return perSecond === null || perSecond < 1
    ? ""
    : `about ${formatSpan((events / perSecond) * 1000)} to go at this rate`;
}

/** @param {string} label */
function progressBar(label) {
  const fill = h("span", { class: "progress-fill" });
  const bar = h(
    "div",
    { class: "progress", role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100 },
    fill,
  );
  const words = h("span", { class: "progress-words", "data-value": `progress-${label}` });
  return {
    node: h(
      "div",
      { class: "progress-row" },
      h("span", { class: "progress-label", text: label }),
      bar,
      words,
    ),
    /** @param {number} value @param {number} total */
    paint(value, total) {
      const share = Math.min(1, value / total);
      setProperty(fill, "--share", share.toFixed(4));
      setAttribute(bar, "aria-valuenow", Math.floor(share * 100));
      setText(
        words,
        `${formatShare(share)} · ${formatCount(Math.min(value, total))} of ${formatCount(total)}`,
      );
    },
  };
}
