import { describe, expect, it } from "@jest/globals";

import { authSchemes, decideLogin, isWeaker, type AuthScheme, type Offer } from "./auth-policy.ts";
import type { DigestChallenge } from "./digest.ts";

// Covers: every subset of what can be offered x every floor x secure or not, against the rule written out once more;
// the choice among offers of equal strength; the order of the schemes.

const digest = (hash: "md5" | "sha256", changes: Partial<DigestChallenge> = {}): Offer => ({
  scheme: hash === "sha256" ? "digest-sha-256" : "digest-md5",
  digest: {
    hash,
    session: false,
    algorithm: undefined,
    qop: undefined,
    realm: "r",
    nonce: "n",
    opaque: undefined,
    stale: false,
    ...changes,
  },
});
const basic: Offer = { scheme: "basic" };

const subsets: readonly (readonly Offer[])[] = [
  [],
  [basic],
  [digest("md5")],
  [digest("sha256")],
  [basic, digest("md5")],
  [basic, digest("sha256")],
  [digest("md5"), digest("sha256")],
  [digest("sha256"), digest("md5"), basic],
];

/** Expected: `-` unknown, `<` weaker, `!` readable, else the scheme answered. Rows: subsets; columns: floors, weakest first. */
const expected: Record<"open" | "secure", readonly (readonly string[])[]> = {
  open: [
    ["-", "-", "-", "-"],
    ["!", "!", "<", "<"],
    ["digest-md5", "digest-md5", "digest-md5", "<"],
    ["digest-sha-256", "digest-sha-256", "digest-sha-256", "digest-sha-256"],
    ["digest-md5", "digest-md5", "digest-md5", "<"],
    ["digest-sha-256", "digest-sha-256", "digest-sha-256", "digest-sha-256"],
    ["digest-sha-256", "digest-sha-256", "digest-sha-256", "digest-sha-256"],
    ["digest-sha-256", "digest-sha-256", "digest-sha-256", "digest-sha-256"],
  ],
  secure: [
    ["-", "-", "-", "-"],
    ["basic", "basic", "<", "<"],
    ["digest-md5", "digest-md5", "digest-md5", "<"],
    ["digest-sha-256", "digest-sha-256", "digest-sha-256", "digest-sha-256"],
    ["digest-md5", "digest-md5", "digest-md5", "<"],
    ["digest-sha-256", "digest-sha-256", "digest-sha-256", "digest-sha-256"],
    ["digest-sha-256", "digest-sha-256", "digest-sha-256", "digest-sha-256"],
    ["digest-sha-256", "digest-sha-256", "digest-sha-256", "digest-sha-256"],
  ],
};

const outcome = (offers: readonly Offer[], floor: AuthScheme, secure: boolean): string => {
  const decision = decideLogin({ offers, floor, secure });
  if (decision.kind === "answer") return decision.offer.scheme;
  return { unknown: "-", weaker: "<", readable: "!" }[decision.kind];
};

describe("decideLogin", () => {
  it.each([
    ["open", false],
    ["secure", true],
  ] as const)("answers by strength, floor and secrecy when the connection is %s", (name, secure) => {
    expect(subsets.map((offers) => authSchemes.map((floor) => outcome(offers, floor, secure)))).toEqual(expected[name]);
  });

  it("prefers the form that counts its requests, whatever the order", () => {
    const counted = digest("md5", { qop: "auth", nonce: "counted" });
    const plain = digest("md5", { nonce: "plain" });
    for (const offers of [
      [plain, counted],
      [counted, plain],
    ]) {
      expect(decideLogin({ offers, floor: "none", secure: false })).toEqual({ kind: "answer", offer: counted });
    }
  });

  it("takes the first of two equals", () => {
    const first = digest("sha256", { nonce: "first" });
    const offers = [first, digest("sha256", { nonce: "second" })];
    expect(decideLogin({ offers, floor: "none", secure: true })).toEqual({ kind: "answer", offer: first });
    expect(decideLogin({ offers: [basic, basic], floor: "none", secure: true }).kind).toBe("answer");
  });
});

it("orders the schemes from weak to strong", () => {
  expect(authSchemes.map((scheme) => authSchemes.map((than) => isWeaker(scheme, than)))).toEqual([
    [false, true, true, true],
    [false, false, true, true],
    [false, false, false, true],
    [false, false, false, false],
  ]);
});
