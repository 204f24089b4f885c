import { describe, expect, it } from "@jest/globals";

import { formatMikey } from "../../gateway-bridge/src/protocols/mikey/format-mikey.ts";
import {
  formatKeyManagementHeader,
  readKeyManagementAttribute,
  readKeyManagementHeader,
} from "../../gateway-bridge/src/protocols/mikey/key-management.ts";
import { parseMikey } from "../../gateway-bridge/src/protocols/mikey/parse-mikey.ts";
import { readSrtpOffer } from "../../gateway-bridge/src/protocols/mikey/srtp-offer.ts";
import { fuzz } from "../support/fuzz.ts";

const offer = {
  master: { key: Buffer.alloc(16, 1), salt: Buffer.alloc(14, 2) },
  tagSize: 10,
  sources: new Map([
    [1, 0],
    [0xffff_ffff, 65_535],
  ]),
} as const;
const options = { bundle: 7, random: Buffer.alloc(16, 3), now: 1_700_000_000_000 };
const plain = formatMikey({ ...offer, mki: Buffer.alloc(0) }, options);
const named = formatMikey({ ...offer, mki: Buffer.from([1, 2, 3, 4]) }, options);
/** With every payload that is passed over, a MAC, a salt apart and a validity. */
const rare = Buffer.from(
  [
    "01000600000000070100000000000900000002",
    "0700000241420901000100",
    "1501140000000000000000000000000000000000000000",
    "0500000100" + "0b0200000001" + "0a03010203" + "01000000030b0104",
    "000000" + "13" + "1431" + "0004aabbccdd" + "0002eeff" + "01aa" + "0022" + "0001" + "05" + "0100" + "00",
  ].join(""),
  "hex",
);

describe("a key message of a camera", () => {
  it("is no danger", () => {
    const corpus = [plain, named, rare];
    const dictionary = [
      "\x00",
      "\x01",
      "\x05",
      "\x0a",
      "\x0b",
      "\x14",
      "\xff\xff",
      "\x20\x00\x1e",
      "\x31",
      "\x22",
      "\x0b\x01\x04",
    ];
    let [read, keyed] = [0, 0];
    fuzz(
      (input) => {
        const message = parseMikey(input);
        read += 1;
        const carried = message.keys.reduce(
          (sum, { key, salt, mki }) => sum + key.length + salt.length + mki.length,
          0,
        );
        if (carried > input.length || message.sessions.length > 255) throw new Error("made something up");
        const { master, tagSize } = readSrtpOffer(message);
        if (master.key.length !== 16 || master.salt.length !== 14 || ![4, 10].includes(tagSize))
          throw new Error("unfit");
        keyed += 1;
      },
      { corpus, dictionary, inputs: 40_000 },
    );
    // Void if every input fell at the first byte.
    expect(read).toBeGreaterThan(1_000);
    expect(keyed).toBeGreaterThan(1_000);
  });

  it("is no danger in an attribute or a header", () => {
    const data = plain.toString("base64");
    const corpus = [`mikey ${data}`, formatKeyManagementHeader("rtsps://h/trackID=1", plain)].map((text) =>
      Buffer.from(text, "latin1"),
    );
    const dictionary = ["prot=mikey", ";", '"', "data=", "=", ",", " ", "uri=", data, "\r\n"];
    let found = 0;
    fuzz(
      (input) => {
        const text = input.toString("latin1");
        for (const bytes of [readKeyManagementAttribute(text), readKeyManagementHeader(text)]) {
          if (bytes === undefined) continue;
          found += 1;
          if (bytes.length > text.length) throw new Error("longer than it was");
        }
      },
      { corpus, dictionary },
    );
    expect(found).toBeGreaterThan(1_000);
  });
});
