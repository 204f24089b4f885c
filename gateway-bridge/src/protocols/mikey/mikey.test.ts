import { describe, expect, it } from "@jest/globals";
import type { GatehouseError } from "@gatehouse/shared";
import { inspect } from "node:util";

import { drawSrtpMaster } from "../srtp/srtp-key.ts";
import { formatMikey } from "./format-mikey.ts";
import { formatKeyManagementHeader, readKeyManagementAttribute, readKeyManagementHeader } from "./key-management.ts";
import { parseMikey } from "./parse-mikey.ts";
import { readSrtpOffer, type SrtpOffer } from "./srtp-offer.ts";

// Covers: a round trip with and without MKI, both tag sizes and several sources; every payload that is passed over; every way of
// carrying a key; each policy that is refused; each place where a message can be cut; both ways of telling it in RTSP.

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const options = { bundle: 0xfe_dc_ba_98, random: Buffer.alloc(16, 7), now: 1_700_000_000_500 };
const offer = (fields: Partial<SrtpOffer> = {}): SrtpOffer => ({
  master: drawSrtpMaster(),
  mki: Buffer.alloc(0),
  tagSize: 10,
  sources: new Map([[0xdead_beef, 3]]),
  ...fields,
});

/** A message put together by hand, from payloads without their first byte. */
const message = (...payloads: readonly (readonly [type: number, ...content: number[]])[]): Buffer => {
  const header = [1, 0, payloads[0]?.[0] ?? 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 9, 0, 0, 0, 2];
  const rest = payloads.flatMap(([, ...content], index) => [payloads[index + 1]?.[0] ?? 0, ...content]);
  return Buffer.from([...header, ...rest]);
};

const key = Array.from({ length: 30 }, (_, index) => index);
/** One TEK of 30 bytes, in a KEMAC without MAC. */
const kemac = [1, 0, 0, 34, 0, 0x20, 0, 30, ...key, 0] as const;

describe("a message of our own", () => {
  it.each<[string, SrtpOffer]>([
    ["one source", offer()],
    ["an MKI of four bytes", offer({ mki: Buffer.from([1, 2, 3, 4]) })],
    ["short tags", offer({ tagSize: 4 })],
    [
      "several sources",
      offer({
        sources: new Map([
          [1, 0],
          [2, 65_536],
          [0xffff_ffff, 7],
        ]),
      }),
    ],
    ["no source", offer({ sources: new Map() })],
  ])("is read as it was meant: %s", (_, meant) => {
    expect(readSrtpOffer(parseMikey(formatMikey(meant, options)))).toEqual(meant);
  });

  it("names its bundle", () => {
    expect(parseMikey(formatMikey(offer(), options)).bundle).toBe(options.bundle);
  });

  it("is malformed, wherever it is cut", () => {
    const whole = formatMikey(offer({ mki: Buffer.from([9]) }), options);
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => parseMikey(whole.subarray(0, length))).toThrow(code("camera-answer-malformed"));
    }
  });
});

describe("a message by hand", () => {
  it("may have payloads that say nothing of SRTP", () => {
    const passed = [
      [5, 2, 0, 0, 0, 1],
      [5, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [6, 0, 0, 2, 65, 66],
      [7, 1, 0, 1, 0],
      [21, 0, 0, 1, 0],
      [11, 3, 1, 2, 3],
      [9, 1, ...Array<number>(20).fill(0)],
    ] as const;
    const read = parseMikey(message(...passed, kemac, [9, 0]));
    expect(read.sessions).toEqual([{ policy: 0, ssrc: 9, rollover: 2 }]);
    expect(readSrtpOffer(read)).toEqual({
      master: { key: Buffer.from(key.slice(0, 16)), salt: Buffer.from(key.slice(16)) },
      mki: Buffer.alloc(0),
      tagSize: 10,
      sources: new Map([[9, 2]]),
    });
  });

  it("may have its salt apart, a MAC, a validity, and more keys than one", () => {
    const apart = [0x14, 0x31, 0, 16, ...key.slice(0, 16), 0, 14, ...key.slice(16), 2, 0xaa, 0xbb];
    const timed = [0, 0x22, 0, 1, 5, 2, 0, 1, 0];
    const content = [...apart, ...timed];
    const { keys } = parseMikey(message([1, 0, 0, content.length, ...content, 1, ...Array<number>(20).fill(0)]));
    expect(keys).toEqual([
      {
        kind: "tek",
        key: Buffer.from(key.slice(0, 16)),
        salt: Buffer.from(key.slice(16)),
        mki: Buffer.from([0xaa, 0xbb]),
      },
      { kind: "tek", key: Buffer.from([5]), salt: Buffer.alloc(0), mki: Buffer.alloc(0) },
    ]);
  });

  it("may tell the length of the tag as GStreamer does", () => {
    const policy = [10, 0, 0, 0, 3, 3, 1, 4] as const;
    expect(readSrtpOffer(parseMikey(message(policy, kemac))).tagSize).toBe(4);
  });

  it.each<[string, readonly (readonly [number, ...number[]])[]]>([
    ["no key", [[11, 0]]],
    ["a key to draw others from", [[1, 0, 0, 34, 0, 0x00, 0, 30, ...key, 0]]],
    ["a key of another length", [[1, 0, 0, 5, 0, 0x20, 0, 1, 9, 0]]],
    ["an encrypted key", [[1, 1, 0, 0, 0]]],
    ["a payload of a public key", [[2, 0, 0]]],
    ["a cipher that is none", [[10, 0, 0, 0, 3, 0, 1, 0], kemac]],
    ["GCM", [[10, 0, 0, 0, 3, 0, 1, 6], kemac]],
    ["a longer key", [[10, 0, 0, 0, 3, 1, 1, 32], kemac]],
    ["no authentication", [[10, 0, 0, 0, 3, 10, 1, 0], kemac]],
    ["no encryption", [[10, 0, 0, 0, 3, 7, 1, 0], kemac]],
    ["keys drawn over and over", [[10, 0, 0, 0, 4, 6, 2, 1, 0], kemac]],
    ["a tag of 16 bytes", [[10, 0, 0, 0, 3, 11, 1, 16], kemac]],
  ])("is refused with %s", (_, payloads) => {
    expect(() => readSrtpOffer(parseMikey(message(...payloads)))).toThrow(code("camera-fault"));
  });

  it.each<[string, Buffer]>([
    ["another version", Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    ["a map that is not SRTP's", Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 1])],
    ["a policy that is not SRTP's", message([10, 0, 1, 0, 0], kemac)],
    ["a parameter longer than its policy", message([10, 0, 0, 0, 2, 0, 9], kemac)],
    ["a key of an unknown kind", message([1, 0, 0, 4, 0, 0x40, 0, 0, 0])],
    ["a key of an unknown validity", message([1, 0, 0, 4, 0, 0x23, 0, 0, 0])],
    ["a key longer than its payload", message([1, 0, 0, 5, 0, 0x20, 0, 2, 9, 0])],
  ])("is malformed with %s", (_, bytes) => {
    expect(() => parseMikey(bytes)).toThrow(code("camera-answer-malformed"));
  });

  it("is refused where an answer to a question is wanted", () => {
    expect(() => parseMikey(Buffer.from([1, 1, 0, 0, 0, 0, 0, 0, 0, 0]))).toThrow(code("camera-fault"));
  });
});

describe("a message in RTSP", () => {
  const bytes = Buffer.from("any message");

  it.each<[string, Buffer | undefined]>([
    [`mikey ${bytes.toString("base64")}`, bytes],
    [`MIKEY   ${bytes.toString("base64")} `, bytes],
    ["sdes AAAA", undefined],
    ["mikey", undefined],
    ["mikey ?", undefined],
  ])("is read from the attribute %p", (attribute, expected) => {
    expect(readKeyManagementAttribute(attribute)).toEqual(expected);
  });

  it.each<[string, Buffer | undefined]>([
    [formatKeyManagementHeader("rtsps://h/a;b/trackID=0", bytes), bytes],
    [`prot=mikey; uri="x"; data="${bytes.toString("base64")}"`, bytes],
    [`data=${bytes.toString("base64")};prot="mikey"`, bytes],
    [`prot=other;data="${bytes.toString("base64")}"`, undefined],
    ["prot=mikey", undefined],
    ["", undefined],
  ])("is read from the header %p", (header, expected) => {
    expect(readKeyManagementHeader(header)).toEqual(expected);
  });

  it("has an end", () => {
    expect(() => readKeyManagementAttribute(`mikey ${"A".repeat(16_385)}`)).toThrow(code("camera-answer-too-large"));
  });
});

describe("what is said of a message that cannot be used", () => {
  it("holds no part of its key, in whatever spelling", () => {
    const { master } = offer();
    const whole = formatMikey(offer({ master, mki: Buffer.from([9]) }), options);
    const spelled = [master.key, master.salt].flatMap((secret) =>
      (["latin1", "hex", "base64", "base64url"] as const).map((spelling) => secret.toString(spelling).slice(0, 8)),
    );
    const said: string[] = [];
    for (let at = 0; at < whole.length; at += 1) {
      for (const damaged of [whole.subarray(0, at), Buffer.from(whole).fill(whole.readUInt8(at) ^ 0xff, at, at + 1)]) {
        try {
          readSrtpOffer(parseMikey(damaged));
        } catch (error) {
          const { message: words, details, cause } = error as GatehouseError;
          said.push(inspect({ words, details, cause }, { depth: 9 }));
        }
      }
    }
    expect(said.length).toBeGreaterThan(whole.length);
    expect(spelled.filter((secret) => said.join().includes(secret))).toEqual([]);
  });
});
