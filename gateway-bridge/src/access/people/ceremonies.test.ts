import { beforeEach, describe, expect, it } from "@jest/globals";
import { LoginId, PrincipalId } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";

import { Ceremonies, ceremonyMs, type CeremonyOf } from "./ceremonies.ts";

const ann = PrincipalId.parse("who-aaaaaaaaaaaaaaaa");
const login = LoginId.parse("login-aaaaaaaaaaaaaaaa");
const of: CeremonyOf = { purpose: "step-up", host: "villa.home.arpa", login };

let clock: TestClock;
let ceremonies: Ceremonies;
beforeEach(() => {
  clock = new TestClock();
  ceremonies = new Ceremonies({ clock });
});

describe("a question to an authenticator", () => {
  it("is 32 bytes that never come again, and is known by its id", () => {
    const [one, two] = [ceremonies.begin(of), ceremonies.begin(of)];
    expect(Buffer.from(one.challenge, "base64url")).toHaveLength(32);
    expect(new Set([one.id, two.id, one.challenge, two.challenge]).size).toBe(4);
    expect(ceremonies.challengeOf(one.id, of)).toBe(one.challenge);
  });

  it.each<[string, Partial<CeremonyOf>]>([
    ["another end", { purpose: "enrolment" }],
    ["another name of the gateway", { host: "localhost" }],
    ["another login", { login: LoginId.parse("login-bbbbbbbbbbbbbbbb") }],
  ])("is another one for %s", (_, change) => {
    const { id, challenge } = ceremonies.begin(of);
    expect(ceremonies.challengeOf(id, { ...of, ...change })).not.toBe(challenge);
  });

  it("is another one with any bit of its id changed, so that nobody makes it younger", () => {
    const { id, challenge } = ceremonies.begin(of);
    for (let bit = 0; bit < 256; bit += 1) {
      const bytes = Buffer.from(id, "base64url");
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(ceremonies.challengeOf(bytes.toString("base64url"), of)).not.toBe(challenge);
    }
  });

  it("is over after two minutes, and with the process that put it", async () => {
    const { id, challenge } = ceremonies.begin(of);
    await clock.advance(ceremonyMs - 1);
    expect(ceremonies.challengeOf(id, of)).toBe(challenge);
    await clock.advance(1);
    expect(ceremonies.challengeOf(id, of)).toBeUndefined();
    const later = ceremonies.begin(of);
    expect(new Ceremonies({ clock }).challengeOf(later.id, of)).not.toBe(later.challenge);
  });

  it("is answered well once", () => {
    const { id } = ceremonies.begin(of);
    expect(ceremonies.spend(id, ann)).toBe(true);
    expect(ceremonies.spend(id, ann)).toBe(false);
    expect(ceremonies.challengeOf(id, of)).toBeUndefined();
  });

  it("is not pushed out by any number of others, nor does it take memory", () => {
    const { id, challenge } = ceremonies.begin(of);
    for (let other = 0; other < 10_000; other += 1) ceremonies.begin({ purpose: "sign-in", host: "villa.home.arpa" });
    expect(ceremonies.challengeOf(id, of)).toBe(challenge);
  });

  it("is not answered without end by one person, which keeps nobody else from answering", async () => {
    const answer = (by: PrincipalId): boolean => ceremonies.spend(ceremonies.begin(of).id, by);
    for (let index = 0; index < 64; index += 1) expect(answer(ann)).toBe(true);
    expect(() => answer(ann)).toThrow(expect.objectContaining({ code: "too-many-requests" }));
    expect(answer(PrincipalId.parse("who-bbbbbbbbbbbbbbbb"))).toBe(true);
    await clock.advance(ceremonyMs);
    expect(answer(ann)).toBe(true);
  });
});
