import { describe, expect, it } from "@jest/globals";
import { SrtcpSession } from "werift";

import { buildReceiverReport } from "../rtp/rtcp.ts";
import { SrtcpDecryptor, SrtcpEncryptor } from "./srtcp.ts";
import { applyKeystream, tagOf } from "./packet-crypto.ts";
import { deriveSrtcpKeys, drawSrtpMaster, type SrtpMaster } from "./srtp-key.ts";

const session = ({ key, salt }: SrtpMaster): SrtcpSession =>
  new SrtcpSession({
    profile: 1,
    keys: { localMasterKey: key, localMasterSalt: salt, remoteMasterKey: key, remoteMasterSalt: salt },
  });

const report = (ssrc = 0xf000_0001, cname = "gatehouse"): Buffer => buildReceiverReport({ ssrc, cname });

describe("SRTCP", () => {
  it("makes the same bytes as werift", () => {
    const master = drawSrtpMaster();
    const theirs = session(master);
    // werift begins at 1, RFC 3711 3.4 at 0.
    const ours = new SrtcpEncryptor(master, 1);
    for (let length = 0; length < 40; length += 1) {
      const rtcp = report(0xf000_0001, "g".repeat(length));
      expect(ours.protect(rtcp)).toEqual(theirs.encrypt(rtcp));
    }
  });

  it("opens what werift made, and werift what it made", () => {
    const master = drawSrtpMaster();
    expect(new SrtcpDecryptor(master).unprotect(session(master).encrypt(report()))).toEqual(report());
    expect(session(master).decrypt(new SrtcpEncryptor(master).protect(report()))).toEqual(report());
  });

  it("goes on with indexes above 2^16", () => {
    const master = drawSrtpMaster();
    const decryptor = new SrtcpDecryptor(master);
    const encryptor = new SrtcpEncryptor(master, 65_534);
    for (let count = 0; count < 4; count += 1)
      expect(decryptor.unprotect(encryptor.protect(report()))).toEqual(report());
  });

  it("refuses a packet that was seen, but takes one that was overtaken", () => {
    const master = drawSrtpMaster();
    const encryptor = new SrtcpEncryptor(master);
    const [one, two, three] = [encryptor.protect(report()), encryptor.protect(report()), encryptor.protect(report())];
    const decryptor = new SrtcpDecryptor(master);
    expect([one, three, two].map((bytes) => decryptor.unprotect(bytes) !== undefined)).toEqual([true, true, true]);
    expect([one, three, two].map((bytes) => decryptor.unprotect(bytes))).toEqual([undefined, undefined, undefined]);
  });

  it("refuses packets of another key, and every changed bit", () => {
    const master = drawSrtpMaster();
    const bytes = new SrtcpEncryptor(master).protect(report());
    expect(new SrtcpDecryptor(drawSrtpMaster()).unprotect(bytes)).toBeUndefined();
    const decryptor = new SrtcpDecryptor(master);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(decryptor.unprotect(changed)).toBeUndefined();
    }
    expect(decryptor.unprotect(bytes)).toEqual(report());
  });

  it("takes an authentic packet that was not enciphered", () => {
    const master = drawSrtpMaster();
    const clear = Buffer.concat([report(), Buffer.from([0, 0, 0, 5])]);
    const bytes = Buffer.concat([clear, tagOf(deriveSrtcpKeys(master), clear)]);
    expect(new SrtcpDecryptor(master).unprotect(bytes)).toEqual(report());
  });

  it("hears a bounded number of sources", () => {
    const master = drawSrtpMaster();
    const encryptor = new SrtcpEncryptor(master);
    const decryptor = new SrtcpDecryptor(master);
    const heard = Array.from({ length: 30 }, (_, ssrc) => decryptor.unprotect(encryptor.protect(report(ssrc))));
    expect(heard.filter((packet) => packet !== undefined)).toHaveLength(16);
    expect(decryptor.unprotect(encryptor.protect(report(0)))).toEqual(report(0));
  });

  it("refuses to use its key for more packets than is safe", () => {
    const encryptor = new SrtcpEncryptor(drawSrtpMaster(), 2 ** 31 - 1);
    encryptor.protect(report());
    expect(() => encryptor.protect(report())).toThrow(expect.objectContaining({ code: "srtp-key-exhausted" }));
    expect(() => encryptor.protect(Buffer.alloc(7))).toThrow(RangeError);
  });

  it("enciphers everything behind the first SSRC", () => {
    const master = drawSrtpMaster();
    const bytes = new SrtcpEncryptor(master, 7).protect(report());
    expect(bytes.subarray(0, 8)).toEqual(report().subarray(0, 8));
    expect(bytes.includes("gatehouse")).toBe(false);
    const content = bytes.subarray(8, bytes.length - 14);
    expect(applyKeystream(deriveSrtcpKeys(master), { ssrc: 0xf000_0001, index: 7 }, content)).toEqual(
      report().subarray(8),
    );
  });
});
