// @ts-check

import { h, newId } from "./elements.js";

/** @import { Child } from "./elements.js" */

/**
 * Shows a dialog until it is closed: by its content, by Escape, or by its own button. The focus goes back to where it was.
 *
 * @param {{ readonly title: string, readonly content: (close: () => void) => readonly Child[], readonly dismiss?: string }} options
 * @returns {Promise<void>} resolves when it is closed
 */
export const showDialog = ({ title, content, dismiss = "Close" }) => {
  const id = newId();
  const { promise, resolve } = Promise.withResolvers();
  const dialog = h("dialog", { "aria-labelledby": id });
  const close = () => dialog.close();
  dialog.append(
    h("h2", { id }, title),
    ...content(close).filter((child) => child !== undefined && child !== null && child !== false),
    h("div", { class: "buttons end" }, h("button", { type: "button", onclick: close }, dismiss)),
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    resolve(undefined);
  });
  document.body.append(dialog);
  dialog.showModal();
  return promise;
};

/**
 * Asks before something that cannot be taken back.
 *
 * @param {{ readonly title: string, readonly text: string, readonly yes: string }} question
 * @returns {Promise<boolean>}
 */
export const confirmed = async ({ title, text, yes }) => {
  let answer = false;
  await showDialog({
    title,
    dismiss: "Cancel",
    content: (close) => {
      const agree = () => {
        answer = true;
        close();
      };
      return [
        h("p", {}, text),
        h("div", { class: "buttons" }, h("button", { type: "button", class: "danger", onclick: agree }, yes)),
      ];
    },
  });
  return answer;
};
