/** @import { State } from "../model/state.js" */
import { monotonicMs } from "../base/clock.js";
import { h, setAttribute, setText } from "../base/dom.js";
import { formatSecond } from "../format/times.js";
import { statusWords } from "../model/pipeline-words.js";

/** How it goes, in one line. */
export function statusLine() {
  const dot = h("span", { class: "dot", "aria-hidden": "true" });
  const text = h("span", {});
  return {
    node: h("p", { class: "status", role: "status" }, dot, text),
    /** @param {State} state */
    paint({ pipeline, connection }) {
      const { tone, text: words } =
        connection.phase === "lost" || connection.phase === "refused"
          ? { tone: "bad", text: "Not connected" }
          : pipeline === null
            ? { tone: "busy", text: "Connecting…" }
            : statusWords(pipeline);
      setAttribute(dot, "data-tone", tone);
      setText(text, words);
    },
  };
}

/** Says above everything that numbers stand still, since when, and what is done about it. */
export function connectionBanner() {
  const text = h("p", {});
  const node = h("div", { class: "banner", role: "alert", hidden: true }, text);
  return {
    node,
    /** @param {State} state */
    paint({ connection: { phase, sinceMs, detail }, pipeline }) {
      const ageMs = monotonicMs() - sinceMs;
      const isAway = phase === "lost" || phase === "refused" || (phase === "connecting" && ageMs > 3_000);
      setAttribute(node, "hidden", !isAway);
      setAttribute(document.body, "data-stale", isAway && pipeline !== null);
      if (!isAway) return;
      const asOf = pipeline === null ? "" : ` Numbers are those of ${formatSecond(pipeline.nowMs)} UTC.`;
      const said =
        phase === "refused"
          ? `The server does not answer as it should: ${detail}`
          : pipeline === null
            ? "The server can't be reached."
            : "The connection to the server is lost.";
      setText(text, `${said}${asOf} Trying again.`);
    },
  };
}
