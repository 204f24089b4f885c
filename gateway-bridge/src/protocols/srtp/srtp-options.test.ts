import { describe, expect, it } from "@jest/globals";
import { createHmac } from "node:crypto";

import { parseRtp, writeRtpHeader } from "../rtp/rtp-packet.ts";
import { applyKeystream } from "./packet-crypto.ts";
import { SrtpDecryptor } from "./srtp-decryptor.ts";
import { SrtcpDecryptor, SrtcpEncryptor } from "./srtcp.ts";
import { deriveSrtpKeys, drawSrtpMaster } from "./srtp-key.ts";

// Covers: tags of 4 and 10 bytes, MKI of SRTP and SRTCP, streams joined late, packets too long for the cheap way, and order.

const master = drawSrtpMaster();

interface Fields {
  readonly index: number;
  readonly body: Buffer;
  readonly ssrc?: number;
  readonly tagSize?: number;
  readonly mki?: Buffer;
}

/** A packet sealed by the letter of RFC 3711, and by nothing of what the decryptor is made of but the counter mode. */
const seal = ({ index, body, ssrc = 5, tagSize = 10, mki = Buffer.alloc(0) }: Fields): Buffer => {
  const keys = deriveSrtpKeys(master);
  const header = Buffer.alloc(12);
  writeRtpHeader(header, 0, { payloadType: 96, marker: false, sequence: index, timestamp: index, ssrc });
  const packet = Buffer.concat([header, applyKeystream(keys, { ssrc, index }, body)]);
  const rollover = Buffer.alloc(4);
  rollover.writeUInt32BE(Math.floor(index / 2 ** 16));
  const tag = createHmac("sha1", keys.authentication).update(packet).update(rollover).digest();
  return Buffer.concat([packet, mki, tag.subarray(0, tagSize)]);
};

const payloadOf = (packet: Buffer | undefined): string | undefined => packet && parseRtp(packet).payload.toString();

describe("SrtpDecryptor", () => {
  it("opens packets with tags of four bytes, and then no others", () => {
    const decryptor = new SrtpDecryptor(master, { tagSize: 4 });
    expect(payloadOf(decryptor.unprotect(seal({ index: 1, body: Buffer.from("short"), tagSize: 4 })))).toBe("short");
    expect(decryptor.unprotect(seal({ index: 2, body: Buffer.from("long") }))).toBeUndefined();
  });

  it("looks for the key's name where it has one", () => {
    const mki = Buffer.from([1, 2, 3, 4]);
    const decryptor = new SrtpDecryptor(master, { mki });
    expect(payloadOf(decryptor.unprotect(seal({ index: 1, body: Buffer.from("named"), mki })))).toBe("named");
    expect(decryptor.unprotect(seal({ index: 2, body: Buffer.from("other"), mki: Buffer.alloc(4) }))).toBeUndefined();
    expect(decryptor.unprotect(seal({ index: 3, body: Buffer.from("unnamed") }))).toBeUndefined();
    expect(decryptor.unprotect(Buffer.alloc(13, 0x80))).toBeUndefined();
  });

  it.each([7 * 65_536 + 9, 8 * 65_536 + 9])("joins a stream whose packets were counted round, at %p", (index) => {
    const sealed = seal({ index, body: Buffer.from("late") });
    const rollovers = new Map([[5, 7]]);
    expect(payloadOf(new SrtpDecryptor(master, { rollovers }).unprotect(Buffer.from(sealed)))).toBe("late");
    expect(new SrtpDecryptor(master).unprotect(sealed)).toBeUndefined();
  });

  it("opens packets of every length, in place", () => {
    const decryptor = new SrtpDecryptor(master);
    for (const [index, size] of [
      0, 1, 2, 3, 4, 15, 16, 17, 1_487, 1_488, 1_499, 1_500, 1_501, 9_000, 60_000, 8,
    ].entries()) {
      const body = Buffer.from(Array.from({ length: size }, (_, at) => at & 0xff));
      // At odd places of a larger buffer, as a connection's chunks have them.
      const chunk = Buffer.concat([Buffer.alloc(index), seal({ index, body }), Buffer.alloc(3, 0xee)]);
      const opened = decryptor.unprotect(chunk.subarray(index, chunk.length - 3));
      expect(opened?.buffer).toBe(chunk.buffer);
      expect(opened?.subarray(12)).toEqual(body);
      expect(chunk.subarray(-3)).toEqual(Buffer.alloc(3, 0xee));
    }
  });

  it("opens several sources' packets in any order within the window", () => {
    const decryptor = new SrtpDecryptor(master);
    const order = [0, 1, 40, 2, 39, 17, 41, 16, 100, 64, 65, 99];
    for (const ssrc of [5, 6, 5]) {
      const opened = order.map((index) =>
        payloadOf(decryptor.unprotect(seal({ index, body: Buffer.from(`${index}`), ssrc }))),
      );
      // The third time they are replays.
      const fresh = ssrc === 6 || opened[0] !== undefined;
      expect(opened).toEqual(order.map((index) => (fresh ? String(index) : undefined)));
    }
  });
});

describe("SRTCP with a key's name", () => {
  const mki = Buffer.from([9, 8, 7, 6]);
  const report = Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 5]);

  it("is opened by who knows it, and by nobody else", () => {
    const encryptor = new SrtcpEncryptor(master, 0, mki);
    const [first, second] = [encryptor.protect(report), encryptor.protect(report)];
    expect(first.subarray(-14, -10)).toEqual(mki);
    expect(new SrtcpDecryptor(master, mki).unprotect(first)).toEqual(report);
    expect(new SrtcpDecryptor(master).unprotect(second)).toBeUndefined();
    expect(new SrtcpDecryptor(master, Buffer.alloc(4)).unprotect(second)).toBeUndefined();
    expect(new SrtcpDecryptor(master, mki).unprotect(new SrtcpEncryptor(master).protect(report))).toBeUndefined();
  });
});
