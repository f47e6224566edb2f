/** @import { FlowLayout, FlowNode } from "../model/flow-layout.js" */
import { h, keyed, setAttribute, setProperty, setText, svg } from "../base/dom.js";
import { formatCount, formatShare } from "../format/numbers.js";
import { shownText, titleText } from "../format/text.js";
import { ribbonPath } from "../model/flow-layout.js";

/** Where the most visitors of a page go is said of so many. */
const SAID = 3;
const HINT = "Point at a page, or choose one, to see where its visitors went or came from.";

/** @typedef {"source" | "target"} Side */
/** A page that is looked at. @typedef {{ side: Side, index: number }} Looked */

/**
 * Pages on the left, pages on the right, and ribbons between them. Names are buttons: what belongs to one comes to the fore
 * while it has the pointer or the focus, and stays there when it is pressed.
 * @param {string} label
 */
export function flowPicture(label) {
  /** @type {FlowLayout | undefined} */
  let shown;
  /** @type {Looked | null} */
  let pointed = null;
  /** @type {Looked | null} */
  let pressed = null;

  const ribbons = svg("g", {});
  const picture = svg(
    "svg",
    { class: "flow-ribbons", preserveAspectRatio: "none", "aria-hidden": "true" },
    ribbons,
  );
  const said = h("figcaption", { class: "flow-said" });
  const sides = {
    source: h("ul", { class: "flow-side", "aria-label": "Pages that were left" }),
    target: h("ul", { class: "flow-side target", "aria-label": "Pages that were gone to" }),
  };
  const stage = h("div", { class: "flow" }, sides.source, picture, sides.target);
  const node = h("figure", { "aria-label": label }, said, stage);

  const light = () => {
    if (shown === undefined) return;
    const looked = pointed ?? pressed;
    setAttribute(stage, "data-looked", looked !== null);
    shown.ribbons.forEach((ribbon, at) => {
      const isOn = looked !== null && ribbon[looked.side] === looked.index;
      setAttribute(/** @type {Element} */ (ribbons.children[at]), "class", isOn ? "on" : null);
    });
    for (const side of /** @type {const} */ (["source", "target"])) {
      [...sides[side].children].forEach((item, index) => {
        const isPressed = pressed?.side === side && pressed.index === index;
        setAttribute(/** @type {Element} */ (item.firstElementChild), "aria-pressed", String(isPressed));
      });
    }
    setText(said, looked === null ? HINT : wordsOn(shown, looked));
  };

  /** @param {Side} side @param {number} index */
  const button = (side, index) => {
    const look = (/** @type {Looked | null} */ next) => () => {
      pointed = next;
      light();
    };
    const own = { side, index };
    return h(
      "button",
      {
        type: "button",
        class: "flow-page",
        on: {
          pointerenter: look(own),
          pointerleave: look(null),
          focus: look(own),
          blur: look(null),
          click() {
            pressed = pressed?.side === side && pressed.index === index ? null : own;
            light();
          },
        },
      },
      h("bdi", { class: "flow-name" }),
      h("span", { class: "flow-count" }),
    );
  };

  return {
    node,
    /** @param {FlowLayout} layout */
    paint(layout) {
      shown = layout;
      const { heightPx } = layout;
      setAttribute(picture, "viewBox", `0 0 100 ${Math.max(1, heightPx).toFixed(2)}`);
      setProperty(stage, "--flow-height", `${heightPx.toFixed(2)}px`);
      keyed(ribbons, layout.ribbons, {
        key: ({ source, target }) => `${source} ${target}`,
        create: () => svg("path", {}, svg("title", {})),
        update(path, ribbon) {
          setAttribute(path, "d", ribbonPath(ribbon));
          const names = [layout.sources[ribbon.source], layout.targets[ribbon.target]];
          const [from, to] = names.map((page) => titleText(page?.name ?? ""));
          setText(path.firstChild, `${from} → ${to}: ${formatCount(ribbon.transitions)}`);
        },
      });
      paintSide("source", layout.sources);
      paintSide("target", layout.targets);
      light();
    },
  };

  /** @param {Side} side @param {readonly FlowNode[]} pages */
  function paintSide(side, pages) {
    keyed(
      sides[side],
      pages.map((page, index) => ({ ...page, index })),
      {
        key: ({ index }) => String(index),
        create: ({ index }) => h("li", {}, button(side, index), h("span", { class: "flow-bar" })),
        update(item, { name, isOther, transitions, topPx, heightPx, barTopPx, barPx }) {
          const [page, bar] = item.children;
          const [text, count] = page.children;
          item.className = isOther ? "other" : "";
          setProperty(item, "--top", `${topPx.toFixed(2)}px`);
          setProperty(item, "--height", `${heightPx.toFixed(2)}px`);
          setProperty(bar, "--top", `${(barTopPx - topPx).toFixed(2)}px`);
          setProperty(bar, "--height", `${Math.max(1, barPx).toFixed(2)}px`);
          setText(text, shownText(name));
          setAttribute(page, "title", titleText(name));
          setText(count, formatCount(transitions));
        },
      },
    );
  }
}

/** "From /cart, 120 times: /checkout 51.2 %, / 20.0 %, …" @param {FlowLayout} layout @param {Looked} looked */
function wordsOn({ sources, targets, ribbons }, { side, index }) {
  const [own, others] = side === "source" ? [sources, targets] : [targets, sources];
  const page = own[index];
  if (page === undefined) return HINT;
  const other = side === "source" ? "target" : "source";
  const most = ribbons
    .filter((ribbon) => ribbon[side] === index)
    .toSorted((a, b) => b.transitions - a.transitions)
    .slice(0, SAID)
    .map(
      (ribbon) =>
        `${shownText(others[ribbon[other]]?.name ?? "")} ${formatShare(ribbon.transitions / page.transitions)}`,
    );
  const way = side === "source" ? "From" : "To";
  return `${way} ${shownText(page.name)}, ${formatCount(page.transitions)} times: ${most.join(", ")}`;
}
