/** @import { State } from "../model/state.js" */
import { h, keyed, setText } from "../base/dom.js";
import { sparkline } from "../charts/sparkline.js";
import { formatCount, formatShare, UNKNOWN } from "../format/numbers.js";
import { formatSpan } from "../format/times.js";
import { panel } from "../parts/panel.js";

/** The generator of made-up events, when this process runs one. */
export function generatorPanel() {
  const facts = h("dl", { class: "facts" });
  const line = sparkline();
  const shell = panel(
    { title: "Generator" },
    facts,
    h("h3", { text: "Batches, from first byte to acknowledgement" }),
    line.node,
  );
  return {
    node: shell.node,
    /** @param {State} state */
    paint({ pipeline }) {
      const producer = pipeline?.producer ?? null;
      shell.node.hidden = producer === null;
      if (producer === null) return;
      const { produced, total, live, perSecond, batchEvents, batchMs } = producer;
      shell.content();
      shell.lead(live ? "Live events" : "Towards its total");
      /** @type {[string, string][]} */
      const shown = [
        ["produced", formatCount(produced)],
        [
          "total",
          `${formatCount(total)}${total > 0 ? ` (${formatShare(Math.min(1, produced / total))})` : ""}`,
        ],
        ["rate", `${formatCount(Math.round(perSecond))} /s`],
        ["events in a batch", formatCount(batchEvents)],
        [
          "latest batches took",
          batchMs.length === 0
            ? UNKNOWN
            : batchMs
                .slice(0, 5)
                .map((ms) => formatSpan(ms))
                .join(" · "),
        ],
      ];
      keyed(facts, shown, {
        key: ([name]) => name,
        create: ([name]) => h("div", {}, h("dt", { text: name }), h("dd", {})),
        update: (element, [, value]) => setText(element.lastElementChild, value),
      });
      line.paint(batchMs.toReversed());
    },
  };
}
