/** @import { QueryInfo, Top } from "../../api.ts" */
/** @import { Page, State } from "../model/state.js" */
/** @import { Stretch } from "../model/stretch.js" */
/** @import { TableColumn } from "../parts/table.js" */
import { setText } from "../base/dom.js";
import { sparkline } from "../charts/sparkline.js";
import { counted, formatShare } from "../format/numbers.js";
import { countOf, keysOf, measuresOf, numbersOf } from "../model/query-shapes.js";
import { ask } from "../net/ask.js";
import { chooser, searchField } from "../parts/choices.js";
import { historyPanel } from "../parts/history-panel.js";
import { keyCell, linkCell, paintKey, paintLink } from "../parts/key-cell.js";
import { measureColumns, titleOf } from "../parts/measure-cells.js";
import { moreButton } from "../parts/more-button.js";
import { rankingLead, stretchQuestion } from "../parts/stretch-question.js";
import { dataTable } from "../parts/table.js";

const POINTS = 40;

/** @typedef {Top["items"][number]} Item */
/** @typedef {{ query: QueryInfo, by: string, search: string, limit: number, stretch: Stretch }} Asked */

/**
 * The keys of a query that have most of a measure, in the chosen stretch of time, with search and a small line for each.
 * @param {object} look
 * @param {string} look.title
 * @param {string} look.noun of one key
 * @param {(state: State) => QueryInfo | undefined} look.query
 * @param {string} look.without says which query is missing
 * @param {(key: string) => string} [look.link] where a key leads to
 * @param {boolean} [look.brief] only the names, events and lines
 * @param {Page} page
 */
export function topPanel({ title, noun, query: find, without, link, brief = false }, { go, repaint }) {
  const search = searchField({
    label: `Search ${noun}s`,
    search: (text) => go({ chosen: { search: text } }),
  });
  const by = chooser({ label: "by", choose: (measure) => go({ chosen: { by: measure } }) });
  const table = dataTable({ label: title, key: (/** @type {Item} */ { key }) => JSON.stringify(key) });
  const more = moreButton(repaint);

  return historyPanel(
    { title, wide: !brief, controls: brief ? [] : [by.node, search.node] },
    {
      content: brief ? [table.node] : [table.node, more.node],
      question(state) {
        const query = find(state);
        if (query === undefined) return without;
        const { chosen } = state.route;
        const measure =
          numbersOf(query).find(({ name }) => name === chosen.by && !brief)?.name ??
          countOf(query) ??
          numbersOf(query)[0]?.name;
        if (measure === undefined) return "This query has no measure that can be ranked.";
        search.paint(chosen.search ?? "");
        by.paint(
          numbersOf(query).map((column) => ({ value: column.name, text: titleOf(column) })),
          measure,
        );
        return stretchQuestion(state, query, {
          by: measure,
          search: brief ? "" : (chosen.search ?? ""),
          limit: more.limit(),
        });
      },
      ask: ({ query, by: measure, search: text, limit: most, stretch: { fromMs, toMs } }, signal) =>
        /** @type {Promise<Top>} */ (
          ask(
            "/api/top",
            {
              query: query.name,
              by: measure,
              from: fromMs,
              to: toMs,
              limit: most,
              search: text,
              points: POINTS,
            },
            signal,
          )
        ),
      paint(top, { query, search: text }) {
        const lead = `${rankingLead(top, query)} · ${counted(top.keys, noun)}${text === "" ? "" : " found"}`;
        if (top.items.length === 0) {
          return {
            lead,
            empty: text === "" ? "No events in this stretch of time." : `No ${noun} holds “${text}”.`,
          };
        }
        table.paint(columnsOf(top, query, link, brief), top.items);
        more.paint(top.keys);
        return { lead };
      },
    },
    repaint,
  );
}

/**
 * @param {Top} top
 * @param {QueryInfo} query
 * @param {((key: string) => string) | undefined} link
 * @param {boolean} brief
 * @returns {TableColumn<Item>[]}
 */
function columnsOf(top, query, link, brief) {
  const greatest = Math.max(1e-9, ...top.items.map(({ value }) => value));
  const keys = keysOf(query);
  const { total } = top;
  const [value, ...others] = measuresOf(query).toSorted(
    (a, b) => Number(b.name === top.by) - Number(a.name === top.by),
  );
  const shownMeasures = brief ? [] : others;
  const own = measureColumns(value === undefined ? [] : [value, ...shownMeasures]).map((column) => ({
    ...column,
    update: (/** @type {HTMLElement} */ cell, /** @type {Item} */ item, /** @type {number} */ index) =>
      column.update(cell, item.measures, index),
  }));
  /** @type {TableColumn<Item>} */
  const name = {
    title: keys.join(" · "),
    kind: "text",
    create: link === undefined ? keyCell : linkCell,
    update(cell, { key, value: measured }) {
      const text = keys.map((column) => key[column] ?? "").join(" · ");
      if (link === undefined) paintKey(cell, text, measured / greatest);
      else paintLink(cell, text, measured / greatest, link(text));
    },
  };
  /** @type {TableColumn<Item>} */
  const share = {
    title: "share",
    kind: "number",
    update: (cell, { value: measured }) =>
      setText(cell, formatShare(total === null ? null : measured / total)),
  };
  const [first, ...rest] = own;
  return [
    name,
    ...(first === undefined ? [] : [first]),
    ...(total === null || total === 0 ? [] : [share]),
    ...(top.pointsMs.length > 1 ? [trendColumn()] : []),
    ...rest,
  ];
}

/** @type {WeakMap<Element, ReturnType<typeof sparkline>>} */
const lines = new WeakMap();

/** @returns {TableColumn<Item>} */
function trendColumn() {
  return {
    title: "trend",
    kind: "picture",
    create() {
      const line = sparkline();
      lines.set(line.node, line);
      return line.node;
    },
    update: (cell, { series }) => lines.get(/** @type {Element} */ (cell.firstElementChild))?.paint(series),
  };
}
