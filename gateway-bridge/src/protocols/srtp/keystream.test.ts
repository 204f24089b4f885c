import { createCipheriv } from "node:crypto";

import { describe, expect, it } from "@jest/globals";

import { Keystream } from "./keystream.ts";
import { deriveSrtpKeys, drawSrtpMaster } from "./srtp-key.ts";

const ssrc = 0xf234_5678;
const maxBytes = 100;
const firstIndex = 65_530;

/** RFC 3711 4.1.1, by OpenSSL's own counter mode. */
const expected = (keys: ReturnType<typeof deriveSrtpKeys>, index: number): Buffer => {
  const iv = Buffer.concat([keys.salt, Buffer.alloc(2)]);
  iv.writeUInt32BE((iv.readUInt32BE(4) ^ ssrc) >>> 0, 4);
  iv.writeUInt32BE((iv.readUInt32BE(8) ^ Math.floor(index / 2 ** 16)) >>> 0, 8);
  iv.writeUInt16BE(iv.readUInt16BE(12) ^ (index & 0xffff), 12);
  return createCipheriv("aes-128-ctr", keys.key, iv).update(Buffer.alloc(maxBytes));
};

const open = () => {
  const keys = deriveSrtpKeys(drawSrtpMaster());
  const keystream = new Keystream(keys, { ssrc, firstIndex, maxBytes });
  const take = (): Buffer => {
    const at = 4 * keystream.next();
    const { buffer, byteOffset } = keystream.words;
    return Buffer.from(Buffer.from(buffer, byteOffset + at, maxBytes));
  };
  return { keys, keystream, take };
};

describe("A keystream", () => {
  it("is counter mode's, packet after packet, across the sequence's wrap and wherever it goes on", () => {
    const { keys, keystream, take } = open();
    for (let packet = 0; packet < 50; packet += 1) expect(take()).toEqual(expected(keys, firstIndex + packet));
    for (const index of [firstIndex + 45, firstIndex + 2_000, 2 ** 32 + 7, 0]) {
      keystream.seek(index);
      expect(take()).toEqual(expected(keys, index));
    }
  });

  it("gives the memory of what is used up back at once, and keeps that of what is not", () => {
    const { keystream, take } = open();
    const buffers = new Set<ArrayBufferLike>();
    for (let packet = 0; packet < 50; packet += 1) {
      take();
      buffers.add(keystream.words.buffer);
    }
    expect(buffers.size).toBe(4);
    expect([...buffers].map(({ byteLength }) => byteLength > 0)).toEqual([false, false, false, true]);
  });
});
