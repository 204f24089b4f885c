import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";

import { RtpPacket, type RtpHeader } from "../rtp/rtp-packet.ts";
import { H264Depacketizer, type CodedPicture, type H264DepacketizerOptions } from "./depacketizer.ts";
import { packetizeH264 } from "./packetizer.ts";

const sps = Buffer.from([0x67, 0x64, 0, 0x28, 0xac]);
const pps = Buffer.from([0x68, 0xee, 0x3c, 0x80]);
const sei = Buffer.from([0x06, 5, 1, 9, 0x80]);
/** Whole pictures of one slice: the first bit after the header says that it is the picture's first. */
const idr = (filler: number, size = 3_000): Buffer =>
  Buffer.concat([Buffer.from([0x65, 0x88]), Buffer.alloc(size, filler)]);
const slice = (filler: number, size = 500): Buffer =>
  Buffer.concat([Buffer.from([0x41, 0x9a]), Buffer.alloc(size, filler)]);
/** A later slice of a picture. */
const laterSlice = (filler: number): Buffer => Buffer.concat([Buffer.from([0x41, 0x3a]), Buffer.alloc(500, filler)]);

const changed = (packet: RtpPacket, header: Partial<RtpHeader>): RtpPacket => {
  const { payloadType, marker, sequence, timestamp, ssrc, payload } = packet;
  return RtpPacket.of({ payloadType, marker, sequence, timestamp, ssrc, ...header }, payload);
};

/** Makes the packets of a camera, numbered on. */
class Camera {
  sequence: number;
  ssrc = 7;

  constructor(sequence = 100) {
    this.sequence = sequence;
  }

  packet(payload: Buffer, timestamp: number, marker = false): RtpPacket {
    const sequence = this.sequence & 0xffff;
    this.sequence += 1;
    return RtpPacket.of({ payloadType: 96, marker, sequence, timestamp: timestamp >>> 0, ssrc: this.ssrc }, payload);
  }

  picture(nals: readonly Buffer[], timestamp: number, maxPayload = 1_200): readonly RtpPacket[] {
    return packetizeH264(nals, maxPayload).map(({ prefix, body, last }) =>
      this.packet(Buffer.concat([prefix, body]), timestamp, last),
    );
  }
}

const run = (packets: readonly RtpPacket[], options: H264DepacketizerOptions = { reorder: 0 }) => {
  const depacketizer = new H264Depacketizer(options);
  const pictures = packets.flatMap((packet) => depacketizer.push(packet));
  return { pictures, lost: depacketizer.lost };
};

const nalsOf = (pictures: readonly CodedPicture[]): readonly (readonly Buffer[])[] => pictures.map(({ nals }) => nals);

const without = <T>(items: readonly T[], ...indexes: readonly number[]): readonly T[] =>
  items.filter((_, index) => !indexes.includes(index));

describe("H264Depacketizer", () => {
  it("puts a key picture together from single units and fragments", () => {
    const nals = [sps, pps, sei, idr(1)];
    expect(run(new Camera().picture(nals, 9_000))).toEqual({
      pictures: [{ timestamp: 9_000, key: true, nals, bytes: 5 + 4 + 5 + 3_002, memory: expect.anything() }],
      lost: 0,
    });
  });

  it("takes aggregates apart", () => {
    const aggregate = Buffer.from([0x78, 0, 5, ...sps, 0, 4, ...pps, 0, 0]);
    const camera = new Camera();
    const { pictures } = run([camera.packet(aggregate, 0), ...camera.picture([idr(1)], 0)]);
    expect(nalsOf(pictures)).toEqual([[sps, pps, idr(1)]]);
  });

  it("follows timestamps over their wrap, and B-pictures back", () => {
    const camera = new Camera();
    const times = [2 ** 32 - 3_000, 3_000, 0, 6_000];
    const { pictures } = run(times.flatMap((time) => camera.picture([slice(1)], time)));
    expect(pictures.map(({ timestamp }) => timestamp)).toEqual([
      2 ** 32 - 3_000,
      2 ** 32 + 3_000,
      2 ** 32,
      2 ** 32 + 6_000,
    ]);
  });

  it("copies everything out of the packets", () => {
    const payload = Buffer.from(slice(1));
    const [picture] = run([new Camera().packet(payload, 0, true)]).pictures;
    payload.fill(0);
    expect(picture?.nals).toEqual([slice(1)]);
  });

  it("round-trips any NAL units at any packet size, with and without aggregates", () => {
    const content = fc.uint8Array({ minLength: 1, maxLength: 400 }).map((bytes) => {
      // No zeros: so no start code, which could not be part of a NAL unit.
      return Buffer.from(bytes.map((byte) => byte || 1));
    });
    const nal = fc
      .tuple(fc.integer({ min: 1, max: 23 }), fc.integer({ min: 0, max: 3 }), content)
      .map(([type, importance, body]) => Buffer.concat([Buffer.from([(importance << 5) | type, 0x80]), body]));
    const picture = fc.tuple(
      fc.array(nal, { maxLength: 6 }),
      nal.map((bytes) => Buffer.from([0x61, ...bytes.subarray(1)])),
    );
    fc.assert(
      fc.property(
        fc.array(picture, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 3, max: 500 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 65_535 }),
        (sent, maxPayload, aggregate, first) => {
          const pictures = sent.map(([others, last]) => [...others, last]);
          const camera = new Camera(first);
          const packets = pictures.flatMap((nals, index) =>
            packetizeH264(nals, maxPayload, { aggregate }).map(({ prefix, body, last }) => {
              const payload = Buffer.concat([prefix, body]);
              expect(payload.length).toBeLessThanOrEqual(maxPayload);
              return camera.packet(payload, index * 3_000, last);
            }),
          );
          expect(run(packets)).toMatchObject({ lost: 0 });
          expect(nalsOf(run(packets).pictures)).toEqual(pictures);
        },
      ),
    );
  });

  describe("where a picture ends", () => {
    it("ends it at the next timestamp when there is no marker", () => {
      const camera = new Camera();
      const packets = [1, 2, 3].map((index) => camera.packet(slice(index), index * 3_000));
      expect(nalsOf(run(packets).pictures)).toEqual([[slice(1)], [slice(2)]]);
    });

    it("does not end it at parameter sets that carry the marker", () => {
      const camera = new Camera();
      const packets = [
        camera.packet(sps, 0, true),
        camera.packet(pps, 0, true),
        ...camera.picture([idr(1)], 0),
        ...camera.picture([slice(2)], 3_000),
      ];
      expect(nalsOf(run(packets).pictures)).toEqual([[sps, pps, idr(1)], [slice(2)]]);
    });

    it("counts parameter sets with a timestamp of their own to the picture after them", () => {
      const camera = new Camera();
      const packets = [
        ...camera.picture([slice(1)], 0),
        camera.packet(sps, 2_000, true),
        camera.packet(pps, 2_500, true),
        ...camera.picture([idr(1)], 3_000),
      ];
      expect(run(packets)).toMatchObject({
        pictures: [{ timestamp: 0 }, { timestamp: 3_000, nals: [sps, pps, idr(1)] }],
        lost: 0,
      });
    });

    it("learns that a camera sets the marker on every slice", () => {
      const camera = new Camera();
      const packets = [0, 3_000, 6_000, 9_000].flatMap((time) =>
        [slice(1), laterSlice(2), laterSlice(3)].map((nal) => camera.packet(nal, time, true)),
      );
      const whole = [slice(1), laterSlice(2), laterSlice(3)];
      expect(nalsOf(run(packets).pictures)).toEqual([[slice(1)], [laterSlice(2)], [laterSlice(3)], whole, whole]);
    });

    it("gives no picture for what holds no slice", () => {
      const camera = new Camera();
      expect(run([sps, pps, sei].map((nal, index) => camera.packet(nal, index * 3_000, true))).pictures).toEqual([]);
    });

    it("takes a fragmented unit as ended by the marker or the next timestamp when the camera does not say so", () => {
      const camera = new Camera();
      const unended = (time: number): readonly RtpPacket[] =>
        camera.picture([idr(1)], time).map((packet) => {
          const payload = Buffer.from(packet.payload);
          payload.writeUInt8(payload.readUInt8(1) & ~0x40, 1);
          return RtpPacket.of(packet, payload);
        });
      const [a, b] = [unended(0), unended(3_000).map((packet) => changed(packet, { marker: false }))];
      const { pictures, lost } = run([...a, ...b, ...camera.picture([slice(1)], 6_000)]);
      expect(nalsOf(pictures)).toEqual([[idr(1)], [idr(1)], [slice(1)]]);
      expect(lost).toBe(0);
    });
  });

  describe("Annex B inside RTP", () => {
    const joined = Buffer.concat([sps, Buffer.from([0, 0, 0, 1]), pps, Buffer.from([0, 0, 1]), idr(1)]);

    it.each([
      ["after a NAL unit", joined],
      ["before it too", Buffer.concat([Buffer.from([0, 0, 0, 1]), joined])],
      ["before it, in short form", Buffer.concat([Buffer.from([0, 0, 1]), joined])],
    ])("splits at start codes %s", (_, payload) => {
      const camera = new Camera();
      expect(nalsOf(run([camera.packet(payload, 0, true)]).pictures)).toEqual([[sps, pps, idr(1)]]);
      expect(nalsOf(run(camera.picture([payload], 0, 500)).pictures)).toEqual([[sps, pps, idr(1)]]);
    });

    it("leaves out what is no NAL unit of H.264", () => {
      const camera = new Camera();
      const packets = [
        camera.packet(Buffer.from([0, 9, 9]), 0),
        camera.packet(Buffer.from([0x1e, 1]), 0),
        camera.packet(Buffer.from([0x1f, 1]), 0),
        camera.packet(Buffer.concat([sps, Buffer.from([0, 0, 1, 0x7e, 1])]), 0),
        camera.packet(Buffer.alloc(0), 0, true),
        camera.packet(slice(1), 0, true),
      ];
      expect(run(packets)).toMatchObject({ pictures: [{ nals: [sps, slice(1)] }], lost: 0 });
    });
  });

  describe("loss", () => {
    const camera = () => {
      const maker = new Camera(65_530);
      return [0, 1, 2, 3].map((index) =>
        maker.picture(index === 0 ? [sps, pps, idr(9)] : [slice(index, 3_000)], index * 3_000),
      );
    };
    const [key = [], one = [], two = [], three = []] = camera();
    const fillers = (pictures: readonly CodedPicture[]) => pictures.map(({ nals }) => nals.at(-1)?.at(-1));

    it.each([
      ["the middle of a picture", [...key, ...without(one, 1), ...two, ...three], [9, 2, 3], 1],
      ["the end of a picture", [...key, ...one.slice(0, -1), ...two, ...three], [9, 2, 3], 1],
      ["the beginning of a picture", [...key, ...one.slice(1), ...two, ...three], [9, 2, 3], 1],
      ["all but the end of a picture", [...key, ...one.slice(-1), ...two, ...three], [9, 2, 3], 1],
      ["a whole picture", [...key, ...two, ...three], [9, 2, 3], 1],
      ["two halves of two pictures", [...key, ...one.slice(0, 1), ...two.slice(2), ...three], [9, 3], 2],
      ["two places", [...key, ...without(one, 1), ...two, ...without(three, 1)], [9, 2], 2],
      ["two places of one picture", [...key, ...without(one, 0, 2), ...two, ...three], [9, 2, 3], 1],
    ])("drops only what is damaged by the loss of %s", (_, packets, expected, lost) => {
      const result = run(packets);
      expect(fillers(result.pictures)).toEqual(expected);
      expect(result.lost).toBe(lost);
    });

    it("keeps a picture that lost a parameter set, which the stream has sent before", () => {
      const maker = new Camera();
      const before = maker.picture([slice(1)], 0);
      const packets = [...before, ...without(maker.picture([sps, pps, idr(2)], 3_000), 1)];
      expect(run(packets)).toMatchObject({ pictures: [{ key: false }, { key: true, nals: [sps, idr(2)] }], lost: 1 });
    });

    it("does not count the picture that was under way when it joined", () => {
      const result = run([...key.slice(3), ...one, ...two]);
      expect(fillers(result.pictures)).toEqual([1, 2]);
      expect(result.lost).toBe(0);
    });

    it("takes no damage from duplicates and neighbours that changed places", () => {
      const packets = [...key, ...one, ...two, ...three];
      const doubled = packets.flatMap((packet) => [packet, packet]);
      const swapped = packets.map((_, index) => packets[index === 0 ? 0 : ((index - 1) ^ 1) + 1] ?? packets.at(-1));
      const valid = swapped.filter((packet) => packet !== undefined);
      expect(run(doubled)).toMatchObject({ lost: 0, pictures: { length: 4 } });
      expect(fillers(run(valid, {}).pictures)).toEqual([9, 1, 2, 3]);
    });

    it("begins anew with another source", () => {
      const other = new Camera(5);
      other.ssrc = 8;
      const { pictures, lost } = run([...key, ...one.slice(0, 1), ...other.picture([idr(4)], 77)]);
      expect(fillers(pictures)).toEqual([9, 4]);
      expect(lost).toBe(1);
    });
  });

  describe("hostile packets", () => {
    it.each([
      ["a fragment without its beginning", Buffer.from([0x7c, 0x05, 1, 2, 3])],
      ["a fragment without header", Buffer.from([0x7c])],
      ["an aggregate that is cut off", Buffer.from([0x78, 0, 9, 1])],
      ["a packet of the interleaved mode", Buffer.from([0x79, 0, 1, 2])],
    ])("drops the picture that holds %s", (_, payload) => {
      const camera = new Camera();
      const packets = [
        ...camera.picture([slice(1)], 0),
        camera.packet(slice(2), 3_000),
        camera.packet(payload, 3_000),
        camera.packet(laterSlice(2), 3_000, true),
        ...camera.picture([slice(3)], 6_000),
      ];
      const { pictures, lost } = run(packets);
      expect(nalsOf(pictures)).toEqual([[slice(1)], [slice(3)]]);
      expect(lost).toBe(1);
    });

    it.each([
      ["in fragments", (camera: Camera) => camera.picture([slice(2, 20_000)], 3_000)],
      [
        "in many units",
        (camera: Camera) =>
          camera.picture(
            Array.from({ length: 40 }, () => laterSlice(2)),
            3_000,
          ),
      ],
    ])("drops a picture that is too large %s", (_, tooLarge) => {
      const camera = new Camera();
      const packets = [
        ...camera.picture([slice(1)], 0),
        ...tooLarge(camera),
        ...camera.picture([slice(3, 9_000)], 6_000),
      ];
      const { pictures, lost } = run(packets, { reorder: 0, maxBytes: 10_000 });
      expect(nalsOf(pictures)).toEqual([[slice(1)], [slice(3, 9_000)]]);
      expect(lost).toBe(1);
    });

    it("drops a picture of more units than any encoder makes", () => {
      const camera = new Camera();
      const crumbs = Buffer.concat([
        Buffer.from([0x78]),
        ...Array.from({ length: 300 }, () => Buffer.from([0, 1, 0x41])),
      ]);
      const packets = Array.from({ length: 20 }, () => camera.packet(crumbs, 0));
      const { pictures, lost } = run([
        ...packets,
        ...camera.picture([slice(1)], 3_000),
        ...camera.picture([slice(2)], 6_000),
      ]);
      expect(nalsOf(pictures)).toEqual([[slice(1)], [slice(2)]]);
      expect(lost).toBe(0);
    });

    it("leaves out packets of another payload type", () => {
      const camera = new Camera();
      const foreign = changed(camera.packet(Buffer.from([0x65, 0x88, 1]), 0), { payloadType: 50 });
      const { pictures } = run([foreign, ...camera.picture([slice(1)], 0)], { reorder: 0, payloadType: 96 });
      expect(nalsOf(pictures)).toEqual([[slice(1)]]);
    });

    it("takes no damage from packets of another payload type, numbered with the others or of a source of their own", () => {
      const camera = new Camera();
      const own = camera.picture([slice(1, 3_000)], 0);
      const foreign = changed(camera.packet(sps, 0), { payloadType: 50 });
      const strangers = own.flatMap((packet, index) => {
        const [first, second] = [500, 501].map((number) =>
          changed(foreign, { ssrc: 99, sequence: number + 2 * index }),
        );
        return [first!, second!, packet];
      });
      const packets = [...strangers, foreign, ...camera.picture([slice(2)], 3_000)];
      const { pictures, lost } = run(packets, { reorder: 0, payloadType: 96 });
      expect(nalsOf(pictures)).toEqual([[slice(1, 3_000)], [slice(2)]]);
      expect(lost).toBe(0);
    });

    it("notices a gap before a packet of another payload type", () => {
      const camera = new Camera();
      const before = camera.picture([slice(1)], 0);
      camera.sequence += 1;
      const foreign = camera.packet(sps, 0);
      const after = camera.picture([laterSlice(2)], 3_000);
      const packets = [...before, changed(foreign, { payloadType: 50 }), ...after];
      expect(run(packets, { reorder: 0, payloadType: 96 })).toMatchObject({ pictures: { length: 1 }, lost: 1 });
    });
  });
});
