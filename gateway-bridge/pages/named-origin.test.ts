import { expect, it } from "@jest/globals";

import { namedOrigin } from "./named-origin.js";

const canonical = "https://gw-abcdefghijklmnop.local:8443";

it.each([
  ["https://192.168.1.5:8443/", canonical],
  ["https://[fd00::1]:8443/", canonical],
  ["https://127.0.0.1:8443/#/people", "https://localhost:8443"],
  ["https://[::1]:8443/", "https://localhost:8443"],
  ["https://127.0.0.1/", "https://localhost"],
])("for %s is %s", (here, origin) => {
  expect(namedOrigin(new URL(here), canonical)).toBe(origin);
});
