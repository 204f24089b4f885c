import { expect, it } from "@jest/globals";

import { judgePassword } from "./password-policy.ts";

const context = {
  loginName: "annabel",
  gatewayName: "Villa Sole",
  isCommon: (password: string) => password === "password1234",
};

it.each([
  ["", "short"],
  ["1234567", "short"],
  ["\u{1f600}\u{1f600}\u{1f600}\u{1f600}", "short"],
  ["cafe\u0301s\u0301\u0301", "short"],
  ["12345678", undefined],
  ["        ", undefined],
  ["PassWord1234", "common"],
  ["Annabel's house", "name"],
  ["in the villa sole!", "name"],
  ["correct horse battery staple", undefined],
  ["x".repeat(1_024), undefined],
])("%j: %s", (password, why) => {
  expect(judgePassword(password, context)).toBe(why);
});

it("lets names of few letters be part of a password", () => {
  expect(judgePassword("a man, a plan, a canal", { ...context, loginName: "man" })).toBeUndefined();
});
