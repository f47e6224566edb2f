/** @import { Flow } from "../../sessions-contract.ts" */

/** What pages that are told together are called. */
export const OTHER_PAGES = "other pages";

/** All ribbons of a side together, in px; where many pages are thin, the picture grows beyond it. */
const FULL_PX = 260;
/** A page's name needs so much. */
const LEAST_PX = 24;
const GAP_PX = 6;

/**
 * A page on one side of the picture.
 * @typedef {object} FlowNode
 * @property {string} name
 * @property {boolean} isOther whether it stands for all other pages
 * @property {number} transitions
 * @property {number} topPx of its place, as its name needs it
 * @property {number} heightPx
 * @property {number} barTopPx of its bar, as high as its ribbons together
 * @property {number} barPx
 *
 * How often a page followed another: from node to node.
 * @typedef {{ source: number, target: number, transitions: number, sourcePx: number, targetPx: number, px: number }} FlowRibbon
 *
 * @typedef {{ heightPx: number, sources: FlowNode[], targets: FlowNode[], ribbons: FlowRibbon[], hidden: number }} FlowLayout
 */

/**
 * Where everything is drawn: pages that are left on one side, pages that are gone to on the other, ribbons as wide as there are
 * transitions. What goes from other pages to other pages would dwarf the rest and says nothing: `hidden`.
 * @param {Flow} flow
 * @returns {FlowLayout}
 */
export function layoutFlow({ sources, targets, links }) {
  const isShown = (/** @type {Flow["links"][number]} */ link) => link.source !== null || link.target !== null;
  const shown = links.filter(isShown).map(({ source, target, transitions }) => ({
    source: source ?? sources.length,
    target: target ?? targets.length,
    transitions,
  }));
  const total = sum(shown);
  const scale = total === 0 ? 0 : FULL_PX / total;
  const left = stacked(sources, shown, "source", scale);
  const right = stacked(targets, shown, "target", scale);
  const sourceNext = left.map(({ barTopPx }) => barTopPx);
  const targetNext = right.map(({ barTopPx }) => barTopPx);
  // In the order of both sides, so that ribbons of a page do not cross each other.
  const ordered = shown.toSorted((a, b) => a.source - b.source || a.target - b.target);
  const ribbons = ordered.map(({ source, target, transitions }) => {
    const px = transitions * scale;
    const ribbon = {
      source,
      target,
      transitions,
      sourcePx: sourceNext[source] ?? 0,
      targetPx: targetNext[target] ?? 0,
      px,
    };
    sourceNext[source] = ribbon.sourcePx + px;
    targetNext[target] = ribbon.targetPx + px;
    return ribbon;
  });
  const heightPx = Math.max(bottomOf(left), bottomOf(right));
  return { heightPx, sources: left, targets: right, ribbons, hidden: sum(links) - total };
}

/**
 * @param {readonly { page: string }[]} pages
 * @param {readonly { source: number, target: number, transitions: number }[]} links
 * @param {"source" | "target"} side
 * @param {number} scale px of a transition
 * @returns {FlowNode[]}
 */
function stacked(pages, links, side, scale) {
  const totals = [...pages, { page: OTHER_PAGES }].map(({ page: name }, index) => ({
    name,
    isOther: index === pages.length,
    transitions: sum(links.filter((link) => link[side] === index)),
  }));
  let topPx = 0;
  return totals
    .filter(({ isOther, transitions }) => !isOther || transitions > 0)
    .map((node) => {
      const barPx = node.transitions * scale;
      const heightPx = Math.max(LEAST_PX, barPx);
      const placed = { ...node, topPx, heightPx, barTopPx: topPx + (heightPx - barPx) / 2, barPx };
      topPx += heightPx + GAP_PX;
      return placed;
    });
}

/** @param {readonly { transitions: number }[]} links */
const sum = (links) => links.reduce((total, { transitions }) => total + transitions, 0);

/** @param {readonly FlowNode[]} nodes */
function bottomOf(nodes) {
  const last = nodes.at(-1);
  return last === undefined ? 0 : last.topPx + last.heightPx;
}

/** The outline of a ribbon in a picture that is 100 wide. @param {FlowRibbon} ribbon */
export function ribbonPath({ sourcePx, targetPx, px }) {
  const wide = Math.max(0.75, px); // a thinner one would not be seen
  const at = (/** @type {number} */ y) => y.toFixed(2);
  const [a, b, c, d] = [sourcePx, targetPx, targetPx + wide, sourcePx + wide].map(at);
  return `M0 ${a}C45 ${a} 55 ${b} 100 ${b}V${c}C55 ${c} 45 ${d} 0 ${d}Z`;
}
