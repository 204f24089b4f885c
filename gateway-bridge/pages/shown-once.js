// @ts-check

import { showDialog } from "./dialogs.js";
import { h } from "./elements.js";
import { fullTime } from "./dates.js";
import { qrCode } from "./qr-code.js";

/**
 * A button that puts a text into the clipboard, and says whether it is there.
 *
 * @param {string} text
 * @param {string} label
 */
export const copyButton = (text, label) => {
  const said = h("span", { class: "said", role: "status" });
  const copy = async () => {
    const done = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
    said.textContent = done ? "Copied." : "This browser does not allow it: select the text and copy it yourself.";
  };
  return h("div", { class: "buttons" }, h("button", { type: "button", onclick: () => void copy() }, label), said);
};

/**
 * Shows a link that lets somebody in, for the only time.
 *
 * @param {{ readonly title: string, readonly url: string, readonly forWhom: string, readonly expires: number }} link
 */
export const showLink = ({ title, url, forWhom, expires }) =>
  showDialog({
    title,
    dismiss: "Done",
    content: () => [
      h(
        "p",
        {},
        `Let ${forWhom} scan this, or send the link. It works once, until ${fullTime(expires)}, and is shown only now.`,
      ),
      qrCode(url, `QR code of the link for ${forWhom}`),
      h("p", { class: "secret", "data-secret": "link" }, url),
      copyButton(url, "Copy the link"),
    ],
  });

/**
 * Codes to be kept on paper.
 *
 * @param {readonly string[]} codes
 */
export const codeList = (codes) => [
  h(
    "ol",
    { class: "codes printed", "aria-label": "Recovery codes" },
    ...codes.map((code) => h("li", {}, h("span", { "data-secret": "recovery-code" }, code))),
  ),
  h(
    "div",
    { class: "buttons" },
    copyButton(codes.join("\n"), "Copy"),
    h("button", { type: "button", onclick: () => print() }, "Print"),
  ),
];
