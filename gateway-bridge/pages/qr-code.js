// @ts-check

import { h, svg } from "./elements.js";
import { encode } from "./uqr.js";

/**
 * A text as a QR code: dark on light whatever the page's colours, because many cameras read no other.
 *
 * @param {string} text
 * @param {string} label what it is, for those who do not see it
 */
export const qrCode = (text, label) => {
  const { data, size } = encode(text, { border: 3 });
  const cells = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])));
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": label, "shape-rendering": "crispEdges" },
    svg("rect", { width: size, height: size, fill: "#fff" }),
    svg("path", { d: cells.join(""), fill: "#000" }),
  );
  return h("div", { class: "qr" }, drawing);
};
