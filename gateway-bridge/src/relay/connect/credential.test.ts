import { describe, expect, it } from "@jest/globals";
import { createHash } from "node:crypto";

import { LocalCredential, localRealm, localUser } from "./credential.ts";

const credential = LocalCredential.draw();
const secret = credential.secret.reveal();
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

describe("LocalCredential", () => {
  it("is 256 bits, drawn anew each time, and prints as a secret", () => {
    expect(Buffer.from(secret, "base64url")).toHaveLength(32);
    expect(LocalCredential.draw().secret.reveal()).not.toBe(secret);
    expect(JSON.stringify({ credential })).not.toContain(secret);
  });

  it.each([
    ["a bearer's", `Bearer ${secret}`],
    ["a bearer's in small letters", `bearer ${secret}`],
    ["a password's", basic(localUser, secret)],
  ])("is in %s header", (_what, header) => {
    expect(credential.isIn(header)).toBe(true);
  });

  it.each([
    ["no header", undefined],
    ["an empty one", ""],
    ["another's", `Bearer ${LocalCredential.draw().secret.reveal()}`],
    ["a part of it", `Bearer ${secret.slice(0, -1)}`],
    ["more than it", `Bearer ${secret}A`],
    ["one without a scheme", secret],
    ["another user's", basic("admin", secret)],
    ["nobody's", basic("", secret)],
    ["a wrong password", basic(localUser, `${secret} `)],
    ["an endless one", `Bearer ${"A".repeat(100_000)}`],
    ["two", `Bearer x, Bearer ${secret}`],
  ])("is not in %s", (_what, header) => {
    expect(credential.isIn(header)).toBe(false);
  });

  it("gives Digest what it needs, for its own user alone", () => {
    const expected = createHash("md5").update(`${localUser}:${localRealm}:${secret}`).digest();
    expect(credential.ha1(localUser, "MD5")).toEqual(expected);
    expect(credential.ha1(localUser, "SHA-256")).toHaveLength(32);
    expect(credential.ha1("admin", "MD5")).toBeUndefined();
  });
});
