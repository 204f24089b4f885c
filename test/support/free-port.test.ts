import { expect, it } from "@jest/globals";

import { freePort } from "./free-port.ts";

it("gives no free port twice, to those neither who ask at once", async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort));
  expect(new Set(ports).size).toBe(ports.length);
});
