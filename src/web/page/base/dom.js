/**
 * Makes and changes elements. Text is only ever set as text and attributes as attributes: whatever a url or a user is
 * called, it can't become markup.
 */

/**
 * @typedef {string | number | boolean | null | undefined} AttributeValue
 * @typedef {{ text?: string, on?: Record<string, (event: any) => void> } & Record<string, any>} Attributes
 * @typedef {Node | string | null | undefined | false} Child
 */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes] `text` is its text, `on` its listeners; false, null and undefined set nothing
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/**
 * The same in SVG.
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[T]}
 */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/**
 * @template {Element} E
 * @param {E} element
 * @param {Attributes} attributes
 * @param {Child[]} children
 * @returns {E}
 */
function filled(element, { text, on = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  if (text !== undefined) element.textContent = text;
  element.append(...children.filter((child) => child instanceof Node || typeof child === "string"));
  return element;
}

/**
 * Touches the document only when something changes.
 * @param {Element} element
 * @param {string} name
 * @param {AttributeValue} value
 */
export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/**
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * A custom property that the style sheet works with; the content policy forbids style attributes, not this.
 * @param {HTMLElement | SVGElement} element
 * @param {`--${string}`} name
 * @param {string} value
 */
export function setProperty(element, name, value) {
  if (element.style.getPropertyValue(name) !== value) element.style.setProperty(name, value);
}

/**
 * Replaces children only when they are others.
 * @param {Element} parent
 * @param {readonly Node[]} children
 */
export function setChildren(parent, children) {
  const same =
    parent.childNodes.length === children.length &&
    children.every((child, index) => parent.childNodes[index] === child);
  if (!same) parent.replaceChildren(...children);
}

/**
 * Keeps one element for each item, in the order of the items: what stays is changed in place, so that focus, selection and
 * scroll positions stay too.
 * @template T
 * @param {Element} parent
 * @param {readonly T[]} items
 * @param {{ key: (item: T) => string, create: (item: T) => Element, update: (element: any, item: T, index: number) => void }} how
 */
export function keyed(parent, items, { key, create, update }) {
  const before = keyedChildren.get(parent) ?? new Map();
  /** @type {Map<string, T>} */
  const wanted = new Map(items.map((item) => [key(item), item]));
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  for (const [name, element] of before) if (!wanted.has(name)) element.remove();

  /** @type {Map<string, Element>} */
  const after = new Map();
  let next = parent.firstElementChild;
  for (const [name, item] of wanted) {
    const element = before.get(name) ?? create(item);
    update(element, item, after.size);
    after.set(name, element);
    if (element === next) next = element.nextElementSibling;
    else parent.insertBefore(element, next);
  }
  keyedChildren.set(parent, after);
  if (focused instanceof HTMLElement && focused !== document.activeElement)
    focused.focus({ preventScroll: true });
}

/** @type {WeakMap<Element, Map<string, Element>>} */
const keyedChildren = new WeakMap();
