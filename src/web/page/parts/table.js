import { h, keyed, setText } from "../base/dom.js";

/**
 * @template T
 * @typedef {object} TableColumn
 * @property {string} title
 * @property {string} [about] more on the title
 * @property {"text" | "number" | "picture"} kind
 * @property {() => Node} [create] content of a cell, for those that are more than text
 * @property {(cell: HTMLElement, item: T, index: number) => void} update
 */

/**
 * A column of texts or numbers.
 * @template T
 * @param {string} title
 * @param {(item: T, index: number) => string} text
 * @param {"text" | "number"} [kind]
 * @param {string} [about]
 * @returns {TableColumn<T>}
 */
export function column(title, text, kind = "number", about) {
  return {
    title,
    kind,
    ...(about === undefined ? {} : { about }),
    update: (cell, item, index) => setText(cell, text(item, index)),
  };
}

/**
 * A table whose rows stay the same elements while their numbers change. It scrolls sideways in itself where it is too wide.
 * @template T
 * @param {{ label: string, key: (item: T) => string, rowClass?: (item: T) => string }} look
 */
export function dataTable({ label, key, rowClass = () => "" }) {
  const head = h("tr", {});
  const body = h("tbody", {});
  const table = h("table", { class: "numbers" }, h("thead", {}, head), body);
  const node = h("div", { class: "scroll-x", tabindex: 0, role: "region", "aria-label": label }, table);
  let titles = "";
  return {
    node,
    /** @param {readonly TableColumn<T>[]} columns @param {readonly T[]} items */
    paint(columns, items) {
      const wanted = JSON.stringify(columns.map(({ title }) => title));
      if (wanted !== titles) {
        titles = wanted;
        head.replaceChildren(
          ...columns.map(({ title, kind, about }) =>
            h("th", { scope: "col", class: kind, text: title, title: about }),
          ),
        );
        keyed(body, [], { key: () => "", create: () => h("tr"), update: () => {} });
      }
      keyed(body, items, {
        key,
        create: () =>
          h(
            "tr",
            {},
            ...columns.map(({ kind, create }, index) =>
              h(index === 0 ? "th" : "td", { class: kind, scope: index === 0 ? "row" : null }, create?.()),
            ),
          ),
        update(row, item, index) {
          row.className = rowClass(item);
          columns.forEach(({ update }, at) => void update(row.children[at], item, index));
        },
      });
    },
  };
}
