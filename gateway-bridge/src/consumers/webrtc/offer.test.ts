import { describe, expect, it } from "@jest/globals";

import { maxOfferSize, parseOffer } from "./offer.ts";
import { makeOffer } from "./testing/offers.ts";

const invalid = (why: string) =>
  expect.objectContaining({ code: "request-invalid", message: expect.stringContaining(why) as unknown });

describe("An offer", () => {
  it("is read as a browser writes it", () => {
    const { media, bundle, transport, candidates } = parseOffer(makeOffer({ dataChannel: true }));
    expect(media.map(({ kind, mid, direction, rtcpMux }) => [kind, mid, direction, rtcpMux])).toEqual([
      ["video", "0", "recvonly", true],
      ["audio", "1", "recvonly", true],
      ["application", "2", "sendrecv", false],
    ]);
    expect(bundle).toEqual(["0", "1", "2"]);
    expect(transport).toMatchObject({ ufrag: "Xk3f", password: "0123456789abcdefghijkl+/", setup: "actpass" });
    expect(transport.fingerprint).toMatchObject({
      algorithm: "sha-256",
      value: expect.stringMatching(/^00:01:.*:1F$/) as unknown,
    });
    expect(candidates).toEqual(["1 1 udp 2113937151 192.168.1.20 54321 typ host generation 0"]);
  });

  it("has formats with their parameters and feedback", () => {
    const [video, audio] = parseOffer(makeOffer()).media;
    const h264 = video?.formats.find(({ payloadType }) => payloadType === 108);
    expect(h264).toMatchObject({ encoding: "H264", clockRate: 90_000, channels: 1 });
    expect(Object.fromEntries(h264?.parameters ?? [])).toEqual({
      "level-asymmetry-allowed": "1",
      "packetization-mode": "1",
      "profile-level-id": "42e01f",
    });
    expect([...(h264?.feedback ?? [])]).toEqual(["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"]);
    const opus = audio?.formats.find(({ payloadType }) => payloadType === 111);
    expect(opus).toMatchObject({ encoding: "OPUS", clockRate: 48_000, channels: 2 });
  });

  it("knows static payload types without a map, and feedback for all formats", () => {
    const sdp = makeOffer()
      .replace("a=rtpmap:0 PCMU/8000\r\n", "")
      .replace("a=rtcp-fb:0 transport-cc", "a=rtcp-fb:* nack");
    const pcmu = parseOffer(sdp).media[1]?.formats.find(({ payloadType }) => payloadType === 0);
    expect(pcmu).toMatchObject({ encoding: "PCMU", clockRate: 8_000, channels: 1 });
    expect(pcmu?.feedback.has("nack")).toBe(true);
  });

  it("names the sources of what the viewer sends, each once, and no more than eight", () => {
    const lines = ["a=ssrc:4294967295 cname:x", "a=ssrc:4294967295 msid:x y", "a=ssrc:4294967296 cname:x", "a=ssrc:x"];
    const many = Array.from({ length: 9 }, (_, index) => `a=ssrc:${index} cname:x`);
    const sdp = makeOffer() + [...lines, ...many].map((line) => `${line}\r\n`).join("");
    expect(parseOffer(sdp).media.map(({ ssrcs }) => ssrcs)).toEqual([[], [4_294_967_295, 0, 1, 2, 3, 4, 5, 6]]);
  });

  it("may have its transport and direction in the session's part, and lines ended by LF", () => {
    const lines = makeOffer().split("\r\n");
    const shared = lines.filter((line) => /^a=(ice-|fingerprint|setup)/.test(line)).slice(0, 5);
    const rest = lines.filter((line) => !/^a=(ice-|fingerprint|setup)/.test(line));
    const sdp = [...rest.slice(0, 4), ...shared, ...rest.slice(4)].join("\n");
    expect(parseOffer(sdp).transport).toEqual(parseOffer(makeOffer()).transport);
  });

  it.each([
    ["nothing", "", "v=0"],
    ["no SDP", "hello", "v=0"],
    ["no section", "v=0\r\ns=-\r\n", "no media section"],
    ["too much", `v=0\r\n${"a=x\r\n".repeat(20_000)}`, `longer than ${maxOfferSize}`],
    ["too many sections", `v=0\r\n${"m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n".repeat(17)}`, "more than 16"],
    ["a damaged media line", makeOffer().replace("m=video 9", "m=video nine"), "media line"],
    ["a media line without formats", makeOffer().replace(/(m=video 9 \S+).*/, "$1"), "media line"],
    ["a kind that breaks lines", makeOffer().replace("m=video", "m=vi\u0000deo"), "control characters"],
    ["no mid", makeOffer().replace("a=mid:0", "a=mid:"), "no mid"],
    ["a mid of two words", makeOffer().replace("a=mid:0", "a=mid:0 1"), "no mid"],
    ["a mid twice", makeOffer().replace("a=mid:1", "a=mid:0"), "same mid"],
    ["no ICE user", makeOffer().replaceAll(/a=ice-ufrag.*\r\n/g, ""), "ICE"],
    ["a short ICE password", makeOffer().replaceAll(/a=ice-pwd.*/g, "a=ice-pwd:short"), "ICE"],
    ["an ICE password of other characters", makeOffer().replaceAll("a=ice-pwd:0", "a=ice-pwd:é"), "ICE"],
    ["no fingerprint", makeOffer().replaceAll(/a=fingerprint.*\r\n/g, ""), "fingerprint"],
    ["a weak fingerprint", makeOffer().replaceAll("sha-256", "sha-1"), "fingerprint"],
    ["a fingerprint of the wrong length", makeOffer().replaceAll("sha-256 00:", "sha-256 "), "fingerprint"],
    ["no DTLS role", makeOffer().replaceAll("a=setup:actpass", "a=setup:holdconn"), "DTLS"],
  ])("that has %s is refused with the reason", (_, sdp, why) => {
    expect(() => parseOffer(sdp)).toThrow(invalid(why));
  });

  it.each(["\r", "\v", "\0", "\u2028", "\u0085"])(
    "is refused with %j in a line, which might end one for another parser",
    (end) => {
      const hidden = `packetization-mode=1${end}a=candidate:1 1 udp 1 203.0.113.9 53 typ host`;
      const sdp = makeOffer().replace("packetization-mode=1", hidden);
      expect(() => parseOffer(sdp)).toThrow(invalid("control characters"));
    },
  );

  it("takes no longer for feedback than its formats can use", () => {
    const types = Array.from({ length: 96 }, (_, type) => type).join(" ");
    const flood = `m=video 9 UDP/TLS/RTP/SAVPF ${types}\r\na=mid:x\r\na=rtcp-fb:* nack\r\n${"a=rtcp-fb:* x\r\n".repeat(2_500)}`;
    const { media } = parseOffer(makeOffer() + flood);
    expect(media.at(-1)?.formats).toHaveLength(96);
    expect(media.at(-1)?.formats.every(({ feedback }) => feedback.has("nack"))).toBe(true);
    // One set for all of them shows that none of the work was done again.
    expect(new Set(media.at(-1)?.formats.map(({ feedback }) => feedback)).size).toBe(1);
  });

  it("keeps no more than 64 candidates, each once", () => {
    const candidates = Array.from(
      { length: 100 },
      (_, index) => `${index} 1 udp 1 192.168.1.20 ${1_000 + index} typ host`,
    );
    expect(parseOffer(makeOffer({ candidates })).candidates).toHaveLength(64);
  });
});
