import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import type { CodedPicture, DepacketizerOptions } from "../nal/picture-depacketizer.ts";
import { RtpPacket } from "../rtp/rtp-packet.ts";
import { H265Depacketizer } from "./depacketizer.ts";
import { packetizeH265 } from "./packetizer.ts";

const vps = Buffer.from([0x40, 1, 0x0c, 1]);
const sps = Buffer.from([0x42, 1, 1, 1, 0x60]);
const pps = Buffer.from([0x44, 1, 0xc0, 0x73]);
const sei = Buffer.from([0x4e, 1, 5, 1, 9, 0x80]);
/** Whole pictures of one slice segment. */
const key = (filler: number, type = 19, size = 3_000): Buffer =>
  Buffer.concat([Buffer.from([type << 1, 1, 0xaf]), Buffer.alloc(size, filler)]);
const slice = (filler: number, size = 500): Buffer =>
  Buffer.concat([Buffer.from([0x02, 1, 0xd0]), Buffer.alloc(size, filler)]);
/** A later segment of a picture. */
const laterSlice = (filler: number): Buffer => Buffer.concat([Buffer.from([0x02, 1, 0x50]), Buffer.alloc(500, filler)]);

/** Makes the packets of a camera, numbered on. */
class Camera {
  sequence: number;

  constructor(sequence = 100) {
    this.sequence = sequence;
  }

  packet(payload: Buffer, timestamp: number, marker = false): RtpPacket {
    const sequence = this.sequence & 0xffff;
    this.sequence += 1;
    return RtpPacket.of({ payloadType: 96, marker, sequence, timestamp: timestamp >>> 0, ssrc: 7 }, payload);
  }

  picture(nals: readonly Buffer[], timestamp: number, maxPayload = 1_200): readonly RtpPacket[] {
    return packetizeH265(nals, maxPayload).map(({ prefix, body, last }) =>
      this.packet(Buffer.concat([prefix, body]), timestamp, last),
    );
  }
}

const run = (packets: readonly RtpPacket[], options: DepacketizerOptions = { reorder: 0 }) => {
  const depacketizer = new H265Depacketizer(options);
  const pictures = packets.flatMap((packet) => depacketizer.push(packet));
  return { pictures, lost: depacketizer.lost };
};

const nalsOf = (pictures: readonly CodedPicture[]): readonly (readonly Buffer[])[] => pictures.map(({ nals }) => nals);

describe("H265Depacketizer", () => {
  it("puts a key picture together from single units and fragments", () => {
    const nals = [vps, sps, pps, sei, key(1)];
    expect(run(new Camera().picture(nals, 9_000))).toEqual({
      pictures: [{ timestamp: 9_000, key: true, nals, bytes: 4 + 5 + 4 + 6 + 3_003, memory: expect.anything() }],
      lost: 0,
    });
  });

  it.each([
    ["BLA", 16, true],
    ["BLA without leading pictures", 18, true],
    ["IDR", 20, true],
    ["CRA", 21, true],
    ["a leading picture", 9, false],
    ["a trailing picture", 1, false],
  ])("knows whether decoding can start at %s", (_, type, isKey) => {
    expect(run(new Camera().picture([key(1, type)], 0)).pictures).toMatchObject([{ key: isKey }]);
  });

  it("takes aggregates apart", () => {
    const aggregate = Buffer.from([0x60, 1, 0, 4, ...vps, 0, 5, ...sps, 0, 4, ...pps, 0]);
    const camera = new Camera();
    const { pictures } = run([camera.packet(aggregate, 0), ...camera.picture([key(1)], 0)]);
    expect(nalsOf(pictures)).toEqual([[vps, sps, pps, key(1)]]);
  });

  it("copies everything out of the packets", () => {
    const payload = Buffer.from(slice(1));
    const [picture] = run([new Camera().packet(payload, 0, true)]).pictures;
    payload.fill(0);
    expect(picture?.nals).toEqual([slice(1)]);
  });

  it("round-trips any NAL units at any packet size, with and without aggregates", () => {
    // No zeros: so no start code, which could not be part of a NAL unit.
    const content = fc
      .uint8Array({ minLength: 1, maxLength: 400 })
      .map((bytes) => Buffer.from(bytes.map((byte) => byte || 1)));
    const header = (type: number, temporal: number): Buffer => Buffer.from([type << 1, temporal]);
    const nal = fc
      .tuple(fc.integer({ min: 0, max: 47 }), fc.integer({ min: 1, max: 7 }), content)
      .map(([type, temporal, body]) => Buffer.concat([header(type, temporal), Buffer.from([0x80]), body]));
    const picture = fc.tuple(
      fc.array(nal, { maxLength: 6 }),
      content.map((body) => Buffer.concat([header(1, 1), Buffer.from([0x80]), body])),
    );
    fc.assert(
      fc.property(
        fc.array(picture, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 4, max: 500 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 65_535 }),
        (sent, maxPayload, aggregate, first) => {
          const pictures = sent.map(([others, last]) => [...others, last]);
          const camera = new Camera(first);
          const packets = pictures.flatMap((nals, index) =>
            packetizeH265(nals, maxPayload, { aggregate }).map(({ prefix, body, last }) => {
              const payload = Buffer.concat([prefix, body]);
              expect(payload.length).toBeLessThanOrEqual(maxPayload);
              return camera.packet(payload, index * 3_000, last);
            }),
          );
          const result = run(packets);
          expect(result.lost).toBe(0);
          expect(nalsOf(result.pictures)).toEqual(pictures);
        },
      ),
    );
  });

  it("does not end a picture at parameter sets that carry the marker, nor at a later segment's", () => {
    const camera = new Camera();
    const start = [...[vps, sps, pps].map((nal) => camera.packet(nal, 0, true)), ...camera.picture([key(1)], 0)];
    const pictures = [3_000, 6_000, 9_000].flatMap((time) =>
      [slice(1), laterSlice(2)].map((nal) => camera.packet(nal, time, true)),
    );
    expect(nalsOf(run([...start, ...pictures]).pictures)).toEqual([
      [vps, sps, pps, key(1)],
      [slice(1)],
      [laterSlice(2)],
      [slice(1), laterSlice(2)],
    ]);
  });

  it("splits an Annex B stream inside a packet, or inside fragments", () => {
    const code = Buffer.from([0, 0, 0, 1]);
    const payload = Buffer.concat([code, vps, code, sps, code.subarray(1), pps, code, key(1)]);
    const bare = payload.subarray(4);
    const expected = [[vps, sps, pps, key(1)]];
    expect(nalsOf(run([new Camera().packet(bare, 0, true)]).pictures)).toEqual(expected);
    expect(nalsOf(run(new Camera().picture([bare], 0, 500)).pictures)).toEqual(expected);
    expect(nalsOf(run([new Camera().packet(payload, 0, true)]).pictures)).toEqual(expected);
  });

  it("leaves out what is no NAL unit of the base layer", () => {
    const camera = new Camera();
    const enhancement = Buffer.concat([Buffer.from([0x02, 9]), Buffer.alloc(20, 0x80)]);
    const packets = [
      camera.packet(Buffer.from([0x02, 1]), 0),
      camera.packet(Buffer.from([0x02]), 0),
      camera.packet(Buffer.from([0x66, 1, 1]), 0),
      camera.packet(Buffer.from([0x7e, 1, 1]), 0),
      camera.packet(enhancement, 0),
      camera.packet(Buffer.alloc(0), 0, true),
      camera.packet(slice(1), 0, true),
    ];
    expect(run(packets)).toMatchObject({ pictures: [{ nals: [slice(1)] }], lost: 0 });
  });

  it.each([
    ["a fragment without its beginning", Buffer.from([0x62, 1, 0x13, 1, 2])],
    ["a fragment without header", Buffer.from([0x62, 1])],
    ["an aggregate that is cut off", Buffer.from([0x60, 1, 0, 9, 1])],
    ["a packet with content information", Buffer.from([0x64, 1, 0, 1, 2])],
  ])("drops the picture that holds %s", (_, payload) => {
    const camera = new Camera();
    const packets = [
      ...camera.picture([slice(1)], 0),
      camera.packet(payload, 3_000),
      ...camera.picture([slice(2)], 3_000),
      ...camera.picture([slice(3)], 6_000),
    ];
    expect(run(packets)).toMatchObject({ pictures: [{ nals: [slice(1)] }, { nals: [slice(3)] }], lost: 1 });
  });

  it("drops a picture that grows too large, and the one that lost a fragment", () => {
    const camera = new Camera();
    const [lossy, after] = [camera.picture([slice(2, 3_000)], 3_000), camera.picture([slice(3)], 6_000)];
    const large = [camera.picture([key(1, 19, 20_000)], 9_000), camera.picture([slice(4)], 12_000)];
    const packets = [...lossy.slice(0, 1), ...lossy.slice(2), ...after, ...large.flat()];
    expect(run(packets, { reorder: 0, maxBytes: 10_000 })).toMatchObject({
      pictures: [{ nals: [slice(3)] }, { nals: [slice(4)] }],
      lost: 2,
    });
  });
});
