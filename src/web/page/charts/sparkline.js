import { setAttribute, svg } from "../base/dom.js";

const WIDTH = 100;
const HEIGHT = 24;

/** A small line without axes; what it says is said in words beside it. */
export function sparkline() {
  const area = svg("path", { class: "spark-area" });
  const line = svg("path", { class: "spark-line" });
  const node = svg(
    "svg",
    { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    area,
    line,
  );
  return {
    node,
    /** @param {readonly (number | null)[]} values */
    paint(values) {
      const top = Math.max(1e-9, ...values.map((value) => value ?? 0));
      const step = WIDTH / Math.max(1, values.length - 1);
      const points = values.flatMap((value, index) =>
        value === null
          ? []
          : [{ x: (index * step).toFixed(2), y: (HEIGHT - 2 - (value / top) * (HEIGHT - 4)).toFixed(2) }],
      );
      const path = points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join("");
      const [first, last] = [points[0], points.at(-1)];
      setAttribute(line, "d", path);
      setAttribute(area, "d", first && last ? `${path}L${last.x} ${HEIGHT}L${first.x} ${HEIGHT}Z` : "");
    },
  };
}
