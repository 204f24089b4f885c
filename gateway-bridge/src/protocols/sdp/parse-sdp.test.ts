import { describe, expect, it } from "@jest/globals";

import { maxSdpBytes, parseSdp } from "./parse-sdp.ts";
import type { MediaFormat, SessionDescription } from "./session-description.ts";

const parse = (...lines: readonly string[]): SessionDescription => parseSdp(Buffer.from(lines.join("\r\n"), "latin1"));
const firstFormat = (session: SessionDescription): MediaFormat | undefined => session.media[0]?.formats[0];
const head = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=x", "t=0 0"];

describe("parseSdp", () => {
  it("reads sections, formats and their parameters", () => {
    const session = parse(
      ...head,
      "a=control:*",
      "m=video 0 RTP/AVP 96",
      "a=control:trackID=1",
      "a=rtpmap:96 h264/90000",
      "a=fmtp:96 packetization-mode=1; Profile-Level-Id=420029;sprop-parameter-sets=Z0IAKQ==,aM4=",
      "m=audio 0 RTP/AVP 0 97",
      "a=rtpmap:97 opus/48000/2",
      "a=recvonly",
    );
    expect(session).toEqual({
      name: "x",
      control: "*",
      media: [
        {
          kind: "video",
          protocol: "RTP/AVP",
          control: "trackID=1",
          direction: "sendrecv",
          formats: [
            {
              payloadType: 96,
              encoding: "H264",
              clockRate: 90_000,
              channels: 1,
              parameters: new Map([
                ["packetization-mode", "1"],
                ["profile-level-id", "420029"],
                ["sprop-parameter-sets", "Z0IAKQ==,aM4="],
              ]),
            },
          ],
        },
        {
          kind: "audio",
          protocol: "RTP/AVP",
          control: undefined,
          direction: "recvonly",
          formats: [
            { payloadType: 0, encoding: "PCMU", clockRate: 8_000, channels: 1, parameters: new Map() },
            { payloadType: 97, encoding: "OPUS", clockRate: 48_000, channels: 2, parameters: new Map() },
          ],
        },
      ],
    });
  });

  it.each(["\r\n", "\n", "\r", "\r\n\r\n", "\0\n"])("takes lines that end in %j", (end) => {
    const text = [...head, "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", ""].join(end);
    expect(firstFormat(parseSdp(Buffer.from(text)))?.encoding).toBe("H264");
  });

  it.each<[string, string[]]>([
    ["several names", ["s=first", "s=", "s=third"]],
    ["no name", []],
    ["broken connection and time lines", ["c=IN IP4", "c=", "t=", "t=now 0 0", "b=", "z"]],
    ["an attribute without a value", ["a=", "a=rtpmap", "a=rtpmap:", "a=fmtp:", "a=fmtp:x y", "a=rtpmap:999 X/1"]],
  ])("passes over %s", (_, lines) => {
    const session = parse("v=0", ...lines, "m=video 0 RTP/AVP 96", ...lines, "a=rtpmap:96 H264/90000");
    expect(session.name).toBe(lines[0] === "s=first" ? "first" : "");
    expect(firstFormat(session)).toMatchObject({ encoding: "H264", clockRate: 90_000 });
  });

  it("finds what was written into another section", () => {
    const session = parse(
      ...head,
      "a=rtpmap:98 OPUS/48000/2",
      "m=video 0 RTP/AVP 96",
      "m=audio 0 RTP/AVP 98",
      "a=rtpmap:96 H264/90000",
      "a=fmtp:96 packetization-mode=1",
    );
    expect(firstFormat(session)).toMatchObject({
      encoding: "H264",
      parameters: new Map([["packetization-mode", "1"]]),
    });
    expect(session.media[1]?.formats[0]).toMatchObject({ encoding: "OPUS", channels: 2 });
  });

  it("does not take a number's meaning from a section that uses the number itself", () => {
    const session = parse(
      ...head,
      "m=video 0 RTP/AVP 96",
      "m=audio 0 RTP/AVP 96",
      "a=rtpmap:96 OPUS/48000/2",
      "a=fmtp:96 stereo=1",
    );
    expect(firstFormat(session)).toMatchObject({ encoding: "", clockRate: 0, parameters: new Map() });
  });

  it("lets the first of two lines hold", () => {
    const session = parse(
      ...head,
      "m=video 0 RTP/AVP 96 96",
      "a=control:a",
      "a=control:b",
      "a=rtpmap:96 H264/90000",
      "a=rtpmap:96 H265/90000",
      "a=fmtp:96 x=1;x=2",
      "a=fmtp:96 y=1",
      "a=sendonly",
      "a=recvonly",
    );
    expect(session.media[0]).toMatchObject({ control: "a", direction: "sendonly" });
    expect(session.media[0]?.formats).toHaveLength(1);
    expect(firstFormat(session)).toMatchObject({ encoding: "H264", parameters: new Map([["x", "1"]]) });
  });

  it("lets the session's direction hold for sections without one", () => {
    const session = parse(...head, "a=recvonly", "m=video 0 RTP/AVP 96", "m=audio 0 RTP/AVP 0", "a=sendonly");
    expect(session.media.map(({ direction }) => direction)).toEqual(["recvonly", "sendonly"]);
  });

  it("keeps what numbers it can of odd ones", () => {
    const session = parse(
      ...head,
      "m=video 0 RTP/AVP 96 128 -1 1e3 x",
      "a=rtpmap:96 H264/99999999999999/0",
      "m=audio",
      "m=",
    );
    expect(firstFormat(session)).toMatchObject({ payloadType: 96, clockRate: 0, channels: 1 });
    expect(session.media.map(({ kind, formats }) => [kind, formats.length])).toEqual([
      ["video", 1],
      ["audio", 0],
      ["", 0],
    ]);
  });

  it("bounds what it keeps", () => {
    const sections = Array.from({ length: 100 }, () => `m=video 0 RTP/AVP ${Array(100).fill("96").join(" ")}`);
    expect(parse("v=0", ...sections).media).toHaveLength(32);
    const types = Array.from({ length: 128 }, (_, type) => type);
    const [media] = parse(
      "v=0",
      `m=video 0 RTP/AVP ${types.join(" ")}`,
      ...types.flatMap((type) => [`a=rtpmap:${type} X/1`, `a=fmtp:${type} ${type === 0 ? types.join("=;") : "x"}`]),
    ).media;
    expect(media?.formats).toHaveLength(64);
    expect(media?.formats[0]?.parameters.size).toBe(64);
  });

  it("refuses what is too long, and what is no SDP", () => {
    expect(() => parseSdp(Buffer.alloc(maxSdpBytes + 1, "v=0\n"))).toThrow(
      expect.objectContaining({ code: "camera-answer-too-large" }),
    );
    for (const text of ["", "<html>", "V=0", "\0\0\0"]) {
      expect(() => parse(text)).toThrow(expect.objectContaining({ code: "camera-answer-malformed" }));
    }
  });
});
