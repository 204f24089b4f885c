import { describe, expect, it } from "@jest/globals";
import { sign, verify } from "node:crypto";

import { keptKey } from "./kept-key.ts";

const memory = () => {
  const kept = new Map<string, Buffer>();
  return {
    put: (name: string, content: Uint8Array) => void kept.set(name, Buffer.from(content)),
    get: (name: string) => {
      const content = kept.get(name);
      return content === undefined ? undefined : Buffer.from(content);
    },
    delete: (name: string) => void kept.delete(name),
  };
};

describe("keptKey", () => {
  it.each([
    ["P-256", "ec"],
    ["Ed25519", "ed25519"],
  ] as const)("makes a key on %s once and gives the same from then on", (kind, type) => {
    const secrets = memory();
    const made = keptKey(secrets, "a", kind);
    const again = keptKey(secrets, "a", kind);
    const body = Buffer.from("x");
    const digest = kind === "P-256" ? "sha256" : null;
    expect(made.publicKey.asymmetricKeyType).toBe(type);
    expect(verify(digest, body, made.publicKey, sign(digest, body, again.privateKey))).toBe(true);
    expect(again.publicKey.equals(made.publicKey)).toBe(true);
    expect(keptKey(secrets, "b", kind).publicKey.equals(made.publicKey)).toBe(false);
  });

  it("gives no key of another kind than was asked for", () => {
    const secrets = memory();
    keptKey(secrets, "a");
    expect(() => keptKey(secrets, "a", "Ed25519")).toThrow(/not one on Ed25519/);
  });
});
