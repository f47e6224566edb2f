import { h, setAttribute, setText } from "../base/dom.js";

let panels = 0;

/**
 * A titled part of a view. What it has to say instead of its content (nothing there yet, an error) shows in its place.
 * @param {{ title: string, lead?: string, controls?: Node[], wide?: boolean, provisional?: boolean }} look
 * @param {...Node} content
 */
export function panel({ title, lead = "", controls = [], wide = false, provisional = false }, ...content) {
  const id = `panel-${++panels}`;
  const heading = h("h2", { id, text: title });
  const badge = provisional
    ? h("span", { class: "badge open", text: "open", title: "Numbers of open windows may still change" })
    : null;
  const hint = h("p", { class: "lead", text: lead });
  const body = h("div", { class: "panel-body" }, ...content);
  const instead = h("div", { class: "instead", hidden: true });
  const node = h(
    "section",
    { class: `panel${wide ? " wide" : ""}${provisional ? " provisional" : ""}`, "aria-labelledby": id },
    h(
      "header",
      { class: "panel-head" },
      h("div", { class: "panel-title" }, h("div", { class: "panel-name" }, heading, badge), hint),
      h("div", { class: "panel-controls" }, ...controls),
    ),
    body,
    instead,
  );
  const say = {
    node,
    /** @param {string} text */
    lead: (text) => setText(hint, text),
    /** Shows the content. `aging` while it is being asked for again. @param {boolean} [aging] */
    content(aging = false) {
      setAttribute(body, "hidden", false);
      setAttribute(instead, "hidden", true);
      setAttribute(node, "aria-busy", aging ? "true" : null);
    },
    /**
     * Shows a sentence in its place.
     * @param {"loading" | "empty" | "error"} kind
     * @param {string} text
     * @param {{ label: string, act: () => void }} [action]
     */
    instead(kind, text, action) {
      setAttribute(body, "hidden", true);
      setAttribute(instead, "hidden", false);
      setAttribute(node, "aria-busy", kind === "loading" ? "true" : null);
      const key = `${kind} ${text}`;
      if (instead.dataset.key === key) return;
      instead.dataset.key = key;
      instead.className = `instead ${kind}`;
      const button =
        action === undefined
          ? null
          : h("button", { type: "button", class: "button", text: action.label, on: { click: action.act } });
      instead.replaceChildren(
        h("p", { text, role: kind === "error" ? "alert" : null }),
        ...(button === null ? [] : [button]),
      );
    },
  };
  return say;
}
