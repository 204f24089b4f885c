import { expect, it } from "@jest/globals";

import { doesCookieCount } from "./cookie-policy.ts";

const own = "https://gateway.local:8443";

it.each([
  ["a picture that our page shows", "GET", false, undefined, "same-origin", true],
  ["our page, opened from the address bar", "GET", false, undefined, "none", true],
  ["a read that says nothing of where it is from", "GET", false, undefined, undefined, false],
  ["a read with an origin alone", "GET", false, own, undefined, false],
  ["a write of our page", "POST", false, own, "same-origin", true],
  ["a write without an origin", "POST", false, undefined, "same-origin", false],
  ["a deletion without an origin", "DELETE", false, undefined, "none", false],
  ["a WebSocket of our page", "GET", true, own, "same-origin", true],
  ["a WebSocket of our page in a browser that names no site for it", "GET", true, own, undefined, true],
  ["a WebSocket without an origin", "GET", true, undefined, "same-origin", false],
])("%s", (_, method, upgrade, origin, site, counts) => {
  expect(doesCookieCount({ method, upgrade, origin, site })).toBe(counts);
});
