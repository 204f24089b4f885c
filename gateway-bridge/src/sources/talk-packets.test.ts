import { describe, expect, it } from "@jest/globals";

import type { AudioTrack } from "../domain/track.ts";
import { packetizeTalk } from "./talk-packets.ts";

const track = (codec: AudioTrack["codec"], channels = 1): AudioTrack => ({
  kind: "audio",
  codec,
  clockRate: 8_000,
  channels,
});
const sizes = (codec: AudioTrack["codec"], bytes: number, channels = 1): unknown =>
  packetizeTalk(track(codec, channels), Buffer.alloc(bytes)).map(({ after, prefix, body }) => [
    after,
    prefix.length,
    body.length,
  ]);

describe("packetizeTalk", () => {
  it.each<[string, unknown, unknown]>([
    ["20 ms of G.711", sizes("pcmu", 160), [[0, 0, 160]]],
    [
      "300 ms of G.711",
      sizes("pcma", 2_400),
      [
        [0, 0, 1_200],
        [1_200, 0, 1_200],
      ],
    ],
    ["20 ms of L16", sizes("l16", 640), [[0, 0, 640]]],
    [
      "L16 in two channels",
      sizes("l16", 2_404, 2),
      [
        [0, 0, 1_200],
        [300, 0, 1_200],
        [600, 0, 4],
      ],
    ],
    ["half a sample more", sizes("l16", 641), [[0, 0, 640]]],
    [
      "L16 of three channels",
      sizes("l16", 1_206, 3),
      [
        [0, 0, 1_200],
        [200, 0, 6],
      ],
    ],
    ["one Opus packet", sizes("opus", 80), [[0, 0, 80]]],
    ["an Opus packet that fits no datagram", sizes("opus", 1_201), []],
    ["one access unit of AAC", sizes("aac", 300), [[0, 4, 300]]],
    [
      "an access unit in two packets",
      sizes("aac", 1_300),
      [
        [0, 4, 1_196],
        [0, 4, 104],
      ],
    ],
    ["nothing", sizes("pcmu", 0), []],
    ["no Opus", sizes("opus", 0), []],
  ])("parts %s", (_, parted, expected) => {
    expect(parted).toEqual(expected);
  });
});
