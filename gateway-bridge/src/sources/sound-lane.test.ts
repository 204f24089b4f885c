import { describe, expect, it } from "@jest/globals";

import type { AudioUnit } from "../domain/access-unit.ts";
import { RtpPacket, type RtpHeader } from "../protocols/rtp/rtp-packet.ts";
import { parseSdp } from "../protocols/sdp/parse-sdp.ts";
import { readSoundFormat } from "./sound-format.ts";
import { SoundLane } from "./sound-lane.ts";

const open = (rtpmap: string, fmtp = "") => {
  const lines = ["v=0", "m=audio 0 RTP/AVP 97", `a=rtpmap:97 ${rtpmap}`, `a=fmtp:97 ${fmtp}`];
  const [format] = parseSdp(Buffer.from(lines.join("\n"))).media[0]?.formats ?? [];
  const sound = format && readSoundFormat(format);
  const units: AudioUnit[] = [];
  const write = (unit: AudioUnit): number => units.push(unit);
  const lane = sound && new SoundLane({ unpacker: sound.createUnpacker(), payloadType: 97, write });
  return { track: sound?.track, lane, units };
};

const packet = (sequence: number, hex: string, more: Partial<RtpHeader> = {}): RtpPacket =>
  RtpPacket.of(
    { payloadType: 97, marker: true, sequence, timestamp: 1_024 * sequence, ssrc: 1, ...more },
    Buffer.from(hex, "hex"),
  );

const aac = ["MPEG4-GENERIC/16000", "mode=AAC-hbr;config=1408"] as const;

describe("readSoundFormat", () => {
  it.each([
    ["opus/48000/2", "", { codec: "opus", clockRate: 48_000, channels: 2 }],
    ["OPUS/16000/1", "", { codec: "opus", clockRate: 48_000, channels: 2 }],
    [...aac, { codec: "aac", clockRate: 16_000, channels: 1, config: Buffer.from("1408", "hex") }],
    ["PCMU/8000", "", { codec: "pcmu", clockRate: 8_000, channels: 1 }],
    ["pcma/16000/2", "", { codec: "pcma", clockRate: 16_000, channels: 2 }],
    ["L16/44100/2", "", { codec: "l16", clockRate: 44_100, channels: 2 }],
  ])("understands %s", (rtpmap, fmtp, expected) => {
    expect(open(rtpmap, fmtp).track).toEqual({ kind: "audio", ...expected });
  });

  it.each(["G722/8000", "PCMU", "L16/44100/99", "G726-32/8000"])("does not understand %s", (rtpmap) => {
    expect(open(rtpmap).track).toBeUndefined();
  });
});

describe("SoundLane", () => {
  it("gives every access unit of a packet its own time, over the wrap of the clock", () => {
    const { lane, units } = open(...aac);
    lane?.push(packet(1, "00200008000801aa", { timestamp: 2 ** 32 - 1_024 }), 40);
    lane?.push(packet(2, "0010000802", { timestamp: 1_024 }), 80);
    expect(units).toEqual([
      { kind: "audio", timestamp: 2 ** 32 - 1_024, data: Buffer.from([1]), bytes: 1, arrivedAt: 40 },
      { kind: "audio", timestamp: 2 ** 32, data: Buffer.from([0xaa]), bytes: 1, arrivedAt: 40 },
      { kind: "audio", timestamp: 2 ** 32 + 1_024, data: Buffer.from([2]), bytes: 1, arrivedAt: 80 },
    ]);
  });

  it("leaves out doubles and other payload types, without taking them for loss", () => {
    const { lane, units } = open("MPEG4-GENERIC/16000", "mode=AAC-hbr;config=1408");
    const [first, second] = ["00100020aabb", "00100020ccdd"];
    lane?.push(packet(7, first, { marker: false, timestamp: 0 }), 0);
    lane?.push(packet(7, first, { marker: false, timestamp: 0 }), 0);
    lane?.push(packet(8, "0102", { payloadType: 101 }), 0);
    lane?.push(packet(500, "0102", { payloadType: 101, ssrc: 9 }), 0);
    lane?.push(packet(9, second, { timestamp: 0 }), 0);
    expect(units.map(({ data }) => data.toString("hex"))).toEqual(["aabbccdd"]);
    expect(lane?.damaged).toBe(0);
  });

  it("drops an access unit over a gap, and counts it", () => {
    const { lane, units } = open(...aac);
    lane?.push(packet(7, "00100020aabb", { marker: false, timestamp: 0 }), 0);
    lane?.push(packet(9, "00100008ee"), 0);
    expect(units.map(({ data }) => data.toString("hex"))).toEqual(["ee"]);
    expect(lane?.damaged).toBe(1);
  });

  it("keeps samples whole", () => {
    const { lane, units } = open("L16/44100/2");
    lane?.push(packet(1, "0001000200030004ff"), 0);
    lane?.push(packet(2, ""), 0);
    expect(units.map(({ bytes }) => bytes)).toEqual([8]);
  });
});
