import { describe, expect, it } from "@jest/globals";

import { CommonPasswords } from "./common-passwords.ts";
import { judgePassword } from "./password-policy.ts";
import { readLines } from "./read-lines.ts";
import { ThreeWords } from "./three-words.ts";

describe("the passwords that are tried first", () => {
  it("are all refused, however they are capitalized", async () => {
    const list = await CommonPasswords.open();
    const context = { loginName: "annabel", gatewayName: "Gatehouse", isCommon: (text: string) => list.has(text) };
    const file = new URL("../../../data/common-passwords.txt", import.meta.url);
    const commonest = (await readLines(file)).slice(0, 3_000);
    expect(commonest.slice(0, 4)).toEqual(["password", "12345678", "123456789", "baseball"]);
    expect(commonest).toHaveLength(3_000);
    expect(commonest.filter((password) => judgePassword(password, context) === undefined)).toEqual([]);
    expect(commonest.filter((password) => judgePassword(password.toUpperCase(), context) === undefined)).toEqual([]);
    expect(judgePassword("correct horse battery staple", context)).toBeUndefined();
  });
});

describe("three words", () => {
  it("are long enough, on no list, and hardly ever the same", async () => {
    const [words, list] = [await ThreeWords.open(), await CommonPasswords.open()];
    const context = { loginName: "qqqq", gatewayName: "Gatehouse", isCommon: (text: string) => list.has(text) };
    const seen = new Set<string>();
    for (let index = 0; index < 100_000; index += 1) {
      const password = words.propose();
      seen.add(password);
      if (password.length < 15 || judgePassword(password, context) !== undefined) throw new Error(password);
    }
    expect(seen.size).toBeGreaterThan(99_990);
  });
});
