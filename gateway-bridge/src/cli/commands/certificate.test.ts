import { describe, expect, it } from "@jest/globals";
import type { Trust } from "@gatehouse/shared";

import { certificateText } from "./certificate.ts";

const now = Date.UTC(2027, 0, 10);
const dayMs = 86_400_000;
const home = { kind: "home" as const, names: ["localhost", "127.0.0.1"], expires: now + 300 * dayMs };
const acme = { kind: "acme" as const, names: ["cams.example.org"], expires: now + 60 * dayMs };
const named = { kind: "acme" as const, name: "cams.example.org", shown: true, nextTry: now + 30 * dayMs };
const trust = (over: Partial<Trust>): Trust => ({
  ...{ url: "https://gate:8443/trust/ca.crt", fingerprint: "AA", expires: now },
  ...{ certificates: [home], named: null, notice: null, ...over },
});
const text = (over: Partial<Trust>): string => certificateText(trust(over), now);

describe("gatehouse certificate", () => {
  it("shows what is served, by which kind, and until when", () => {
    expect(text({})).toBe(
      "the home's own, to whoever asks for anything else: until 2027-11-06\n  localhost, 127.0.0.1",
    );
    expect(text({ certificates: [home, acme], named })).toMatch(
      /by ACME: until 2027-03-11\n {2}cams\.example\.org\nnext for cams\.example\.org: it is asked for on 2027-02-09/,
    );
    const own = { ...acme, kind: "own" as const };
    expect(text({ certificates: [home, own], named: { ...named, kind: "own", nextTry: null } })).toMatch(
      /yours, from your files: until 2027-03-11[^]*your files are looked at every minute$/,
    );
  });

  it("says where there is none yet, why, and what to do", () => {
    const shown = text({ named: { ...named, shown: false, nextTry: now }, notice: "there is no token" });
    expect(shown).toMatch(/! There is no certificate for cams\.example\.org yet/);
    expect(shown).toMatch(/asked for now\n! there is no token\n.*`gatehouse certificate token`/);
    expect(text({ named: { ...named, kind: "own", nextTry: null }, notice: "key.pem is no key of cert.pem" })).toMatch(
      /! key\.pem is no key of cert\.pem\n {2}Correct the files/,
    );
  });

  it("does not call one good that has ended", () => {
    expect(text({ certificates: [home, { ...acme, expires: now - dayMs }], named })).toMatch(/ENDED on 2027-01-09/);
  });
});
