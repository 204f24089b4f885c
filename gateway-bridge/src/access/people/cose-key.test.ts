import { describe, expect, it } from "@jest/globals";
import { generateKeyPairSync } from "node:crypto";

import { assertPasskeyKey } from "./cose-key.ts";

const bytes = (text: string | undefined): Buffer => Buffer.from(text!, "base64url");
const ec = (curve = "P-256") => generateKeyPairSync("ec", { namedCurve: curve }).publicKey.export({ format: "jwk" });
const rsa = (bits: number): Map<number, unknown> => {
  const { n, e } = generateKeyPairSync("rsa", { modulusLength: bits }).publicKey.export({ format: "jwk" });
  return new Map<number, unknown>([[1, 3], [3, -257], [-1, bytes(n)], [-2, bytes(e)]]); // prettier-ignore
};
const okp = (): Map<number, unknown> => {
  const { x } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  return new Map<number, unknown>([[1, 1], [3, -8], [-1, 6], [-2, bytes(x)]]); // prettier-ignore
};
const p256 = ({ x, y } = ec()): Map<number, unknown> =>
  new Map<number, unknown>([[1, 2], [3, -7], [-1, 1], [-2, bytes(x)], [-3, bytes(y)]]); // prettier-ignore
const changed = (key: Map<number, unknown>, label: number, value: unknown): Map<number, unknown> =>
  new Map(key).set(label, value);

describe("a passkey's public key", () => {
  it.each([
    ["EdDSA", okp],
    ["ES256", p256],
    ["RS256", () => rsa(2_048)],
  ])("is taken for %s", (_, make) => {
    expect(() => assertPasskeyKey(make())).not.toThrow();
  });

  const offCurve = p256();
  offCurve.set(-3, Buffer.alloc(32, 1));
  it.each<[string, ReadonlyMap<number, unknown>]>([
    ["nothing", new Map()],
    ["another algorithm", changed(p256(), 3, -35)],
    ["an algorithm of another kind of key", changed(p256(), 3, -8)],
    ["the curve of another algorithm", changed(p256(), -1, 2)],
    ["half a point", changed(p256(), -3, Buffer.alloc(31, 1))],
    ["a point that is not on the curve", offCurve],
    ["a coordinate that is text", changed(p256(), -2, "x")],
    ["Ed448", changed(okp(), -1, 7)],
    ["half an Ed25519 key", changed(okp(), -2, Buffer.alloc(16))],
    ["RSA of 1,024 bits", rsa(1_024)],
    ["RSA with a cut exponent", changed(rsa(2_048), -2, Buffer.of(1, 0))],
  ])("is none of %s", (_, key) => {
    expect(() => assertPasskeyKey(key)).toThrow(expect.objectContaining({ code: "passkey-refused" }));
  });
});
