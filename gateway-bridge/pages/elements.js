// @ts-check

/** @typedef {string | number | boolean | null | undefined | ((event: any) => unknown)} Attribute */
/** @typedef {Node | string | false | null | undefined} Child */

const svgNamespace = "http://www.w3.org/2000/svg";

/**
 * An element. What is text stays text: nothing here, nor anywhere in these pages, parses markup.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, Attribute>>} [attributes] functions listen to the event of that name: `onclick`; false leaves one out
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

/**
 * @param {string} tag
 * @param {Readonly<Record<string, Attribute>>} [attributes]
 * @param {...Child} children
 */
export const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(svgNamespace, tag), attributes, children);

/**
 * @template {Element} E
 * @param {E} element
 * @param {Readonly<Record<string, Attribute>>} attributes
 * @param {readonly Child[]} children
 */
const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child !== undefined && child !== null && child !== false) element.append(child);
  return element;
};

/**
 * Puts these in the place of all that an element holds.
 *
 * @param {Element} element
 * @param {...Child} children
 */
export const replace = (element, ...children) => {
  element.replaceChildren();
  fill(element, {}, children);
};

let made = 0;
/** An id for an element that another one names. */
export const newId = () => `e${(made += 1)}`;

/**
 * Readers hear where they are, and the keyboard goes on from there.
 *
 * @param {Element} within
 */
export const focusHeading = (within) => {
  const heading = within.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
};
