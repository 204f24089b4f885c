import { describe, expect, it } from "@jest/globals";

import { RtpPacket } from "../rtp/rtp-packet.ts";
import { Reordering } from "./reordering.ts";

const packet = (sequence: number): RtpPacket =>
  RtpPacket.of({ payloadType: 96, marker: false, sequence: sequence & 0xffff, timestamp: 0, ssrc: 1 }, Buffer.alloc(0));

/** What comes out, as `sequence@time`. */
const run = (...arrivals: readonly (readonly [sequence: number, at: number])[]): readonly string[] => {
  const out: string[] = [];
  const reordering = new Reordering(({ sequence }, at) => out.push(`${sequence}@${at}`));
  for (const [sequence, at] of arrivals) reordering.push(packet(sequence), at);
  return out;
};

describe("Reordering", () => {
  it("lets packets in order pass at once", () => {
    expect(run([1, 0], [2, 1], [3, 2])).toEqual(["1@0", "2@1", "3@2"]);
  });

  it("puts two that overtook each other in order", () => {
    expect(run([1, 0], [3, 10], [2, 11], [4, 12])).toEqual(["1@0", "2@11", "3@11", "4@12"]);
  });

  it("passes a packet once", () => {
    expect(run([1, 0], [2, 1], [2, 2], [1, 3])).toEqual(["1@0", "2@1"]);
  });

  it("waits for a lost packet for fifty milliseconds, until another comes", () => {
    expect(run([1, 0], [3, 10], [4, 60], [5, 61])).toEqual(["1@0", "3@61", "4@61", "5@61"]);
  });

  it("waits for the next lost one anew", () => {
    expect(run([1, 0], [3, 10], [5, 61], [6, 80], [7, 112])).toEqual(["1@0", "3@61", "5@112", "6@112", "7@112"]);
  });

  it("holds no more than thirty-two packets", () => {
    const many = Array.from({ length: 40 }, (_, index) => [index + 3, 10] as const);
    expect(run([1, 0], ...many)).toHaveLength(41);
    expect(run([1, 0], ...many.slice(0, 32))).toEqual(["1@0"]);
  });
});
