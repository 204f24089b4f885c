import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { RtpHeader, SrtpSession } from "werift";

import { SrtpEncryptor, type OutgoingRtp, type SrtpEncryptorOptions } from "./srtp-encryptor.ts";
import { drawSrtpMaster, type SrtpMaster } from "./srtp-key.ts";

const ssrc = 0xf234_5678;
const payloadType = 99;
const empty = Buffer.alloc(0);

/** The same packets made by werift. */
const theirs = (master: SrtpMaster, firstSequence: number) => {
  const session = new SrtpSession({
    profile: 1,
    keys: {
      localMasterKey: master.key,
      localMasterSalt: master.salt,
      remoteMasterKey: master.key,
      remoteMasterSalt: master.salt,
    },
  });
  let next = 0;
  return ({ timestamp, marker, prefix, body }: OutgoingRtp, position = next): Buffer => {
    const sequenceNumber = (firstSequence + position) & 0xffff;
    next = position + 1;
    const header = new RtpHeader({ version: 2, payloadType, marker, sequenceNumber, timestamp: timestamp >>> 0, ssrc });
    return session.encrypt(Buffer.concat([prefix, body]), header);
  };
};

const packet = (fields: Partial<OutgoingRtp> = {}): OutgoingRtp => ({
  timestamp: 0,
  marker: false,
  prefix: empty,
  body: Buffer.alloc(100, 7),
  ...fields,
});

const open = (options: Partial<SrtpEncryptorOptions> = {}): SrtpEncryptor =>
  new SrtpEncryptor(drawSrtpMaster(), { ssrc, payloadType, ...options });

describe("SrtpEncryptor", () => {
  it("makes the same bytes as werift, for any sizes, batches and timestamps, across the sequence's wrap", () => {
    const outgoing = fc.record({
      timestamp: fc.integer({ min: -10, max: 2 ** 33 }),
      marker: fc.boolean(),
      prefix: fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
      body: fc.uint8Array({ maxLength: 61 }).map((bytes) => Buffer.from(bytes)),
    });
    const batches = fc.array(fc.array(outgoing, { maxLength: 20 }), { maxLength: 5 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 65_535 }), batches, (firstSequence, all) => {
        const master = drawSrtpMaster();
        const ours = new SrtpEncryptor(master, { ssrc, payloadType, firstSequence, maxPayload: 64 });
        const reference = theirs(master, firstSequence);
        for (const batch of all) expect(ours.protect(batch)).toEqual(batch.map((each) => reference(each)));
      }),
    );
  });

  it("makes the same bytes as werift over several wraps of the sequence", () => {
    const master = drawSrtpMaster();
    const ours = new SrtpEncryptor(master, { ssrc, payloadType, firstSequence: 65_000, maxPayload: 16 });
    const reference = theirs(master, 65_000);
    const body = Buffer.from("frame");
    let compared = 0;
    for (let sent = 0; sent < 140_000; sent += 100) {
      const batch = Array.from({ length: 100 }, (_, index) => packet({ timestamp: sent + index, body }));
      const made = ours.protect(batch);
      // Only around the wraps, which is enough for werift to count them: all would take long.
      const sequence = (65_000 + sent) & 0xffff;
      if (sequence >= 200 && sequence < 65_300) continue;
      expect(made).toEqual(batch.map((each, index) => reference(each, sent + index)));
      compared += 1;
    }
    expect(compared).toBeGreaterThan(10);
  });

  it("takes payloads up to the size it was made for", () => {
    const master = drawSrtpMaster();
    const full = packet({ prefix: Buffer.from([28, 0x85]), body: Buffer.alloc(1_198, 3) });
    const encryptor = new SrtpEncryptor(master, { ssrc, payloadType, firstSequence: 1 });
    expect(encryptor.protect([full])).toEqual([theirs(master, 1)(full)]);
    expect(() => encryptor.protect([packet({ body: Buffer.alloc(1_201) })])).toThrow(RangeError);
  });

  it("keeps a packet intact until as many others as there are slots were made", () => {
    const encryptor = open({ slots: 4 });
    const [kept = empty] = encryptor.protect([packet()]);
    const copy = Buffer.from(kept);
    encryptor.protect([packet(), packet(), packet()]);
    expect(kept).toEqual(copy);
    encryptor.protect([packet()]);
    expect(kept).not.toEqual(copy);
    expect(() => encryptor.protect(Array.from({ length: 5 }, () => packet()))).toThrow(RangeError);
  });

  it("begins at a random sequence number in the lower half", () => {
    const firsts = Array.from({ length: 200 }, () => open({ slots: 1, maxPayload: 16 }).nextSequence);
    expect(Math.max(...firsts)).toBeLessThan(2 ** 15);
    expect(new Set(firsts).size).toBeGreaterThan(150);
  });

  it("counts what it made", () => {
    const encryptor = open({ firstSequence: 65_535 });
    encryptor.protect([packet({ prefix: Buffer.alloc(2) }), packet()]);
    expect(encryptor.sent).toEqual({ packets: 2, octets: 202 });
    expect(encryptor.nextSequence).toBe(1);
  });

  it("refuses to use its key for more packets than is safe", () => {
    const encryptor = open({ firstSequence: 2 ** 48 - 2 });
    const [last = empty, final = empty] = encryptor.protect([packet(), packet()]);
    expect([last.readUInt16BE(2), final.readUInt16BE(2)]).toEqual([0xfffe, 0xffff]);
    expect(() => encryptor.protect([packet()])).toThrow(expect.objectContaining({ code: "srtp-key-exhausted" }));
  });
});
