import { describe, expect, it } from "@jest/globals";

import type { AudioTrack, VideoTrack } from "../../domain/track.ts";
import { videoTrack } from "../../media/testing/units.ts";
import { acceptedCodecs, audioSection, chooseAudio, chooseTalk, chooseVideo, videoSection } from "./codec-policy.ts";
import { parseOffer } from "./offer.ts";
import { chromiumAudio, chromiumVideo, makeOffer, safariVideo, type OfferOptions } from "./testing/offers.ts";

const offerOf = (options: OfferOptions = {}): ReturnType<typeof parseOffer> => parseOffer(makeOffer(options));
const sound = (codec: AudioTrack["codec"], clockRate = 8_000, channels = 1): AudioTrack => ({
  kind: "audio",
  codec,
  clockRate,
  channels,
});

/** A picture whose parameter sets have this profile and these constraints. */
const picture = (profile: string): VideoTrack => {
  const rest =
    profile === "6400" ? "28acd940780227e5c044000003000400000300c83c60c658" : "1fd9005005bb011000000300100000030320";
  const sps = Buffer.from(`67${profile}${rest}`, "hex");
  return { ...videoTrack, parameterSets: { sps, pps: Buffer.from("68cb83cb20", "hex") } };
};

describe("A viewer", () => {
  it.each<[string, OfferOptions, readonly string[], readonly string[]]>([
    ["like Chromium", {}, ["h264"], ["opus", "pcmu", "pcma"]],
    ["like Safari", { video: safariVideo }, ["h264", "h265"], ["opus", "pcmu", "pcma"]],
    ["with H.265 alone", { video: { 100: ["H265/90000"] } }, ["h265"], ["opus", "pcmu", "pcma"]],
    ["that sends sound only", { audioDirection: "sendonly" }, ["h264"], []],
    ["with G.711 alone", { audio: { 0: ["PCMU/8000"] } }, ["h264"], ["pcmu"]],
    [
      "with Opus for one channel, which is none",
      { audio: { 111: ["opus/48000"], 8: ["PCMA/8000"] } },
      ["h264"],
      ["pcma"],
    ],
    ["whose sound would need a transport of its own", { bundle: false }, ["h264"], []],
  ])("%s accepts what it can play", (_, options, video, audio) => {
    expect(acceptedCodecs(offerOf(options))).toEqual({ video, audio });
  });

  it.each<[string, string]>([
    ["without H.264", makeOffer({ video: { 96: ["VP8/90000"], 45: ["AV1/90000"] } })],
    ["with H.264 whose pictures must fit one packet", makeOffer({ video: { 104: chromiumVideo[104] } })],
    ["with H.265 of ten bits alone", makeOffer({ video: { 100: ["H265/90000", "profile-id=2"] } })],
    ["that would only send pictures", makeOffer().replace("a=recvonly", "a=sendonly")],
    ["without RTCP on the same port", makeOffer().replaceAll("a=rtcp-mux\r\n", "")],
    ["over plain RTP", makeOffer().replaceAll("UDP/TLS/RTP/SAVPF", "RTP/AVP")],
    ["of sound alone", makeOffer().replace("m=video", "m=image")],
  ])("%s is told once that it cannot be served", (_, sdp) => {
    expect(() => acceptedCodecs(parseOffer(sdp))).toThrow(expect.objectContaining({ code: "codec-unsupported" }));
  });
});

describe("The format of a picture", () => {
  it.each<[string, OfferOptions, string, number]>([
    ["baseline of Chromium", {}, "4200", 102],
    ["constrained baseline of Chromium", {}, "42e0", 108],
    ["main of Chromium", {}, "4d00", 116],
    ["high of Chromium, which offers none and decodes it", {}, "6400", 116],
    ["high of Safari", { video: safariVideo }, "6400", 96],
    ["main of Safari", { video: safariVideo }, "4d00", 96],
    ["constrained baseline of Safari", { video: safariVideo }, "42e0", 98],
    ["a profile that nobody knows", { video: { 41: chromiumVideo[41], 108: chromiumVideo[108] } }, "4d00", 108],
    ["a format that names no profile", { video: { 99: ["H264/90000", "packetization-mode=1"] } }, "4d00", 99],
  ])("is, for %s, the nearest profile", (_, options, profile, payloadType) => {
    const section = videoSection(offerOf(options));
    expect(section && chooseVideo(section, picture(profile))?.payloadType).toBe(payloadType);
  });

  it("is H.265's for H.265, and none where it was not offered", () => {
    const track: VideoTrack = { ...videoTrack, codec: "h265", parameterSets: undefined };
    const [safari, chromium] = [videoSection(offerOf({ video: safariVideo })), videoSection(offerOf())];
    expect(safari && chooseVideo(safari, track)?.payloadType).toBe(100);
    expect(chromium && chooseVideo(chromium, track)).toBeUndefined();
  });

  it("is chosen while the parameter sets are not known", () => {
    const section = videoSection(offerOf());
    expect(section && chooseVideo(section, { ...videoTrack, parameterSets: undefined })?.payloadType).toBe(108);
  });
});

describe("The format of the sound", () => {
  it.each<[string, AudioTrack | undefined, number | undefined]>([
    ["Opus", sound("opus", 48_000, 2), 111],
    ["Opus of one voice, which is signalled alike", sound("opus", 48_000, 1), 111],
    ["PCMU", sound("pcmu"), 0],
    ["PCMA", sound("pcma"), 8],
    ["PCMU of 16 kHz, which WebRTC does not have", sound("pcmu", 16_000), undefined],
    ["PCMA of two channels", sound("pcma", 8_000, 2), undefined],
    ["AAC", sound("aac", 16_000), undefined],
    ["none", undefined, undefined],
  ])("of %s is the offered one", (_, track, payloadType) => {
    const section = audioSection(offerOf());
    expect(section && chooseAudio(section, track)?.payloadType).toBe(payloadType);
  });

  it("is none for a viewer that does not listen", () => {
    const section = audioSection(offerOf({ audioDirection: "sendonly" }));
    expect(section && chooseAudio(section, sound("pcmu"))).toBeUndefined();
  });

  it("of a talker alone is what loudspeakers take, or else Opus", () => {
    const [all, opus] = [offerOf(), offerOf({ audio: { 111: chromiumAudio[111] } })].map(audioSection);
    expect([all && chooseTalk(all)?.payloadType, opus && chooseTalk(opus)?.payloadType]).toEqual([0, 111]);
  });

  it("has no section where nothing fits", () => {
    expect(audioSection(offerOf({ audio: { 9: ["G722/8000"] } }))).toBeUndefined();
    expect(audioSection(parseOffer(makeOffer().replace("m=video", "m=image")))).toBeUndefined();
  });
});
