/** @import { ColourName } from "./colours.js" */
import { h, keyed, setAttribute, setProperty } from "../base/dom.js";

/** One bar of parts that make a whole. */
export function mixBar() {
  const node = h("div", { class: "mix", role: "img" });
  return {
    node,
    /** @param {readonly { name: string, value: number, colour: ColourName }[]} parts @param {string} label */
    paint(parts, label) {
      setAttribute(node, "aria-label", label);
      const total = parts.reduce((sum, { value }) => sum + value, 0);
      keyed(
        node,
        parts.filter(({ value }) => value > 0),
        {
          key: ({ name }) => name,
          create: () => h("span", {}),
          update(element, { value, colour }) {
            setProperty(element, "--share", total === 0 ? "0" : (value / total).toFixed(4));
            setProperty(element, "--colour", `var(${colour})`);
          },
        },
      );
    },
  };
}
