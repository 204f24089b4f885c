import { describe, expect, it } from "@jest/globals";

import { parseBasic } from "./basic-login.ts";

const encode = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

describe("parseBasic", () => {
  it.each([
    ["who:secret", { username: "who", password: "secret" }],
    ["who:with:colons", { username: "who", password: "with:colons" }],
    ["who:", { username: "who", password: "" }],
    ["w\u00fc:\u00e9", { username: "w\u00fc", password: "\u00e9" }],
  ])("reads %s", (text, expected) => {
    expect(parseBasic(encode(text))).toEqual(expected);
  });

  it.each(["", "Basic", "Basic ", "Bearer abc", encode("no colon"), "Basic !!!!", `Basic ${"A".repeat(600)}`])(
    "knows that %j is none",
    (header) => {
      expect(parseBasic(header)).toBeUndefined();
    },
  );
});
