import { expect, it } from "@jest/globals";

import { filesIn, read } from "../support/repository.ts";

const pages = filesIn("gateway-bridge/pages", (path) => path.endsWith(".js")).map(read);
/** The description of each field, as the pages make it. */
const fields = pages.flatMap((text) => [...text.matchAll(/\bfield\(\{([^}]*)\}/g)].map(([, inside = ""]) => inside));
const passwords = fields.filter((inside) => inside.includes('name: "password"'));

it("passwords are typed unseen", () => {
  expect(passwords.length).toBeGreaterThan(1);
  expect(passwords.filter((inside) => !inside.includes('type: "password"'))).toEqual([]);
});

it("password managers are told what a password is for, and nothing keeps anybody from pasting one", () => {
  expect(passwords.filter((inside) => !/autocomplete: "(new|current)-password"/.test(inside))).toEqual([]);
  expect(passwords.filter((inside) => /maxlength|readonly|disabled/.test(inside))).toEqual([]);
  expect(
    pages.filter((text) => /["'.]on?(before)?(paste|copy)\b|addEventListener\("(paste|beforeinput)"/.test(text)),
  ).toEqual([]);
});
