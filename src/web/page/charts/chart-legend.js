/** @import { ColourName } from "./colours.js" */
import { h, keyed, setAttribute, setProperty, setText } from "../base/dom.js";
import { shownText } from "../format/text.js";

/**
 * The names of a chart's series with their values at one time: at the cursor, or the latest.
 */
export function chartLegend() {
  const time = h("span", { class: "legend-time" });
  const badge = h("span", { class: "badge open", text: "open", hidden: true });
  const list = h("ul", { class: "legend-entries" });
  const node = h("figcaption", { class: "legend" }, list, h("span", { class: "legend-when" }, badge, time));
  return {
    node,
    /** @param {{ time: string, open: boolean, entries: { name: string, colour: ColourName, value: string }[] }} shown */
    show(shown) {
      setText(time, shown.time);
      setAttribute(badge, "hidden", !shown.open);
      keyed(list, shown.entries, {
        key: ({ name }) => name,
        create: () =>
          h(
            "li",
            {},
            h("span", { class: "swatch" }),
            h("bdi", { class: "legend-name" }),
            h("span", { class: "legend-value" }),
          ),
        update(item, { name, colour, value }) {
          const [swatch, label, number] = item.children;
          setProperty(swatch, "--colour", `var(${colour})`);
          setText(label, shownText(name));
          setText(number, value);
        },
      });
    },
  };
}
