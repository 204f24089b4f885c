import { describe, expect, it } from "@jest/globals";

import { judgeOffer, offerLifetimeMs, type OfferState, type OfferVerdict } from "./pairing-policy.ts";

const made = 1_700_000_000_000;

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
    const offer: OfferState = { kind: "homebridge", made, used };
    expect(judgeOffer(offer, sameKind ? "homebridge" : "node-red", now)).toBe(verdict);
  });

  it("knows no offer for another secret", () => {
    expect(judgeOffer(undefined, "homebridge", made)).toBe("unknown");
  });

  it("gives five minutes", () => {
    expect(offerLifetimeMs).toBe(300_000);
  });
});
