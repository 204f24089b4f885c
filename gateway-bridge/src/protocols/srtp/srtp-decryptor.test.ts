import { describe, expect, it } from "@jest/globals";
import { RtpHeader, SrtpSession } from "werift";

import { parseRtp } from "../rtp/rtp-packet.ts";
import { SrtpDecryptor } from "./srtp-decryptor.ts";
import { SrtpEncryptor } from "./srtp-encryptor.ts";
import { drawSrtpMaster, type SrtpMaster } from "./srtp-key.ts";

const open = (master: SrtpMaster, firstSequence = 0, ssrc = 5): SrtpEncryptor =>
  new SrtpEncryptor(master, { ssrc, payloadType: 110, firstSequence, maxPayload: 64, slots: 256 });

const speech = (index: number) => ({
  timestamp: index,
  marker: false,
  prefix: Buffer.alloc(0),
  body: Buffer.from(`speech ${index}`),
});

const texts = (decryptor: SrtpDecryptor, packets: readonly Buffer[]): readonly string[] =>
  packets.map((bytes) => {
    const packet = decryptor.unprotect(bytes);
    return packet === undefined ? "refused" : parseRtp(packet).payload.toString();
  });

describe("SrtpDecryptor", () => {
  it("opens what the encryptor made, across the sequence's wrap and out of order", () => {
    const master = drawSrtpMaster();
    const indexes = Array.from({ length: 40 }, (_, index) => index);
    const packets = open(master, 65_520).protect(indexes.map(speech));
    const shuffled = indexes.toSorted((a, b) => (a ^ 3) - (b ^ 3));
    const inOrder = shuffled.map((index) => packets[index] ?? Buffer.alloc(0));
    expect(texts(new SrtpDecryptor(master), inOrder)).toEqual(shuffled.map((index) => `speech ${index}`));
  });

  it("opens werift's packets with CSRCs and an extension", () => {
    const master = drawSrtpMaster();
    const keys = {
      localMasterKey: master.key,
      localMasterSalt: master.salt,
      remoteMasterKey: master.key,
      remoteMasterSalt: master.salt,
    };
    const header = new RtpHeader({
      payloadType: 110,
      sequenceNumber: 3,
      ssrc: 9,
      extension: true,
      extensionProfile: 0xbede,
      extensions: [{ id: 1, payload: Buffer.from([1, 2]) }],
      csrc: [1, 2],
    });
    const bytes = new SrtpSession({ profile: 1, keys }).encrypt(Buffer.from("speech"), header);
    expect(texts(new SrtpDecryptor(master), [bytes])).toEqual(["speech"]);
  });

  it("refuses what was seen, and what is too old to tell", () => {
    const master = drawSrtpMaster();
    const packets = open(master).protect(Array.from({ length: 100 }, (_, index) => speech(index)));
    const decryptor = new SrtpDecryptor(master);
    const of = (...indexes: readonly number[]) => indexes.map((index) => packets[index] ?? Buffer.alloc(0));
    expect(texts(decryptor, of(0, 1, 1, 99, 36, 35, 36))).toEqual([
      "speech 0",
      "speech 1",
      "refused",
      "speech 99",
      "speech 36",
      "refused",
      "refused",
    ]);
  });

  it("refuses packets of another key, and every changed bit, without losing its place", () => {
    const master = drawSrtpMaster();
    const [bytes = Buffer.alloc(0)] = open(master, 40_000).protect([speech(1)]);
    const decryptor = new SrtpDecryptor(master);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(decryptor.unprotect(changed)).toBeUndefined();
    }
    expect(texts(decryptor, [bytes])).toEqual(["speech 1"]);
    expect(texts(new SrtpDecryptor(drawSrtpMaster()), [bytes])).toEqual(["refused"]);
  });

  it("hears a bounded number of sources", () => {
    const master = drawSrtpMaster();
    const decryptor = new SrtpDecryptor(master);
    const heard = Array.from({ length: 30 }, (_, ssrc) => texts(decryptor, open(master, 0, ssrc).protect([speech(1)])));
    expect(heard.flat().filter((text) => text === "speech 1")).toHaveLength(16);
  });

  it("refuses what would be before the first packet", () => {
    const master = drawSrtpMaster();
    const [first = Buffer.alloc(0)] = open(master, 10).protect([speech(1)]);
    const [before = Buffer.alloc(0)] = open(master, 65_530).protect([speech(2)]);
    expect(texts(new SrtpDecryptor(master), [first, before])).toEqual(["speech 1", "refused"]);
  });
});
