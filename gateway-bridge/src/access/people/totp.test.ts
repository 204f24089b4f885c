import { describe, expect, it } from "@jest/globals";
import { base32, PrincipalId, Secret } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";

import { MemorySecrets } from "../testing/open-door.ts";
import { codeAt } from "./testing/authenticator.ts";
import { Totp } from "./totp.ts";

const ann = PrincipalId.parse("who-aaaaaaaaaaaaaaaa");
const [kept, offered] = [`person/${ann}/totp-kept`, `person/${ann}/totp-offered`];

const openAt = (now: number) => {
  const [clock, secrets] = [new TestClock(now), new MemorySecrets()];
  return { clock, secrets, totp: new Totp({ clock, secrets, issuer: "Villa Sole" }) };
};

/** RFC 6238 appendix B, SHA-1; six digits are the last six of its eight. */
it.each([
  [59, "94287082"],
  [1_111_111_109, "07081804"],
  [1_111_111_111, "14050471"],
  [1_234_567_890, "89005924"],
  [2_000_000_000, "69279037"],
  [20_000_000_000, "65353130"],
])("at %i s after the epoch the code is that of RFC 6238", (seconds, digits) => {
  const { totp, secrets } = openAt(seconds * 1_000);
  const secret = Buffer.from("12345678901234567890");
  secrets.put(kept, secret);
  expect(totp.check(ann, Secret.of(digits.slice(2)))).toBe(Math.floor(seconds / 30));
  expect(codeAt(base32(secret).toUpperCase(), seconds * 1_000, 8)).toBe(digits);
});

describe("an authenticator", () => {
  it("is given 160 bits, which count once it has shown a code", () => {
    const { totp, secrets, clock } = openAt(1_700_000_000_000);
    const { secret, uri } = totp.start(ann, "ann");
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(uri).toContain(`secret=${secret}`);
    expect(decodeURIComponent(uri)).toContain("otpauth://totp/Villa Sole:ann");
    const code = Secret.of(codeAt(secret, clock.now()));
    expect(totp.check(ann, code)).toBeUndefined();
    expect(totp.confirm(ann, code)).toBe(Math.floor(clock.now() / 30_000));
    expect(secrets.get(kept)).toHaveLength(20);
    expect(secrets.get(offered)).toBeUndefined();
    expect(totp.check(ann, code)).toBe(Math.floor(clock.now() / 30_000));
    totp.forget(ann);
    expect([...secrets.held.keys()]).toEqual([]);
  });

  it("that is started again leaves the one before in force until then", () => {
    const { totp, clock } = openAt(1_700_000_000_000);
    const first = totp.start(ann, "ann");
    totp.confirm(ann, Secret.of(codeAt(first.secret, clock.now())));
    const second = totp.start(ann, "ann");
    expect(totp.confirm(ann, Secret.of(codeAt(first.secret, clock.now())))).toBeUndefined();
    expect(totp.check(ann, Secret.of(codeAt(first.secret, clock.now())))).toBeDefined();
    totp.confirm(ann, Secret.of(codeAt(second.secret, clock.now())));
    expect(totp.check(ann, Secret.of(codeAt(first.secret, clock.now())))).toBeUndefined();
  });

  it.each([
    [30, 30],
    [-30, -30],
    [300, 300],
    [-300, -300],
    [330, undefined],
    [-330, undefined],
    [0, undefined],
  ])("set up by a clock that is %i seconds behind the box's tells the difference: %s", (behind, told) => {
    const { totp, clock } = openAt(1_700_000_000_000);
    expect(totp.offBy(ann, Secret.of("123456"))).toBeUndefined();
    const { secret } = totp.start(ann, "ann");
    expect(totp.offBy(ann, Secret.of(codeAt(secret, clock.now() - behind * 1_000)))).toBe(told);
  });

  it.each([-30_000, 30_000])("shows codes that are good for their own 30 seconds alone, not %i ms off", (off) => {
    const { totp, clock } = openAt(1_700_000_010_000);
    const { secret } = totp.start(ann, "ann");
    expect(totp.confirm(ann, Secret.of(codeAt(secret, clock.now() + off)))).toBeUndefined();
  });

  it.each(["", "12345", "1234567", "12345a", "１２３４５６", " 123456"])("never shows %j", (text) => {
    const { totp } = openAt(1_700_000_000_000);
    totp.start(ann, "ann");
    expect(totp.confirm(ann, Secret.of(text))).toBeUndefined();
  });
});
