// @ts-check

import { field } from "./forms.js";

/** @param {"username" | "off"} autocomplete */
export const loginNameField = (autocomplete = "username") =>
  field({
    label: "Name for signing in",
    name: "loginName",
    hint: "Letters and digits, such as ann.",
    autocomplete,
    autocapitalize: "none",
    spellcheck: "false",
    pattern: "\\s*[\\p{L}\\p{N}][\\p{L}\\p{N}._@\\-]{0,63}\\s*",
    title: "Use letters and digits, and . _ @ - after the first.",
    required: true,
  });

/**
 * Most people sign in by their first name.
 *
 * @param {HTMLInputElement} name
 * @param {HTMLInputElement} loginName
 */
export const suggestLoginName = (name, loginName) => {
  let suggested = "";
  name.addEventListener("input", () => {
    if (loginName.value !== suggested) return;
    suggested = loginNameFor(name.value);
    loginName.value = suggested;
  });
};

/**
 * The first of somebody's names, as far as it can be one for signing in.
 *
 * @param {string} name
 */
export const loginNameFor = (name) => {
  const [first = ""] = name.trim().split(/\s+/);
  return first
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, "")
    .slice(0, 64);
};
