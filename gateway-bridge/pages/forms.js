// @ts-check

import { ApiError } from "./api.js";
import { h, newId, replace } from "./elements.js";
import { controlOf, explain } from "./words.js";

/** @import { Attribute, Child } from "./elements.js" */
/** @import { Words } from "./words.js" */

/**
 * @typedef {object} Field a labelled control, with its hint and what is wrong with it
 * @property {HTMLElement} root
 * @property {HTMLInputElement} input
 * @property {(text: string) => void} tell says below it what is wrong; nothing where that is empty
 */

/**
 * @param {{ readonly label: string, readonly name: string, readonly hint?: Child, readonly missing?: string }
 *   & Readonly<Record<string, Attribute | Child>>} options further ones are the control's own attributes
 * @returns {Field}
 */
export const field = ({ label, name, hint, missing = "Fill this in.", ...attributes }) => {
  const [id, hintId, problemId] = [newId(), newId(), newId()];
  const described = hint === undefined ? problemId : `${hintId} ${problemId}`;
  const own = /** @type {Readonly<Record<string, Attribute>>} */ (attributes);
  const input = h("input", { id, name, "data-missing": missing, "aria-describedby": described, ...own });
  const problem = h("p", { id: problemId, class: "wrong" });
  const tell = (/** @type {string} */ text) => {
    problem.textContent = text;
    if (text === "") input.removeAttribute("aria-invalid");
    else input.setAttribute("aria-invalid", "true");
  };
  input.addEventListener("input", () => tell(""));
  const root = h(
    "div",
    { class: "field" },
    h("label", { for: id }, label),
    hint !== undefined && h("p", { id: hintId, class: "hint" }, hint),
    input,
    problem,
  );
  return { root, input, tell };
};

/** @param {{ readonly label: string, readonly name: string, readonly checked: boolean }} options */
export const choice = ({ label, name, checked }) => {
  const id = newId();
  const input = h("input", { id, type: "checkbox", name, checked });
  return { root: h("div", { class: "choice" }, input, h("label", { for: id }, label)), input };
};

/**
 * Some of several things.
 *
 * @template {string} Value
 * @param {string} legend
 * @param {readonly { readonly value: Value, readonly label: string, readonly checked: boolean }[]} options
 */
export const choices = (legend, options) => {
  const each = options.map(({ value, label, checked }) => ({ value, ...choice({ label, name: value, checked }) }));
  const root = h("fieldset", {}, h("legend", {}, legend), ...each.map((one) => one.root));
  return { root, each, chosen: () => each.filter(({ input }) => input.checked).map(({ value }) => value) };
};

/** Where it is said what went wrong, and what to do. */
export const problemBox = () => {
  const root = h("div", { class: "problem", role: "alert" });
  return {
    root,
    clear: () => replace(root),
    /**
     * @param {unknown} error
     * @param {Readonly<Record<string, Words>>} [own]
     */
    show: (error, own) => {
      const { text, remedy } = explain(refusalOf(error), own);
      replace(root, h("strong", {}, text), " ", remedy);
    },
  };
};

/** @param {unknown} error */
const refusalOf = (error) =>
  error instanceof ApiError ? error : new ApiError("page", error instanceof Error ? error.message : String(error));

/**
 * Does something that takes its time: once, however often the button is pressed meanwhile, which says what is being done.
 *
 * @param {HTMLButtonElement} button
 * @param {string} busy
 * @param {() => Promise<void>} work
 */
export const busyWhile = async (button, busy, work) => {
  if (button.getAttribute("aria-disabled") === "true") return;
  const label = [...button.childNodes];
  button.setAttribute("aria-disabled", "true");
  replace(button, h("span", { class: "spinner" }), busy);
  try {
    await work();
  } finally {
    button.removeAttribute("aria-disabled");
    replace(button, ...label);
  }
};

/**
 * A button that does something, and says in the box where that went wrong.
 *
 * @param {{ readonly label: Child, readonly busy: string, readonly problem: ReturnType<typeof problemBox>, readonly kind?: string,
 *   readonly title?: string, readonly words?: Readonly<Record<string, Words>>, readonly work: () => Promise<void> }} options
 */
export const actionButton = ({ label, busy, problem, kind, title, words, work }) => {
  const button = h("button", { type: "button", class: kind, "aria-label": title }, label);
  button.addEventListener("click", () => {
    problem.clear();
    void busyWhile(button, busy, work).catch((error) => problem.show(error, words));
  });
  return button;
};

/**
 * A form that sends nothing by itself. What is missing or refused is said at its control, the rest above the button.
 *
 * @param {{ readonly fields: readonly Field[], readonly submit: string, readonly busy: string, readonly kind?: string,
 *   readonly before?: readonly Child[], readonly after?: readonly Child[], readonly buttons?: readonly Child[],
 *   readonly words?: Readonly<Record<string, Words>>, readonly work: (values: Readonly<Record<string, string>>) => Promise<void> }} options
 */
export const form = ({
  fields,
  submit,
  busy,
  kind = "primary",
  before = [],
  after = [],
  buttons = [],
  words,
  work,
}) => {
  const problem = problemBox();
  const button = h("button", { type: "submit", class: kind }, submit);
  const send = async () => {
    problem.clear();
    const wrong = fields.filter((each) => !isFilledIn(each));
    if (wrong[0] !== undefined) {
      wrong[0].input.focus();
      return;
    }
    const values = Object.fromEntries(fields.map(({ input }) => [input.name, input.value]));
    await busyWhile(button, busy, () => work(values)).catch((error) => tellOf(error, { fields, problem, words }));
  };
  const onsubmit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    void send();
  };
  const roots = fields.map(({ root }) => root);
  const row = h("div", { class: "buttons" }, button, ...buttons);
  return h("form", { novalidate: true, onsubmit }, ...before, ...roots, ...after, problem.root, row);
};

/**
 * @param {unknown} error
 * @param {{ readonly fields: readonly Field[], readonly problem: ReturnType<typeof problemBox>, readonly words: Readonly<Record<string, Words>> | undefined }} form
 */
const tellOf = (error, { fields, problem, words }) => {
  const refusal = refusalOf(error);
  const about = fields.find(({ input }) => input.name === controlOf(refusal));
  if (about === undefined) {
    problem.show(error, words);
    return;
  }
  const { text, remedy } = explain(refusal, words);
  about.tell(`${text} ${remedy}`.trim());
  about.input.focus();
};

/** @param {Field} field */
const isFilledIn = ({ input, tell }) => {
  const { valid, valueMissing } = input.validity;
  tell(valid ? "" : valueMissing ? (input.dataset["missing"] ?? "") : input.title || input.validationMessage);
  return valid;
};
