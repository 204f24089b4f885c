import { expect, it } from "@jest/globals";
import { formatPairingString, parseAddress, parsePairingString } from "@gatehouse/shared";

import { fuzz } from "../support/fuzz.ts";

const ticket = { address: "gateway.lan:8443", keyHash: Buffer.alloc(16, 7), secret: Buffer.alloc(16, 0xfe) };
const corpus = ["gateway.lan:8443", "[fe80::1]:9", "192.0.2.7:65535"].map((address) =>
  Buffer.from(formatPairingString({ ...ticket, address })),
);
const dictionary = ["gh1.", ".", "=", "Z2F0ZXdheS5sYW46ODQ0Mw", "AAAAAAAAAAAAAAAAAAAAAA", "\u00a0", " ", "_-"];

it("refuses hostile pairing strings with one error, and what it accepts is whole", () => {
  let accepted = 0;
  fuzz(
    (input) => {
      const parsed = parsePairingString(input.toString("utf8"));
      accepted += 1;
      if (parsed.keyHash.length !== 16 || parsed.secret.length !== 16) throw new Error("cut short");
      if (parseAddress(parsed.address) === undefined) throw new Error("no address");
      expect(parsePairingString(formatPairingString(parsed))).toEqual(parsed);
    },
    { corpus, dictionary },
  );
  // Void if every input fell at the first letter.
  expect(accepted).toBeGreaterThan(100);
});
