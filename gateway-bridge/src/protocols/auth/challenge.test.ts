import { describe, expect, it } from "@jest/globals";

import { parseChallenges } from "./challenge.ts";

const plain = (headers: readonly string[]): unknown =>
  parseChallenges(headers).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

describe("parseChallenges", () => {
  it.each<[string, string[], unknown]>([
    ["one challenge", ['Digest realm="r", nonce="n"'], [["digest", { realm: "r", nonce: "n" }]]],
    [
      "several headers",
      ['Digest realm="r", nonce="n"', 'Digest realm="r", nonce="m", algorithm=SHA-256'],
      [
        ["digest", { realm: "r", nonce: "n" }],
        ["digest", { realm: "r", nonce: "m", algorithm: "SHA-256" }],
      ],
    ],
    [
      "several challenges in one header",
      ['Basic realm="a, b", Digest realm="c", nonce=n, Newauth'],
      [
        ["basic", { realm: "a, b" }],
        ["digest", { realm: "c", nonce: "n" }],
        ["newauth", {}],
      ],
    ],
    ["quoted pairs", [String.raw`Digest realm="a\"b\\c"`], [["digest", { realm: String.raw`a"b\c` }]]],
    ["a list in quotes", ['Digest qop="auth, auth-int"'], [["digest", { qop: "auth, auth-int" }]]],
    ["unquoted values", ["Digest nonce=AbC+/9, stale=FALSE"], [["digest", { nonce: "AbC+/9", stale: "FALSE" }]]],
    ["names in any case", ['DIGEST Realm="r", NONCE="n"'], [["digest", { realm: "r", nonce: "n" }]]],
    ["blanks around the sign", ['Digest realm = "r" , nonce ="n"'], [["digest", { realm: "r", nonce: "n" }]]],
    ["missing commas", ['Digest realm="r" nonce="n"'], [["digest", { realm: "r", nonce: "n" }]]],
    ["too many commas", [', Digest realm="r",, nonce="n",'], [["digest", { realm: "r", nonce: "n" }]]],
    ["unknown parameters", ['Digest random="x", nonce="n"'], [["digest", { random: "x", nonce: "n" }]]],
    ["the first of two with one name", ['Digest nonce="a", nonce="b"'], [["digest", { nonce: "a" }]]],
    ["a stray word", ['Digest realm=IP Camera, nonce="n"'], [["digest", { realm: "IP", nonce: "n" }]]],
    ["no end of the quotes", ['Digest nonce="n'], [["digest", { nonce: "n" }]]],
    [
      "a token of another scheme",
      ["Negotiate YII9==, Basic"],
      [
        ["negotiate", { yii9: "" }],
        ["basic", {}],
      ],
    ],
    ["bytes of UTF-8", ['Digest realm="\xe5\x85\xa5"'], [["digest", { realm: "\xe5\x85\xa5" }]]],
    ["nothing", ["", "   ", ",,;;"], []],
    ["control characters", ['Digest realm="a\r\nb", nonce="n"', "Basic"], [["basic", {}]]],
    ["parameters without a scheme", ['realm="r", Basic realm="s"'], [["basic", { realm: "s" }]]],
  ])("reads %s", (_, headers, expected) => {
    expect(plain(headers)).toEqual(expected);
  });

  it("bounds what it keeps", () => {
    const many = parseChallenges([Array.from({ length: 1_000 }, (_, index) => `s${index} a=1`).join(", ")]);
    expect(many).toHaveLength(16);
    const [wide] = parseChallenges([`x ${Array.from({ length: 1_000 }, (_, index) => `p${index}=1`).join(", ")}`]);
    expect(wide?.parameters.size).toBe(64);
  });
});
