import { describe, expect, it } from "@jest/globals";

import { chooseKey } from "./key-choice-policy.ts";

const ecdsa = "1.2.840.10045.4.3.2";
const rsa = "1.2.840.113549.1.1.11";
const sha1 = "1.2.840.113549.1.1.5";

describe("chooseKey", () => {
  it.each<[readonly string[], readonly number[], readonly string[], string | undefined]>([
    [["secp384r1", "secp256r1"], [2048, 3072], [ecdsa, rsa], "secp256r1"],
    [["P-256"], [], [], "P-256"],
    // It cannot sign by what the curve needs.
    [["secp256r1"], [2048], [rsa], "2048"],
    [["secp521r1"], [1024, 2048, 4096], [], "4096"],
    [[], [1024, 2048, 3072, 4096], [rsa], "3072"],
    [[], [4096, 2048], [rsa], "4096"],
    [[], [2048, 1024], [rsa], "2048"],
    // Nothing that would not be a weakness again.
    [[], [512, 1024], [rsa], undefined],
    [[], [2048], [sha1], undefined],
    [[], [], [rsa], undefined],
    [[], [], [], undefined],
  ])("curves %j, RSA %j, signatures %j: %s", (ellipticCurves, rsaKeyLengths, signatureAlgorithms, expected) => {
    const choice = chooseKey({ ellipticCurves, rsaKeyLengths, signatureAlgorithms });
    expect(choice?.kind === "ecc" ? choice.curve : choice && String(choice.bits)).toBe(expected);
  });
});
