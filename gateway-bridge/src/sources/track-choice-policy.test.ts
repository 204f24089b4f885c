import { describe, expect, it } from "@jest/globals";

import { parseSdp } from "../protocols/sdp/parse-sdp.ts";
import { chooseTracks } from "./track-choice-policy.ts";

// Covers: H.264 first, later, doubled, in the interleaved mode, encrypted with and without a key, absent; H.265 alone, beside
// H.264 in another section or the same, out of order; every kind of sound alone, all of them in any order, on the way back,
// not understood, absent; several encodings in one section; names that a camera makes up.

const h264 = ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:v"];
const h265 = ["m=video 0 RTP/AVP 98", "a=rtpmap:98 H265/90000", "a=control:w"];
const opus = ["m=audio 0 RTP/AVP 97", "a=rtpmap:97 opus/48000/2", "a=control:o"];
const aac = [
  "m=audio 0 RTP/AVP 99",
  "a=rtpmap:99 MPEG4-GENERIC/16000",
  "a=fmtp:99 mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408",
  "a=control:a",
];
const pcmu = ["m=audio 0 RTP/AVP 0", "a=control:u"];
const pcma = ["m=audio 0 RTP/AVP 100", "a=rtpmap:100 PCMA/16000", "a=control:p"];
const l16 = ["m=audio 0 RTP/AVP 11", "a=control:l"];
const back = ["m=audio 0 RTP/AVP 97", "a=rtpmap:97 opus/48000/2", "a=sendonly", "a=control:b"];

/** Control and payload type of what is chosen, or what is offered instead. */
const choose = (...lines: readonly string[]): unknown => {
  const choice = chooseTracks(parseSdp(Buffer.from(["v=0", ...lines].join("\n"), "latin1")));
  if (choice.kind === "no-video") return choice.offered;
  const { video, sound } = choice;
  return {
    video: `${video.media.control}/${video.format.payloadType} ${video.codec}`,
    sound: sound && `${sound.media.control}/${sound.format.payloadType} ${sound.sound.track.codec}`,
  };
};

const v = "v/96 h264";

describe("chooseTracks", () => {
  it.each<[string, readonly string[], unknown]>([
    ["video alone", h264, { video: v, sound: undefined }],
    ["video and Opus", [...h264, ...opus], { video: v, sound: "o/97 opus" }],
    ["sound first", [...opus, ...h264], { video: v, sound: "o/97 opus" }],
    ["AAC", [...h264, ...aac], { video: v, sound: "a/99 aac" }],
    ["G.711 by its number", [...h264, ...pcmu], { video: v, sound: "u/0 pcmu" }],
    ["G.711 by its name", [...h264, ...pcma], { video: v, sound: "p/100 pcma" }],
    ["samples", [...h264, ...l16], { video: v, sound: "l/11 l16" }],
    ["every sound there is", [...h264, ...l16, ...pcma, ...pcmu, ...aac, ...opus], { sound: "o/97 opus" }],
    ["all but Opus", [...h264, ...l16, ...pcma, ...pcmu, ...aac], { sound: "a/99 aac" }],
    ["both laws of G.711", [...h264, ...l16, ...pcma, ...pcmu], { sound: "u/0 pcmu" }],
    ["A-law and samples", [...h264, ...l16, ...pcma], { sound: "p/100 pcma" }],
    ["two of one kind", [...h264, ...opus, ...opus.slice(0, 2), "a=control:second"], { sound: "o/97 opus" }],
    [
      "several sounds in one section",
      [...h264, "m=audio 0 RTP/AVP 8 97", opus[1] ?? ""],
      { sound: "undefined/97 opus" },
    ],
    ["sound that is not understood", [...h264, "m=audio 0 RTP/AVP 9", "a=control:g"], { video: v, sound: undefined }],
    ["AAC without its configuration", [...h264, ...aac.slice(0, 2)], { video: v, sound: undefined }],
    ["the way back", [...h264, ...back], { video: v, sound: undefined }],
    ["both ways", [...h264, ...back, ...opus], { video: v, sound: "o/97 opus" }],
    ["a section that says sendonly", [...h264, "a=sendonly"], ["H264"]],
    ["H.265 alone", h265, { video: "w/98 h265" }],
    ["H.265 before H.264", [...h265, ...h264], { video: v }],
    ["both in one section", ["m=video 0 RTP/AVP 98 96", "a=rtpmap:98 H265/90000", ...h264.slice(1)], { video: v }],
    ["H.265 in order, as it says", [...h265, "a=fmtp:98 sprop-max-don-diff=0"], { video: "w/98 h265" }],
    ["H.265 out of order", [...h265, "a=fmtp:98 sprop-max-don-diff=3"], ["H265"]],
    ["two videos", [...h264, "m=video 0 RTP/AVP 99", "a=rtpmap:99 H264/90000"], { video: v }],
    ["mode 1", [...h264, "a=fmtp:96 packetization-mode=1"], { video: v }],
    ["mode 2", [...h264, "a=fmtp:96 packetization-mode=2"], ["H264"]],
    ["SRTP without a key", ["m=video 0 RTP/SAVP 96", ...h264.slice(1)], ["H264"]],
    ["SRTP", ["m=video 0 RTP/SAVP 96", ...h264.slice(1), "a=key-mgmt:mikey AQAFgM0="], { video: v }],
    ["feedback", ["m=video 0 RTP/AVPF 96", ...h264.slice(1)], { video: v }],
    ["JPEG and a film", ["m=video 0 RTP/AVP 26 32 26"], ["JPEG", "MPV"]],
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
