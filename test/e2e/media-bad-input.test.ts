import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { ApplicationCredential, Camera } from "@gatehouse/shared";
import { once } from "node:events";

import { ApplicationClient } from "../support/application-client.ts";
import { eventually } from "../support/eventually.ts";
import { gatehouse } from "../support/gateway-process.ts";
import { ScriptedCamera } from "../support/scripted-camera.ts";
import { ScriptedRtsp } from "../support/scripted-rtsp.ts";
import { WatchedHouse, type Watchers } from "../support/watched-house.ts";

let house: WatchedHouse;
let reader: Watchers["rtsp"];
let live: Watchers["live"];

beforeAll(async () => {
  house = await WatchedHouse.open([{ id: "sound", bitrateKbps: 500, fill: "user-data" }]);
  [reader, live] = [await house.watchRtsp(0), await house.watchLive(0)];
}, 90_000);
afterAll(async () => {
  await Promise.all([reader, live].map((watch) => watch[Symbol.asyncDispose]()));
  await house[Symbol.asyncDispose]();
});

interface Told {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

const isClear = (error: Told): Told => {
  expect(error.message.length).toBeGreaterThan(20);
  expect(error.message.length).toBeLessThan(400);
  expect(error.remedy.length).toBeGreaterThan(20);
  return error;
};

/** The one error of an answer. */
const errorOf = ({ body }: { readonly body: Buffer }): Told => {
  const told = JSON.parse(body.toString()) as { readonly error: Told };
  expect(Object.keys(told)).toEqual(["error"]);
  return isClear(told.error);
};

/** Whatever was done, those who watch go on and missed nothing. */
const restGoesOn = async (): Promise<void> => {
  const before = [reader.pictures, live.pictures];
  await eventually("pictures", () => reader.pictures > before[0]! + 5 && live.pictures > before[1]! + 5);
  for (const { missing, ended } of [reader, live]) expect({ missing, ended }).toEqual({ missing: 0 });
  expect(await house.dropped(0)).toBe(0);
};

const path = (rest: string): string => `/v1/cameras/${house.cameras[0]!.id}/${rest}`;

describe("a camera that brings what nobody can show", () => {
  const track = (media: string, rtpmap: string): string =>
    `v=0\r\ns=x\r\nm=${media}\r\na=rtpmap:96 ${rtpmap}\r\na=control:v\r\n`;
  it.each<[string, string, string]>([
    ["VP8", track("video 0 RTP/AVP 96", "VP8/90000"), "camera-no-video"],
    ["MPEG-4 Visual", track("video 0 RTP/AVP 96", "MP4V-ES/90000"), "camera-no-video"],
    ["sound alone", track("audio 0 RTP/AVP 96", "opus/48000/2"), "camera-no-video"],
    ["an SDP of 10 MB", `v=0\r\n${"a=x:y\r\n".repeat(1_500_000)}`, "camera-answer-too-large"],
  ])("%s is told in one error", async (_, body, code) => {
    await using server = await ScriptedRtsp.open({ body });
    const { code: exit, stdout } = await gatehouse(house.gateway.data, ["camera", "add", server.url, "--json"]);
    const { error } = JSON.parse(stdout) as { readonly error: Told };
    expect([exit, isClear(error).code]).toEqual([1, code]);
    await restGoesOn();
  });

  it("and one whose interleaved lengths lie, once it plays, is told to its viewer", async () => {
    const lie = Buffer.concat([Buffer.from("24000004", "hex"), Buffer.from("not a frame, nor a message\r\n\r\n")]);
    await using server = await ScriptedCamera.open({
      replies: { PLAY: () => ({ headers: ["Session: 1234"], after: lie }) },
    });
    const added = (await house.gateway.command(["camera", "add", server.url])) as Camera;
    const grant = ["app", "add", "Recorder", "--camera", added.id, "--clips"];
    const login = (await house.gateway.command(grant)) as ApplicationCredential;
    const client = await ApplicationClient.of(house.gateway, login);
    const { status, body } = await client.ask({ path: `/v1/cameras/${added.id}/clip?after=1` });
    expect([status, errorOf({ body }).code]).toEqual([502, "camera-answer-malformed"]);
    await house.gateway.command(["camera", "remove", added.id]);
    await restGoesOn();
  });
});

describe("a viewer that asks for what is not to be had", () => {
  const offerOf = (codecs: string): string =>
    [
      ...["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0"],
      ...["m=video 9 UDP/TLS/RTP/SAVPF 96", "c=IN IP4 0.0.0.0", "a=mid:0", "a=recvonly", "a=rtcp-mux"],
      ...["a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuvwx", "a=setup:actpass"],
      `a=fingerprint:sha-256 ${Array(32).fill("AB").join(":")}`,
      ...[codecs, ""],
    ].join("\r\n");

  it.each<[string, () => string, number, string]>([
    ["an offer without H.264 and H.265", () => offerOf("a=rtpmap:96 VP8/90000"), 415, "codec-unsupported"],
    ["an offer that is no SDP", () => "\u0000\u0001 hello", 400, "request-invalid"],
    ["an offer that breaks off", () => offerOf("a=rtpmap:96 H264/90000").slice(0, 120), 400, "request-invalid"],
    ["an offer of many thousand lines", () => "v=0\r\n".repeat(9_000), 400, "request-invalid"],
    ["an empty offer", () => "", 400, "request-invalid"],
  ])("by WebRTC: %s", async (_, sdp, status, code) => {
    const answer = await house.offer(0, sdp());
    expect([answer.status, errorOf(answer).code]).toEqual([status, code]);
    await restGoesOn();
  });

  it("by WebRTC: an offer as another type, or larger than any", async () => {
    const ask = (type: string, body: string) => house.client.ask({ path: path("whep"), method: "POST", type, body });
    expect(errorOf(await ask("application/json", "{}")).code).toBe("request-invalid");
    expect(errorOf(await ask("application/sdp", "v=0\r\n".repeat(20_000))).code).toBe("request-invalid");
    await restGoesOn();
  });

  it.each<[string, () => string, number, string]>([
    ["of a camera that is not there", () => "/v1/cameras/cam-aaaaaaaaaaaaaaaa/clip", 403, "access-denied"],
    ["of a camera whose name is none", () => "/v1/cameras/porch/clip", 400, "request-invalid"],
    ["of no length", () => path("clip?before=x"), 400, "request-invalid"],
    ["without end", () => path("clip?after=100000"), 400, "request-invalid"],
    ["of a tier that is none", () => path("clip?tier=huge"), 400, "request-invalid"],
    ["with words that it does not know", () => path("clip?start=now"), 400, "request-invalid"],
  ])("for a clip %s", async (_, at, status, code) => {
    const answer = await house.client.ask({ path: at() });
    expect([answer.status, errorOf(answer).code]).toEqual([status, code]);
    await restGoesOn();
  });

  const upgrade = {
    ...{ connection: "Upgrade", upgrade: "websocket" },
    ...{ "sec-websocket-key": Buffer.alloc(16, 7).toString("base64"), "sec-websocket-version": "13" },
  };
  it.each<[string, () => string, number, string]>([
    ["words that it does not know", () => path("live?quality=best"), 400, "request-invalid"],
    ["a width that is none", () => path("live?width=-1"), 400, "request-invalid"],
    ["a camera that is not there", () => "/v1/cameras/cam-aaaaaaaaaaaaaaaa/live", 403, "access-denied"],
  ])("for a live view with %s", async (_, at, status, code) => {
    const answer = await house.client.ask({ path: at(), headers: upgrade });
    expect([answer.status, errorOf(answer).code]).toEqual([status, code]);
    await restGoesOn();
  });

  it.each<[string, Buffer]>([
    ["no request", Buffer.from("hello\r\n\r\n")],
    ["bytes of anything", Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 89) & 0xff))],
    ["a header without end", Buffer.from(`OPTIONS * RTSP/1.0\r\nX: ${"y".repeat(200_000)}`)],
    [
      "a body that is announced without measure",
      Buffer.from("ANNOUNCE * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 99999999999\r\n\r\n"),
    ],
  ])("by RTSP: %s closes its connection alone", async (_, bytes) => {
    const socket = await house.connectRtsp();
    socket.on("error", () => undefined);
    const closed = once(socket.resume(), "close");
    socket.write(bytes);
    await closed;
    await restGoesOn();
  });
});
