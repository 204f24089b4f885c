import { expect, it } from "@jest/globals";
import { LoginName } from "@gatehouse/shared";

import { loginNameFor } from "./login-name.js";

it.each([
  ["Ann", "ann"],
  ["  Ann Example", "ann"],
  ["Jean-Luc Picard", "jeanluc"],
  ["Zoë", "zoë"],
  ["Мария Ивановна", "мария"],
  ["O'Neill", "oneill"],
  ["x".repeat(100), "x".repeat(64)],
])("proposes to %j a name that the gateway takes", (name, proposed) => {
  expect(loginNameFor(name)).toBe(proposed);
  expect(LoginName.parse(proposed)).toBe(proposed);
});

it("proposes nothing where there is nothing to go by", () => {
  for (const name of ["", "  ", "!?"]) expect(loginNameFor(name)).toBe("");
});
