/** @import { State } from "../model/state.js" */
import { h, keyed, setAttribute, setText } from "../base/dom.js";
import { mixBar } from "../charts/mix-bar.js";
import { formatCount, formatShare } from "../format/numbers.js";
import { keyCell, paintKey } from "../parts/key-cell.js";
import { panel } from "../parts/panel.js";
import { column, dataTable } from "../parts/table.js";

const ROWS = 5;

/** @typedef {{ reason: string, events: number }} Reason */

/** What became of every event read: counted, late or dead letter, the last by reason. */
export function accountingPanel() {
  const bar = mixBar();
  const facts = h("dl", { class: "facts tight" });
  const table = dataTable({
    label: "Dead letters by reason",
    key: (/** @type {Reason} */ { reason }) => reason,
  });
  const none = h("p", { class: "quiet", text: "No dead letters." });
  const more = h("a", { class: "more", href: "#pipeline", text: "All reasons, and how to replay" });
  const shell = panel({ title: "Where events went" }, bar.node, facts, table.node, none, more);
  return {
    node: shell.node,
    /** @param {State} state */
    paint({ pipeline }) {
      if (pipeline === null) return shell.instead("loading", "Waiting for the first news…");
      const { read, counted, duplicates, late, lost } = pipeline;
      const reasons = Object.entries(pipeline.dead)
        .map(([reason, events]) => ({ reason, events }))
        .toSorted((a, b) => b.events - a.events);
      const dead = reasons.reduce((sum, { events }) => sum + events, 0);
      shell.content();
      shell.lead(`Events read = counted + ${duplicates === null ? "" : "duplicates + "}late + dead letters`);
      bar.paint(
        [
          { name: "counted", value: counted, colour: "--c1" },
          { name: "duplicates", value: duplicates ?? 0, colour: "--c3" },
          { name: "late", value: late, colour: "--c5" },
          { name: "dead", value: dead, colour: "--c2" },
        ],
        `${formatCount(counted)} counted, ${duplicates === null ? "" : `${formatCount(duplicates)} duplicates, `}${formatCount(late)} late, ${formatCount(dead)} dead letters`,
      );
      const shown = [
        { name: "read", value: read },
        { name: "counted", value: counted, colour: "--c1" },
        ...(duplicates === null ? [] : [{ name: "duplicates", value: duplicates, colour: "--c3" }]),
        { name: "late", value: late, colour: "--c5" },
        { name: "dead", value: dead, colour: "--c2" },
        ...(lost > 0 ? [{ name: "lost in Kafka", value: lost }] : []),
      ];
      keyed(facts, shown, {
        key: ({ name }) => name,
        create: ({ name, colour }) => {
          const swatch = h("span", { class: "swatch" });
          if (colour !== undefined) swatch.style.setProperty("--colour", `var(${colour})`);
          return h(
            "div",
            {},
            h("dt", {}, ...(colour === undefined ? [] : [swatch]), name),
            h("dd", { "data-value": `account-${name}` }),
            h("dd", { class: "quiet" }),
          );
        },
        update(element, { name, value }) {
          setText(element.children[1], formatCount(value));
          setText(element.children[2], name === "read" || read === 0 ? "" : formatShare(value / read));
        },
      });
      const greatest = Math.max(1, ...reasons.map(({ events }) => events));
      table.paint(
        [
          {
            title: "dead letters by reason",
            kind: "text",
            create: keyCell,
            update: (cell, { reason, events }) => paintKey(cell, reason, events / greatest),
          },
          column("events", ({ events }) => formatCount(events)),
        ],
        reasons.slice(0, ROWS),
      );
      setAttribute(table.node, "hidden", reasons.length === 0);
      setAttribute(none, "hidden", reasons.length > 0);
      setAttribute(more, "hidden", reasons.length === 0);
    },
  };
}
