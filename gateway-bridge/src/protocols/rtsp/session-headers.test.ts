import { describe, expect, it } from "@jest/globals";

import { parseRtpInfo, parseSessionHeader, parseTransport } from "./session-headers.ts";

describe("parseTransport", () => {
  it.each<[string, unknown]>([
    ["RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=30A98EE7", [true, 0, 1, 0x30a98ee7]],
    ["RTP/AVP/TCP;unicast;interleaved=2-3;ssrc= d6d6627", [true, 2, 3, 0xd6d6627]],
    ['RTP/AVP/TCP;interleaved=4-5;mode="play"', [true, 4, 5, undefined]],
    ["rtp/avp/tcp; Interleaved = 4", [true, undefined, undefined, undefined]],
    ["RTP/AVP/TCP;INTERLEAVED=6", [true, 6, 7, undefined]],
    ["RTP/AVP;unicast;interleaved=0-1", [true, 0, 1, undefined]],
    ["RTP/AVP/TCP;unicast", [true, undefined, undefined, undefined]],
    ["RTP/AVP;unicast;client_port=5000-5001", [false, undefined, undefined, undefined]],
    ["RTP/AVP/UDP;unicast", [false, undefined, undefined, undefined]],
    ["RTP/AVP/TCP;interleaved=0-1,RTP/AVP;client_port=1-2", [true, 0, 1, undefined]],
    ["RTP/AVP/TCP;interleaved=256-257", [true, undefined, undefined, undefined]],
    ["RTP/AVP/TCP;interleaved=-1-0;ssrc=xyz", [true, undefined, undefined, undefined]],
    ["RTP/AVP/TCP;ssrc=123456789", [true, undefined, undefined, undefined]],
    ["", [false, undefined, undefined, undefined]],
  ])("reads %j", (header, expected) => {
    const { interleaved, rtpChannel, rtcpChannel, ssrc } = parseTransport(header);
    expect([interleaved, rtpChannel, rtcpChannel, ssrc]).toEqual(expected);
  });
});

describe("parseTransport of UDP", () => {
  it.each<[string, unknown]>([
    ["RTP/AVP;unicast;client_port=5000-5001;server_port=6970-6971;ssrc=1", [6_970, 6_971, 1]],
    ["RTP/AVP/UDP;unicast;server_port=6970", [6_970, 6_971, undefined]],
    ["RTP/AVP;server_port= 1 - 9 ", [1, 9, undefined]],
    ["RTP/AVP;server_port=65535", [65_535, undefined, undefined]],
    ["RTP/AVP;server_port=0-0", [undefined, undefined, undefined]],
    ["RTP/AVP;server_port=70000-70001", [undefined, undefined, undefined]],
    ["RTP/AVP;server_port=x", [undefined, undefined, undefined]],
    ["RTP/AVP;unicast", [undefined, undefined, undefined]],
  ])("reads %j", (header, expected) => {
    const { interleaved, rtpPort, rtcpPort, ssrc } = parseTransport(header);
    expect(interleaved).toBe(false);
    expect([rtpPort, rtcpPort, ssrc]).toEqual(expected);
  });
});

describe("parseSessionHeader", () => {
  it.each<[string, unknown]>([
    ["12345678", { id: "12345678", timeoutS: undefined }],
    ["      708345999;timeout=60", { id: "708345999", timeoutS: 60 }],
    ["a-b.c_d; Timeout = 30 ", { id: "a-b.c_d", timeoutS: 30 }],
    ["x;timeout=", { id: "x", timeoutS: undefined }],
    ["x;timeout=-5", { id: "x", timeoutS: undefined }],
    ["x;foo=1;timeout=5", { id: "x", timeoutS: 5 }],
    ["", undefined],
    [";timeout=60", undefined],
    ["a b", undefined],
    ["x".repeat(257), undefined],
  ])("reads %j", (header, expected) => {
    expect(parseSessionHeader(header)).toEqual(expected);
  });
});

describe("parseRtpInfo", () => {
  it.each<[string, unknown]>([
    [
      "url=trackID=0;seq=47121;rtptime=3475222385, url=trackID=1;seq=45186",
      [
        ["trackID=0", 47_121, 3_475_222_385, undefined],
        ["trackID=1", 45_186, undefined, undefined],
      ],
    ],
    ["url=rtsp://h/a,b;c?d=e;seq=0;ssrc=dcc4a0d8", [["rtsp://h/a,b;c?d=e", 0, undefined, 0xdcc4a0d8]]],
    ["URL=a; SEQ= 1 ; RTPTIME=2", [["a", 1, 2, undefined]]],
    ["url=a", [["a", undefined, undefined, undefined]]],
    ["url=a;seq=65536;rtptime=4294967296;ssrc=g", [["a", undefined, undefined, undefined]]],
    ["seq=1", []],
    ["", []],
  ])("reads %j", (header, expected) => {
    expect(parseRtpInfo(header).map(({ url, sequence, timestamp, ssrc }) => [url, sequence, timestamp, ssrc])).toEqual(
      expected,
    );
  });
});
