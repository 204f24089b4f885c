import { describe, expect, it } from "@jest/globals";
import type { PrincipalId } from "@gatehouse/shared";

import { isNamed, judgeOffer, offerLifetimeMs, type OfferState, type OfferVerdict } from "./pairing-policy.ts";

const made = 1_700_000_000_000;
const one = "who-aaaaaaaaaaaaaaaa" as PrincipalId;
const other = "who-bbbbbbbbbbbbbbbb" as PrincipalId;

describe("judgeOffer", () => {
  // Every combination of: used, time against the lifetime, kind.
  const times: [string, number, boolean][] = [
    ["before it was made", made - 1, false],
    ["when it was made", made, true],
    ["at its last moment", made + offerLifetimeMs - 1, true],
    ["at its end", made + offerLifetimeMs, false],
    ["long after", made * 2, false],
  ];
  const rows = [false, true].flatMap((used) =>
    times.flatMap(([when, now, inTime]) =>
      [true, false].map((sameKind) => {
        const verdict: OfferVerdict = used ? "used" : !inTime ? "expired" : sameKind ? "accepted" : "other-kind";
        return { used, when, now, sameKind, verdict };
      }),
    ),
  );

  it.each(rows)("$verdict: used $used, $when, of the caller's kind $sameKind", ({ used, now, sameKind, verdict }) => {
    const offer: OfferState = { kind: "homebridge", made, used, letIn: used ? one : null };
    const kind = sameKind ? "homebridge" : "node-red";
    expect(judgeOffer(offer, { kind, holder: undefined }, now)).toBe(verdict);
    expect(judgeOffer(offer, { kind, holder: { id: other, revoked: null } }, now)).toBe(verdict);
  });

  it.each([
    ["in time", made + 1, null, "repeated"],
    ["too late", made + offerLifetimeMs, null, "used"],
    ["after it was revoked", made + 2, made + 1, "used"],
  ] as const)(
    "lets the key that used it ask again only while that can be a lost answer: %s",
    (_when, now, revoked, verdict) => {
      const offer: OfferState = { kind: "homebridge", made, used: true, letIn: one };
      expect(judgeOffer(offer, { kind: "homebridge", holder: { id: one, revoked } }, now)).toBe(verdict);
    },
  );

  it("knows no offer for another secret", () => {
    expect(judgeOffer(undefined, { kind: "homebridge", holder: undefined }, made)).toBe("unknown");
  });

  it("gives five minutes", () => {
    expect(offerLifetimeMs).toBe(300_000);
  });
});

describe("isNamed", () => {
  it.each([
    ["the same hash", "aabbccdd", "aabbccdd", true],
    ["one that is the same in its first 24 bits", "aabbccdd", "aabbcc00", true],
    ["one that differs in the 24th bit", "aabbccdd", "aabbcddd", false],
    ["one that differs in the first bit", "aabbccdd", "2abbccdd", false],
  ])("%s", (_, offered, given, named) => {
    expect(isNamed(Buffer.from(offered, "hex"), Buffer.from(given, "hex"))).toBe(named);
  });
});
