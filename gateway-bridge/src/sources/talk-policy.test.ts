import { describe, expect, it } from "@jest/globals";

import type { TalkQuirks } from "../domain/camera-quirks.ts";
import { parseSdp } from "../protocols/sdp/parse-sdp.ts";
import { chooseTalk, talkUrl } from "./talk-policy.ts";

// Covers: each codec alone and beside others, in one section and several; sound that comes from the camera; what is not understood;
// a camera that plays less than it offers; addresses with, without and with a part of what is wanted.

const pcmu = ["m=audio 0 RTP/AVP 0", "a=control:u", "a=sendonly"];
const pcma = ["m=audio 0 RTP/AVP 8", "a=control:a", "a=sendonly"];
const l16 = ["m=audio 0 RTP/AVP 100", "a=rtpmap:100 L16/16000", "a=control:l", "a=sendonly"];
const aac = [
  "m=audio 0 RTP/AVP 101",
  "a=rtpmap:101 MPEG4-GENERIC/16000",
  "a=fmtp:101 mode=AAC-hbr;config=1408;sizelength=13;indexlength=3;indexdeltalength=3",
  "a=control:m",
  "a=sendonly",
];
const both = ["m=audio 0 RTP/AVP 8 0", "a=control:b", "a=sendonly"];
const heard = ["m=audio 0 RTP/AVP 0", "a=control:h"];
const g726 = ["m=audio 0 RTP/AVP 102", "a=rtpmap:102 G726-32/8000", "a=control:g", "a=sendonly"];

const choose = (quirks: TalkQuirks | undefined, ...lines: readonly string[]): unknown => {
  const chosen = chooseTalk(parseSdp(Buffer.from(["v=0", ...lines].join("\n"), "latin1")), quirks);
  return (
    chosen && `${chosen.media.control}/${chosen.format.payloadType} ${chosen.track.codec} ${chosen.track.clockRate}`
  );
};

describe("chooseTalk", () => {
  it.each<[string, TalkQuirks | undefined, readonly string[], unknown]>([
    ["PCMU", undefined, pcmu, "u/0 pcmu 8000"],
    ["PCMA", undefined, pcma, "a/8 pcma 8000"],
    ["L16", undefined, l16, "l/100 l16 16000"],
    ["AAC", undefined, aac, "m/101 aac 16000"],
    ["PCMU after all others", undefined, [...aac, ...l16, ...pcma, ...pcmu], "u/0 pcmu 8000"],
    ["PCMA after others", undefined, [...aac, ...l16, ...pcma], "a/8 pcma 8000"],
    ["two in one section", undefined, both, "b/0 pcmu 8000"],
    ["what the camera plays", { codecs: ["pcma"] }, both, "b/8 pcma 8000"],
    ["what the camera does not play", { codecs: ["pcma"] }, pcmu, undefined],
    ["the camera's own sound", undefined, heard, undefined],
    ["the way back behind the camera's own", undefined, [...heard, ...pcma], "a/8 pcma 8000"],
    ["what is not understood", undefined, g726, undefined],
    ["nothing", undefined, [], undefined],
    ["a way back for pictures", undefined, ["m=video 0 RTP/AVP 0", "a=sendonly"], undefined],
  ])("takes %s", (_, quirks, lines, expected) => {
    expect(choose(quirks, ...lines)).toBe(expected);
  });
});

describe("talkUrl", () => {
  const quirks: TalkQuirks = { query: { unicast: "true", proto: "Onvif" } };

  it.each<[string, TalkQuirks | undefined, string]>([
    ["rtsp://h/live", undefined, "rtsp://h/live"],
    ["rtsp://h/live", quirks, "rtsp://h/live?unicast=true&proto=Onvif"],
    ["rtsp://h/cam?channel=1", quirks, "rtsp://h/cam?channel=1&unicast=true&proto=Onvif"],
    ["rtsp://h/cam?unicast=true&channel=1", quirks, "rtsp://h/cam?unicast=true&channel=1&proto=Onvif"],
    ["rtsp://h/cam?channel=1&unicast=true&Proto=Onvif", quirks, "rtsp://h/cam?channel=1&unicast=true&Proto=Onvif"],
  ])("of %s", (url, given, expected) => {
    expect(talkUrl(url, given)).toBe(expected);
  });
});
