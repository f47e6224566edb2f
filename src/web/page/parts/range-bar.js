/** @import { Page, State } from "../model/state.js" */
/** @import { Range } from "../model/route.js" */
import { h, setAttribute, setText } from "../base/dom.js";
import { formatMoment } from "../format/times.js";
import { RANGE_MS, RANGES } from "../model/route.js";
import { choices } from "./choices.js";

/** @type {Readonly<Record<(typeof RANGES)[number], string>>} */
const NAMES = { "1h": "1 hour", "6h": "6 hours", "24h": "24 hours", "7d": "7 days", "30d": "30 days" };

/** Chooses the stretch of time that history shows: how long, and until when. @param {Page} page */
export function rangeBar({ go }) {
  /** @type {State | undefined} */
  let latest;
  /** @param {-1 | 1} direction */
  const move = (direction) => {
    if (latest?.closedThroughMs == null) return;
    const { route, closedThroughMs } = latest;
    const untilMs = (route.untilMs ?? closedThroughMs) + direction * RANGE_MS[route.range];
    go({ untilMs: untilMs >= closedThroughMs ? null : Math.max(0, untilMs) });
  };
  const length = choices({ label: "Stretch of time", choose: (/** @type {Range} */ range) => go({ range }) });
  const earlier = h("button", {
    type: "button",
    class: "button icon",
    "aria-label": "Earlier",
    text: "‹",
    on: { click: () => move(-1) },
  });
  const later = h("button", {
    type: "button",
    class: "button icon",
    "aria-label": "Later",
    text: "›",
    on: { click: () => move(1) },
  });
  const until = h("span", { class: "until" });
  const back = h("button", {
    type: "button",
    class: "button small",
    text: "Latest",
    on: { click: () => go({ untilMs: null }) },
  });
  return {
    node: h(
      "div",
      { class: "range-bar" },
      length.node,
      h("div", { class: "range-until" }, earlier, until, later, back),
    ),
    /** @param {State} state */
    paint(state) {
      latest = state;
      const { range, untilMs } = state.route;
      length.paint(
        RANGES.map((value) => ({ value, text: value, label: NAMES[value] })),
        range,
      );
      const shownMs = untilMs ?? state.closedThroughMs;
      setText(until, shownMs === null ? "nothing final yet" : `to ${formatMoment(shownMs)} UTC`);
      setAttribute(later, "disabled", untilMs === null);
      setAttribute(earlier, "disabled", state.closedThroughMs === null);
      setAttribute(back, "hidden", untilMs === null);
    },
  };
}
