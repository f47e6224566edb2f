/** @import { Pipeline } from "../../api.ts" */
/** @import { State } from "../model/state.js" */
import { h, keyed, setAttribute, setProperty, setText } from "../base/dom.js";
import { formatBytes, formatCount, formatShare, UNKNOWN } from "../format/numbers.js";
import { formatDuration, formatSpan } from "../format/times.js";
import { panel } from "../parts/panel.js";

/** Engines as people call them. */
const NAMES = { embedded: "Embedded engine", spark: "Spark" };

/** The engine of this process: worker threads, state, commits, and the settings of its windows. */
export function enginePanel() {
  const facts = h("dl", { class: "facts" });
  const workers = h("ul", { class: "meters", "aria-label": "Worker threads" });
  const heading = h("h3", { text: "Worker threads, busy share" });
  const shell = panel({ title: "Engine" }, facts, heading, workers);
  shell.node.classList.add("engine");
  return {
    node: shell.node,
    /** @param {State} state */
    paint({ pipeline }) {
      if (pipeline === null) return shell.instead("loading", "Waiting for the first news…");
      if (pipeline.engine === null) return shell.instead("empty", "No engine has committed anything yet.");
      shell.content();
      shell.lead(NAMES[pipeline.engine]);
      keyed(facts, factsOf(pipeline), {
        key: ([name]) => name,
        create: ([name]) => h("div", {}, h("dt", { text: name }), h("dd", {})),
        update: (element, [, value]) => setText(element.lastElementChild, value),
      });
      setAttribute(heading, "hidden", pipeline.workers.length === 0);
      keyed(workers, pipeline.workers, {
        key: ({ worker }) => String(worker),
        create: ({ worker }) =>
          h(
            "li",
            {},
            h("span", { text: `worker ${worker}` }),
            h("span", { class: "meter" }, h("span", {})),
            h("span", { class: "meter-value" }),
          ),
        update(element, { busyShare }) {
          setProperty(element.children[1].firstElementChild, "--share", busyShare.toFixed(3));
          setText(element.children[2], formatShare(busyShare));
        },
      });
    },
  };
}

/** @param {Pipeline} pipeline @returns {[string, string][]} */
function factsOf({ window, commits, commitMs, state, postgres, readBytes }) {
  return [
    ...(window === null
      ? []
      : /** @type {[string, string][]} */ ([
          ["window", `${formatDuration(window.sizeMs)}, every ${formatDuration(window.slideMs)}`],
          ["delay for late events", formatDuration(window.delayMs)],
        ])),
    ["commits", formatCount(commits)],
    [
      "latest commits took",
      commitMs.length === 0
        ? UNKNOWN
        : commitMs
            .slice(0, 5)
            .map((ms) => formatSpan(ms))
            .join(" · "),
    ],
    ["read since the start", formatBytes(readBytes)],
    ...(state === null
      ? []
      : /** @type {[string, string][]} */ ([
          ["state", `${formatBytes(state.bytes)} of ${formatBytes(state.maxBytes)}`],
          ["open panes", formatCount(state.openPanes)],
          ["results not confirmed by sinks", formatCount(state.outbox)],
        ])),
    ...(postgres === null
      ? []
      : /** @type {[string, string][]} */ ([
          ["windows to PostgreSQL", formatCount(postgres.windows)],
          ["waiting for PostgreSQL", formatCount(postgres.waiting)],
          ...(postgres.trouble === null ? [] : [["PostgreSQL fails with", postgres.trouble]]),
        ])),
  ];
}
