import { h, setText } from "../base/dom.js";

/** A command to copy. */
export function codeLine() {
  const code = h("code", {});
  const said = h("span", { class: "sr-only", role: "status" });
  const copy = h("button", {
    type: "button",
    class: "button small",
    text: "Copy",
    on: {
      async click() {
        const text = code.textContent ?? "";
        const done = await navigator.clipboard.writeText(text).then(
          () => true,
          () => false,
        );
        if (!done) getSelection()?.selectAllChildren(code);
        setText(said, done ? "Copied" : "Selected");
        setText(copy, done ? "Copied" : "Selected");
        setTimeout(() => setText(copy, "Copy"), 1_500);
      },
    },
  });
  return {
    node: h(
      "div",
      { class: "code-line" },
      h("div", { class: "scroll-x", tabindex: 0, role: "region", "aria-label": "Command" }, code),
      copy,
      said,
    ),
    /** @param {string} command */
    paint: (command) => setText(code, command),
  };
}
