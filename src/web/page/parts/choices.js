import { h, keyed, setAttribute, setText } from "../base/dom.js";

let groups = 0;

/**
 * A few choices side by side, one of them chosen: radio buttons, with their keys.
 * @template {string} T
 * @param {{ label: string, choose: (value: T) => void }} look
 */
export function choices({ label, choose }) {
  const name = `choice-${++groups}`;
  const node = h("div", { class: "choices", role: "radiogroup", "aria-label": label });
  return {
    node,
    /** @param {readonly { value: T, text: string, label?: string }[]} options @param {T | null} chosen */
    paint(options, chosen) {
      keyed(node, options, {
        key: ({ value }) => value,
        create: ({ value }) =>
          h(
            "label",
            {},
            h("input", { type: "radio", name, value, on: { change: () => choose(value) } }),
            h("span", {}),
          ),
        update(element, { value, text, label: spoken }) {
          const [input, shown] = element.children;
          if (input.checked !== (value === chosen)) input.checked = value === chosen;
          setText(shown, text);
          setAttribute(input, "aria-label", spoken);
        },
      });
    },
  };
}

/**
 * Choices in a list that opens.
 * @param {{ label: string, choose: (value: string) => void }} look
 */
export function chooser({ label, choose }) {
  const select = h("select", { "aria-label": label, on: { change: () => choose(select.value) } });
  const node = h("label", { class: "chooser" }, h("span", { text: label, "aria-hidden": "true" }), select);
  return {
    node,
    /** @param {readonly { value: string, text: string }[]} options @param {string} chosen */
    paint(options, chosen) {
      keyed(select, options, {
        key: ({ value }) => value,
        create: ({ value }) => h("option", { value }),
        update: (option, { text }) => setText(option, text),
      });
      if (select.value !== chosen) select.value = chosen;
    },
  };
}

/**
 * A field to search with; tells after a short rest in typing.
 * @param {{ label: string, search: (text: string) => void }} look
 */
export function searchField({ label, search }) {
  /** @type {number | undefined} */
  let timer;
  const input = h("input", {
    type: "search",
    class: "search",
    placeholder: label,
    "aria-label": label,
    maxlength: 200,
    spellcheck: "false",
    autocomplete: "off",
    on: {
      input() {
        clearTimeout(timer);
        timer = window.setTimeout(() => search(input.value.trim()), 250);
      },
    },
  });
  return {
    node: input,
    /** @param {string} text */
    paint(text) {
      if (document.activeElement !== input && input.value !== text) input.value = text;
    },
  };
}
