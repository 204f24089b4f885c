import { PreparedHomeKitSession, PrepareHomeKitSession, StartHomeKitSession } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";
import type { PrepareStreamRequest, StartStreamRequest } from "homebridge";

import { prepareAnswer, prepareBody, startBody } from "./streaming-session-policy.ts";
import { prepareRequest, startRequest } from "./testing/stream-requests.ts";

const key = (fill: number) => ({
  key: Buffer.alloc(16, fill).toString("base64"),
  salt: Buffer.alloc(14, fill).toString("base64"),
});
const prepared = (over: Record<string, unknown> = {}): PreparedHomeKitSession =>
  PreparedHomeKitSession.parse({
    id: "ses-aaaaaaaaaaaaaaaa",
    address: "192.168.1.5",
    video: { port: 40_000, ssrc: 0xffff_fffe, srtp: key(7) },
    audio: null,
    ...over,
  });

describe("prepareBody", () => {
  it("passes the controller's endpoint and keys on, in the form of the contract", () => {
    const body = prepareBody(prepareRequest(), "192.168.1.5");
    expect(PrepareHomeKitSession.parse(body)).toEqual({
      viewer: {
        address: "192.168.1.9",
        videoPort: 50_000,
        audioPort: 50_002,
        videoSrtp: key(1),
        audioSrtp: key(2),
      },
      localAddress: "192.168.1.5",
    });
  });

  it("leaves out what there is not: an address of this host, an audio endpoint, a zone", () => {
    const request = prepareRequest({ targetAddress: "fe80::9%en0", addressVersion: "ipv6" });
    const silent: PrepareStreamRequest = { ...request, audio: { ...request.audio, port: 0 } };
    expect(PrepareHomeKitSession.parse(prepareBody(silent, undefined))).toEqual({
      viewer: { address: "fe80::9", videoPort: 50_000, videoSrtp: key(1) },
    });
  });

  it("refuses a viewer that wants its video unprotected", () => {
    const request = prepareRequest();
    const open: unknown = { ...request, video: { ...request.video, srtpCryptoSuite: 2 } };
    expect(() => prepareBody(open as PrepareStreamRequest, undefined)).toThrow("AES_CM_128_HMAC_SHA1_80");
  });
});

describe("prepareAnswer", () => {
  it("answers with what the gateway chose", () => {
    const audio = { port: 40_002, ssrc: 5, srtp: key(8) };
    expect(prepareAnswer(prepared({ audio }))).toEqual({
      addressOverride: "192.168.1.5",
      video: { port: 40_000, ssrc: 0xffff_fffe, srtp_key: Buffer.alloc(16, 7), srtp_salt: Buffer.alloc(14, 7) },
      audio: { port: 40_002, ssrc: 5, srtp_key: Buffer.alloc(16, 8), srtp_salt: Buffer.alloc(14, 8) },
    });
  });

  it("makes up an audio endpoint for a silent camera, with fresh keys each time", () => {
    const [one, other] = [prepareAnswer(prepared()).audio, prepareAnswer(prepared()).audio];
    expect(one).toMatchObject({ port: 40_000 });
    expect(one).not.toEqual(other);
    expect(one).toHaveProperty("srtp_key.length", 16);
    expect(one).toHaveProperty("srtp_salt.length", 14);
  });
});

describe("startBody", () => {
  it("passes the selected configuration on, in the form of the contract", () => {
    expect(StartHomeKitSession.parse(startBody(startRequest(), true))).toEqual({
      video: {
        payloadType: 99,
        maxBitrateKbps: 299,
        rtcpInterval: 0.5,
        mtu: 1_378,
        width: 1_280,
        height: 720,
        fps: 30,
      },
      audio: { payloadType: 110, sampleRate: 24_000, packetTime: 20, rtcpInterval: 5 },
    });
  });

  it.each([
    [0, 0.5],
    [-1, 0.5],
    [Number.NaN, 0.5],
    [0.25, 0.25],
    [600, 60],
  ])("turns a report interval of %d s into %d s", (given, expected) => {
    const request = startRequest();
    const changed: StartStreamRequest = { ...request, video: { ...request.video, rtcp_interval: given } };
    expect(StartHomeKitSession.parse(startBody(changed, false)).video.rtcpInterval).toBe(expected);
  });

  it("asks for no sound where none was prepared, or the viewer chose another codec than Opus", () => {
    const request = startRequest();
    expect(startBody(request, false).audio).toBeNull();
    const eld: unknown = { ...request, audio: { ...request.audio, codec: "AAC-eld" } };
    expect(startBody(eld as StartStreamRequest, true).audio).toBeNull();
  });
});
