import { describe, expect, it } from "@jest/globals";

import { writeRtpHeader } from "../../protocols/rtp/rtp-packet.ts";
import { TalkReceiver } from "./talk-receiver.ts";

const packet = (
  sequence: number,
  timestamp: number,
  payload = Buffer.from([sequence & 0xff]),
  payloadType = 0,
  ssrc = 9,
): Buffer => {
  const header = Buffer.alloc(12);
  writeRtpHeader(header, 0, { payloadType, marker: false, sequence, timestamp, ssrc });
  return Buffer.concat([header, payload]);
};

class Heard {
  readonly sounds: (readonly [data: number | undefined, timestamp: number])[] = [];
  closed = 0;
  write(data: Buffer, timestamp: number): void {
    this.sounds.push([data[0], timestamp]);
  }
  [Symbol.dispose](): void {
    this.closed += 1;
  }
}

describe("What a viewer says", () => {
  it("is handed on in order, stamped without wraps", () => {
    const heard = new Heard();
    using talk = new TalkReceiver(0, heard);
    const first = 2 ** 32 - 160;
    for (const index of [0, 2, 1, 3]) talk.receive(packet((65_535 + index) & 0xffff, (first + index * 160) % 2 ** 32));
    expect(heard.sounds).toEqual([[255, first], [0, first + 160], [1, first + 320], [2, first + 480]]); // prettier-ignore
  });

  it.each([
    ["another payload type", packet(1, 160, Buffer.from([1]), 13)],
    ["no payload", packet(1, 160, Buffer.alloc(0))],
    ["no RTP", Buffer.from("hello, is anybody there?")],
    [
      "padding longer than itself",
      Buffer.concat([Buffer.from([0xa0]), packet(1, 160, Buffer.from([200])).subarray(1)]),
    ],
  ])("is left out with %s", (_, bytes) => {
    const heard = new Heard();
    using talk = new TalkReceiver(0, heard);
    talk.receive(packet(0, 80));
    talk.receive(bytes);
    expect(heard.sounds).toEqual([[0, 80]]);
  });

  it("goes on where a viewer begins anew, whatever its time is then", () => {
    const heard = new Heard();
    using talk = new TalkReceiver(0, heard);
    for (const index of [0, 1]) talk.receive(packet(index, 1_000_000 + index * 160));
    // The same source with an earlier time, then another source with a later one.
    for (const index of [2, 3]) talk.receive(packet(index, 500 + index * 160));
    const other = (index: number): Buffer => packet(index, 3_000_000_000 + index * 160, undefined, 0, 10);
    for (const index of [700, 701, 702]) talk.receive(other(index));
    expect(heard.sounds.map(([, at]) => at)).toEqual(Array.from({ length: 7 }, (_, index) => 1_000_000 + index * 160));
  });

  it("ends with the session", () => {
    const heard = new Heard();
    new TalkReceiver(0, heard)[Symbol.dispose]();
    expect(heard.closed).toBe(1);
  });
});
