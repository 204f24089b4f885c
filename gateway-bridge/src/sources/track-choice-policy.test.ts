import { describe, expect, it } from "@jest/globals";

import { parseSdp } from "../protocols/sdp/parse-sdp.ts";
import { chooseTracks } from "./track-choice-policy.ts";

// Covers: H.264 first, later, doubled, in the interleaved mode, encrypted, absent; Opus alone, after others, on the way back,
// absent; several encodings in one section; names that a camera makes up.

const h264 = ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:v"];
const opus = ["m=audio 0 RTP/AVP 97", "a=rtpmap:97 opus/48000/2", "a=control:o"];
const pcmu = ["m=audio 0 RTP/AVP 0", "a=control:p"];
const back = ["m=audio 0 RTP/AVP 97", "a=rtpmap:97 opus/48000/2", "a=sendonly", "a=control:b"];

/** Control and payload type of what is chosen, or what is offered instead. */
const choose = (...lines: readonly string[]): unknown => {
  const choice = chooseTracks(parseSdp(Buffer.from(["v=0", ...lines].join("\n"), "latin1")));
  if (choice.kind === "no-video") return choice.offered;
  const name = (track: typeof choice.opus): unknown => track && `${track.media.control}/${track.format.payloadType}`;
  return { video: name(choice.video), opus: name(choice.opus) };
};

describe("chooseTracks", () => {
  it.each<[string, readonly string[], unknown]>([
    ["video alone", h264, { video: "v/96", opus: undefined }],
    ["video and Opus", [...h264, ...opus], { video: "v/96", opus: "o/97" }],
    ["sound first", [...opus, ...h264], { video: "v/96", opus: "o/97" }],
    ["other sound", [...h264, ...pcmu], { video: "v/96", opus: undefined }],
    ["Opus after other sound", [...h264, ...pcmu, ...opus], { video: "v/96", opus: "o/97" }],
    ["the way back", [...h264, ...back], { video: "v/96", opus: undefined }],
    ["both ways", [...h264, ...back, ...opus], { video: "v/96", opus: "o/97" }],
    ["a section that says sendonly", [...h264, "a=sendonly"], ["H264"]],
    ["several encodings", ["m=video 0 RTP/AVP 95 96", "a=rtpmap:95 H265/90000", ...h264.slice(1)], { video: "v/96" }],
    ["H.265 before H.264", ["m=video 0 RTP/AVP 98", "a=rtpmap:98 H265/90000", ...h264], { video: "v/96" }],
    ["two videos", [...h264, "m=video 0 RTP/AVP 99", "a=rtpmap:99 H264/90000"], { video: "v/96" }],
    ["mode 1", [...h264, "a=fmtp:96 packetization-mode=1"], { video: "v/96" }],
    ["mode 2", [...h264, "a=fmtp:96 packetization-mode=2"], ["H264"]],
    ["SRTP", ["m=video 0 RTP/SAVP 96", ...h264.slice(1)], ["H264"]],
    ["feedback", ["m=video 0 RTP/AVPF 96", ...h264.slice(1)], { video: "v/96" }],
    ["H.265 and JPEG", ["m=video 0 RTP/AVP 98 26 26", "a=rtpmap:98 H265/90000"], ["H265", "JPEG"]],
    ["sound alone", opus, []],
    ["nothing", [], []],
    ["a made-up name", ["m=video 0 RTP/AVP 98", "a=rtpmap:98 \x1b[2J/1"], ["payload type 98"]],
    ["H.264 called something else", ["m=application 0 RTP/AVP 96", ...h264.slice(1)], []],
  ])("deals with %s", (_, lines, expected) => {
    if (Array.isArray(expected)) expect(choose(...lines)).toEqual(expected);
    else expect(choose(...lines)).toMatchObject(expected as object);
  });

  it("names only a few of what is offered", () => {
    const types = Array.from({ length: 40 }, (_, index) => String(index + 34)).join(" ");
    expect(choose(`m=video 0 RTP/AVP ${types}`)).toHaveLength(8);
  });
});
