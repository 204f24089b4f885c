import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { createSecretKey, randomBytes } from "node:crypto";

import { seal, unseal, type Envelope, type Place } from "./envelope.ts";

const key = createSecretKey(randomBytes(32));
const place: Place = { name: "camera/cam-abcdefghijklmnop", version: 3, keyId: "key-abcdefghijklmnop" };
const corrupt = expect.objectContaining({ code: "vault-corrupt" });
const flip = (bytes: Buffer, at: number, bit: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed[at]! ^= 1 << bit;
  return changed;
};

describe("seal and unseal", () => {
  it("give back any content under any name, and nothing in any other place", () => {
    const places = fc.record({ name: fc.string({ unit: "binary" }), version: fc.nat(), keyId: fc.string() });
    fc.assert(
      fc.property(places, places, fc.uint8Array({ maxLength: 300 }), (own, other, content) => {
        const envelope = seal(key, own, content);
        expect(unseal(key, own, envelope).equals(content)).toBe(true);
        fc.pre(JSON.stringify(own) !== JSON.stringify(other));
        expect(() => unseal(key, other, envelope)).toThrow(corrupt);
      }),
      { numRuns: 500 },
    );
  });

  it("notice a change of any bit", () => {
    const { wrappedKey, sealed } = seal(key, place, Buffer.from("hunter2"));
    expect([wrappedKey.length, sealed.length]).toEqual([12 + 32 + 16, 12 + 7 + 16]);
    for (let bit = 0; bit < 8; bit += 1) {
      for (const at of wrappedKey.keys()) {
        expect(() => unseal(key, place, { wrappedKey: flip(wrappedKey, at, bit), sealed })).toThrow(corrupt);
      }
      for (const at of sealed.keys()) {
        expect(() => unseal(key, place, { wrappedKey, sealed: flip(sealed, at, bit) })).toThrow(corrupt);
      }
    }
  });

  it("notice a cut at any place, and bytes too many", () => {
    const whole = seal(key, place, Buffer.from("hunter2"));
    const refused = (envelope: Partial<Envelope>): void =>
      expect(() => unseal(key, place, { ...whole, ...envelope })).toThrow(corrupt);
    for (const at of whole.wrappedKey.keys()) refused({ wrappedKey: whole.wrappedKey.subarray(0, at) });
    for (const at of whole.sealed.keys()) refused({ sealed: whole.sealed.subarray(0, at) });
    refused({ wrappedKey: Buffer.concat([whole.wrappedKey, Buffer.of(0)]) });
    refused({ sealed: Buffer.concat([whole.sealed, Buffer.of(0)]) });
  });

  it("notice parts of another envelope, of the same place too", () => {
    const one = seal(key, place, Buffer.from("same"));
    const two = seal(key, place, Buffer.from("same"));
    expect(() => unseal(key, place, { wrappedKey: one.wrappedKey, sealed: two.sealed })).toThrow(corrupt);
    // The two encryptions cover different data, so one cannot stand in for the other even under one key.
    expect(() => unseal(key, place, { wrappedKey: one.sealed, sealed: one.wrappedKey })).toThrow(corrupt);
  });

  it("refuse another key", () => {
    const envelope = seal(key, place, Buffer.from("hunter2"));
    expect(() => unseal(createSecretKey(randomBytes(32)), place, envelope)).toThrow(corrupt);
  });

  it("never use a nonce or a data key twice", () => {
    const envelopes = Array.from({ length: 1_000 }, () => seal(key, place, Buffer.from("same")));
    const parts = envelopes.flatMap(({ wrappedKey, sealed }) => [
      wrappedKey.toString("hex", 0, 12),
      sealed.toString("hex", 0, 12),
      sealed.toString("hex", 12),
    ]);
    expect(new Set(parts).size).toBe(3_000);
  });

  it("say the secret's name, and nothing of its content, when they fail", () => {
    const { wrappedKey, sealed } = seal(key, place, Buffer.from("hunter2"));
    expect(() => unseal(key, place, { wrappedKey, sealed: flip(sealed, 20, 0) })).toThrow(
      'the secret "camera/cam-abcdefghijklmnop" does not match its key or its place',
    );
  });
});
