import { h, setAttribute, setText } from "../base/dom.js";

const FEW = 10;
const MANY = 100;

/** Shows few rows of a ranking or many. `limit` is how many are to be asked for now. @param {() => void} repaint */
export function moreButton(repaint) {
  let limit = FEW;
  const button = h("button", {
    type: "button",
    class: "button",
    on: {
      click() {
        limit = limit === FEW ? MANY : FEW;
        repaint();
      },
    },
  });
  return {
    node: h("p", { class: "panel-foot" }, button),
    limit: () => limit,
    /** @param {number} rows that there are in all */
    paint(rows) {
      setText(button, limit === FEW ? `Show ${Math.min(MANY, rows)}` : `Show ${FEW}`);
      setAttribute(button, "hidden", rows <= FEW);
    },
  };
}
