import { describe, expect, it } from "@jest/globals";
import { MemoryLogger } from "@gatehouse/shared/testing";

import { makeSound } from "../../media/testing/units.ts";
import { parseOpus } from "../../protocols/opus/opus-packet.ts";
import type { RtpPayload } from "../../protocols/h264/packetizer.ts";
import { OpusSender } from "./opus-sender.ts";

/** SILK wideband, mono: configurations 8 to 11 are 10, 20, 40 and 60 ms. */
const toc = { 10: 8 << 3, 20: 9 << 3, 40: 10 << 3, 60: 11 << 3 } as const;

const packet = (ms: keyof typeof toc, fill: number, size = 30): Buffer =>
  Buffer.concat([Buffer.from([toc[ms]]), Buffer.alloc(size, fill)]);

const open = (packetTime: number, sampleRate = 16_000, maxPayload = 1_200) => {
  const sent: { readonly ticks: number; readonly body: Buffer; readonly last: boolean }[] = [];
  const log = new MemoryLogger();
  const outlet = {
    send: (payloads: readonly RtpPayload[], ticks: number) => {
      for (const { body, last } of payloads) sent.push({ ticks, body, last });
      return true;
    },
  };
  return { sent, log, sender: new OpusSender({ outlet, maxPayload, sampleRate, packetTime, log }) };
};

describe("OpusSender", () => {
  it.each([
    [8_000, 160],
    [16_000, 320],
    [24_000, 480],
    [48_000, 960],
  ])("counts its clock at the %i Hz that the viewer asked for", (sampleRate, step) => {
    const { sent, sender } = open(20, sampleRate);
    for (let index = 0; index < 3; index += 1) {
      sender.send(makeSound({ timestamp: 4_800 + index * 960, data: packet(20, index) }));
    }
    expect(sent.map(({ ticks }) => ticks)).toEqual([0, 1, 2].map((index) => 5 * step + index * step));
    expect(sent.map(({ body }) => body)).toEqual([0, 1, 2].map((index) => packet(20, index)));
    expect(sent.some(({ last }) => last)).toBe(false);
  });

  it("puts three frames of 20 ms into each packet of 60 ms, coded as they are", () => {
    const { sent, sender } = open(60);
    for (let index = 0; index < 7; index += 1) {
      sender.send(makeSound({ timestamp: index * 960, data: packet(20, index) }));
    }
    expect(sent.map(({ ticks }) => ticks)).toEqual([0, 960]);
    const frames = sent.map(({ body }) => parseOpus(body));
    expect(frames.map(({ duration }) => duration)).toEqual([2_880, 2_880]);
    expect(frames.flatMap((parsed) => parsed.frames.map((frame) => frame[0]))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("takes a packet of several frames apart for a viewer that wants shorter ones", () => {
    const { sent, sender } = open(20);
    const three = Buffer.concat([
      Buffer.from([toc[20] | 3, 3]),
      Buffer.alloc(10, 1),
      Buffer.alloc(10, 2),
      Buffer.alloc(10, 3),
    ]);
    sender.send(makeSound({ timestamp: 9_600, data: three }));
    expect(sent.map(({ ticks }) => ticks)).toEqual([3_200, 3_520, 3_840]);
    expect(sent.map(({ body }) => body)).toEqual([1, 2, 3].map((fill) => packet(20, fill, 10)));
  });

  it("begins a new packet after a gap instead of gluing what was apart", () => {
    const { sent, sender } = open(60);
    const at = [0, 960, 4_800, 5_760, 6_720];
    at.forEach((timestamp, index) => sender.send(makeSound({ timestamp, data: packet(20, index) })));
    expect(sent.map(({ ticks }) => ticks)).toEqual([1_600]);
    expect(parseOpus(sent[0]!.body).frames.map((frame) => frame[0])).toEqual([2, 3, 4]);
  });

  it("begins a new packet when the camera changes how it codes", () => {
    const { sent, sender } = open(60);
    sender.send(makeSound({ timestamp: 0, data: packet(20, 1) }));
    for (let index = 0; index < 6; index += 1) {
      sender.send(makeSound({ timestamp: 960 + index * 480, data: packet(10, 2 + index) }));
    }
    expect(sent.map(({ ticks }) => ticks)).toEqual([320]);
    expect(parseOpus(sent[0]!.body).frames).toHaveLength(6);
  });

  it("passes frames on that are longer than the viewer asked for", () => {
    const { sent, sender } = open(20);
    sender.send(makeSound({ timestamp: 0, data: packet(60, 1) }));
    expect(sent.map(({ body }) => body)).toEqual([packet(60, 1)]);
  });

  it("leaves malformed packets out, saying so once, and goes on", () => {
    const { sent, log, sender } = open(20);
    for (const hex of ["", "4a", "4bff", "4b00"]) sender.send(makeSound({ data: Buffer.from(hex, "hex") }));
    sender.send(makeSound({ timestamp: 960, data: packet(20, 1) }));
    expect(sent).toHaveLength(1);
    expect(log.lines.map(({ message }) => message)).toEqual(["malformed sound left out"]);
  });

  it("leaves out what does not fit a datagram", () => {
    const { sent, sender } = open(60, 16_000, 500);
    for (let index = 0; index < 6; index += 1) {
      sender.send(makeSound({ timestamp: index * 960, data: packet(20, index, index < 3 ? 300 : 50) }));
    }
    expect(sent.map(({ ticks }) => ticks)).toEqual([960]);
  });
});
