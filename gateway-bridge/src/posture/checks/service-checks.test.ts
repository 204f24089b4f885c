import { describe, expect, it } from "@jest/globals";
import { GatehouseError } from "@gatehouse/shared";

import type { OnvifCall } from "../../protocols/onvif/onvif-session.ts";
import { httpSnapAnon } from "./http-snap-anon.ts";
import { onvifAnonRead } from "./onvif-anon-read.ts";
import { onvifAnonSecret } from "./onvif-anon-secret.ts";
import { onvifReplay } from "./onvif-replay.ts";
import { rtspAnon } from "./rtsp-anon.ts";
import { rtspBasic } from "./rtsp-basic.ts";
import { rtspMd5 } from "./rtsp-md5.ts";
import { streamClear } from "./stream-clear.ts";
import { lookAt, type Case } from "./testing/look-at.ts";
import { scriptedCamera, type CameraScript } from "./testing/scripted-camera.ts";

const cancel = { signal: new AbortController().signal };
const noOnvif: Case = ["it has no ONVIF", { kind: "rtsp" }, "not-applicable"];
const login = <Answer>(answer: Answer) => ({ by: { gateway: answer } });

describe("ONVIF-ANON-READ", () => {
  const information = "<R><Manufacturer>M</Manufacturer></R>";
  const interfaces = '<R><NetworkInterfaces token="e"/></R>';
  const profiles =
    '<R><Profiles token="1"><VideoEncoderConfiguration><Encoding>H264</Encoding></VideoEncoderConfiguration></Profiles></R>';
  const main = { service: "media", token: "1" } as const;
  const address =
    "<GetStreamUriResponse><MediaUri><Uri>rtsp://192.168.1.20/main</Uri></MediaUri></GetStreamUriResponse>";
  const media2 = (call: OnvifCall): string => (call.service === "media2" ? profiles2 : "unsupported");
  const profiles2 =
    '<R><Profiles token="1"><Configurations><VideoEncoder><Encoding>H265</Encoding></VideoEncoder></Configurations></Profiles></R>';
  const closed = {
    GetDeviceInformation: login(information),
    GetNetworkInterfaces: login(interfaces),
    GetProfiles: login(profiles),
  };

  it.each<Case>([
    ["it tells what it is", { onvif: { ...closed, GetDeviceInformation: information } }, "failed"],
    ["it tells how it is connected", { onvif: { ...closed, GetNetworkInterfaces: interfaces } }, "failed"],
    ["it tells where its pictures are", { onvif: { ...closed, GetProfiles: profiles } }, "failed"],
    [
      "it guards the list of its pictures, and not their addresses",
      { profile: main, onvif: { ...closed, GetStreamUri: address } },
      "failed",
    ],
    [
      "it tells an address at another host",
      { profile: main, onvif: { ...closed, GetStreamUri: address.replace("192.168.1.20", "203.0.113.9") } },
      "failed",
    ],
    ["it guards both", { profile: main, onvif: { ...closed, GetStreamUri: login(address) } }, "passed"],
    [
      "it has the newer media service alone, and tells there",
      { services: ["device", "media2"], onvif: { ...closed, GetProfiles: media2 } },
      "failed",
    ],
    ["it asks for a login", { onvif: closed }, "passed"],
    [
      "it answers, and says nothing",
      { onvif: { ...closed, GetDeviceInformation: "<R/>", GetProfiles: "<R/>" } },
      "passed",
    ],
    ["it knows no question", {}, "unknown"],
    noOnvif,
  ])("%s", async (_, script, kind) => expect((await lookAt(onvifAnonRead, script)).kind).toBe(kind));

  it("asks as nobody alone", async () => {
    const camera = scriptedCamera({ onvif: closed });
    await onvifAnonRead.look(camera, cancel);
    expect(camera.asked.every((question) => question.startsWith("onvif nobody "))).toBe(true);
  });
});

describe("ONVIF-ANON-SECRET", () => {
  const users = "<R><User><Username>admin</Username><UserLevel>Administrator</UserLevel></User></R>";
  const log = "<R><SystemLog><String>admin logged in</String></SystemLog></R>";

  it.each<Case>([
    ["it lists its accounts", { onvif: { GetUsers: users } }, "failed"],
    ["it shows its log", { onvif: { GetUsers: login(users), GetSystemLog: log } }, "failed"],
    ["it asks for a login", { onvif: { GetUsers: login(users), GetSystemLog: login(log) } }, "passed"],
    ["it asks for a login, and has no log", { onvif: { GetUsers: login(users) } }, "passed"],
    ["it answers, and says nothing", { onvif: { GetUsers: "<R/>", GetSystemLog: "<R/>" } }, "passed"],
    ["it knows no question", {}, "unknown"],
    noOnvif,
  ])("%s", async (_, script, kind) => expect((await lookAt(onvifAnonSecret, script)).kind).toBe(kind));

  it("never shows what it read", async () => {
    const outcome = await lookAt(onvifAnonSecret, { onvif: { GetUsers: login(users), GetSystemLog: log } });
    expect(JSON.stringify(outcome)).not.toContain("admin");
  });
});

describe("ONVIF-REPLAY", () => {
  it.each<Case>([
    ["a login is taken twice", { replay: { twice: true, old: false } }, "failed"],
    ["an old login is taken", { replay: { twice: false, old: true } }, "failed"],
    ["neither", { replay: { twice: false, old: false } }, "passed"],
    ["it takes no tokens", {}, "not-applicable"],
    ["it asks for no login", { username: undefined, replay: { twice: true, old: true } }, "not-applicable"],
    noOnvif,
  ])("%s", async (_, script, kind) => expect((await lookAt(onvifReplay, script)).kind).toBe(kind));

  it("leaves a camera that is not to be asked now to the inspector", async () => {
    const refused = new GatehouseError("probe-refused", "not now");
    await expect(lookAt(onvifReplay, { replay: refused })).rejects.toBe(refused);
  });
});

/** By port and path, as the checks ask. */
const rtsp = (answers: NonNullable<CameraScript["rtsp"]>, port = 554): CameraScript => ({
  rtsp: Object.fromEntries(Object.entries(answers).map(([path, answer]) => [`:${port}${path}`, answer])),
});
const challenge = (...challenges: readonly string[]) => ({ status: 401, challenges });
const md5 = 'Digest realm="r", nonce="n"';
const sha256 = 'Digest realm="r", nonce="n", algorithm=SHA-256';
const basic = 'Basic realm="r"';

describe("RTSP-ANON", () => {
  it.each<Case>([
    ["the stream that the gateway opens", rtsp({ "/main": {} }), "failed"],
    [
      "another of its tiers",
      { streams: ["rtsp://h/main", "rtsp://h/sub?x=1"], ...rtsp({ "/main": "refused", "/sub?x=1": {} }) },
      "failed",
    ],
    [
      "one where its maker puts it",
      { identity: { vendor: "axis" }, ...rtsp({ "/main": "refused", "/axis-media/media.amp": {} }) },
      "failed",
    ],
    ["whatever it is called", rtsp({ "/main": "refused", "/0x8b6c42": {} }), "failed"],
    [
      "without TLS, where the gateway comes by TLS",
      { streams: ["rtsps://h/main"], tcp: { 554: "" }, ...rtsp({ "/main": {} }) },
      "failed",
    ],
    ["it tells of a stream and does not play it", rtsp({ "/main": { status: 401, setUp: false } }), "passed"],
    ["it asks for a login", rtsp({ "/main": "refused" }), "passed"],
    ["it knows no such stream", {}, "unknown"],
    ["it has no RTSP", { kind: "still", streams: [] }, "not-applicable"],
  ])("%s", async (_, script, kind) => expect((await lookAt(rtspAnon, script)).kind).toBe(kind));

  it("never shows a path of the camera's own: some hold its password", async () => {
    const outcome = await lookAt(rtspAnon, {
      streams: ["rtsp://h/user=admin_password=tlJwpbo6"],
      ...rtsp({ "/user=admin_password=tlJwpbo6": {} }),
    });
    expect(outcome).toEqual({ kind: "failed", evidence: ["The main stream opens without a login at port 554."] });
  });
});

describe("RTSP-BASIC", () => {
  it.each<Case>([
    ["Basic beside Digest", rtsp({ "/main": challenge(md5, basic) }), "failed"],
    ["Digest alone", rtsp({ "/main": challenge(md5) }), "passed"],
    ["a realm that is called Basic", rtsp({ "/main": challenge('Digest realm="Basic", nonce="n"') }), "passed"],
    ["Basic within TLS", { streams: ["rtsps://h/main"], ...rtsp({ "/main": challenge(basic) }, 322) }, "passed"],
    [
      "Basic beside TLS",
      { streams: ["rtsps://h/main"], tcp: { 554: "" }, ...rtsp({ "/main": challenge(basic) }) },
      "failed",
    ],
    ["it has no RTSP", { kind: "still", streams: [] }, "not-applicable"],
  ])("%s", async (_, script, kind) => expect((await lookAt(rtspBasic, script)).kind).toBe(kind));
});

describe("RTSP-MD5", () => {
  const knows = (algorithms: string): CameraScript["onvif"] => ({
    GetServiceCapabilities: `<R><Capabilities><Security HashingAlgorithms="${algorithms}"/></Capabilities></R>`,
  });
  const both = knows("MD5,SHA-256");

  it.each<Case>([
    ["MD5 alone, though it knows SHA-256", { onvif: both, ...rtsp({ "/main": challenge(md5) }) }, "failed"],
    ["MD5 and Basic", { onvif: both, ...rtsp({ "/main": challenge(basic, md5) }) }, "failed"],
    ["both", { onvif: both, ...rtsp({ "/main": challenge(md5, sha256) }) }, "passed"],
    ["both in one header", { onvif: both, ...rtsp({ "/main": challenge(`${md5}, ${sha256}`) }) }, "passed"],
    ["its session form", { onvif: both, ...rtsp({ "/main": challenge(`${sha256}-sess`) }) }, "passed"],
    ["it knows no better", { onvif: knows("MD5"), ...rtsp({ "/main": challenge(md5) }) }, "not-applicable"],
    ["it does not say what it knows", rtsp({ "/main": challenge(md5) }), "unknown"],
    ["Basic alone", { onvif: both, ...rtsp({ "/main": challenge(basic) }) }, "unknown"],
    ["it has no RTSP", { onvif: both, streams: [] }, "not-applicable"],
    noOnvif,
  ])("%s", async (_, script, kind) => expect((await lookAt(rtspMd5, script)).kind).toBe(kind));
});

describe("HTTP-SNAP-ANON", () => {
  const picture = { body: Buffer.from("ffd8ffe000", "hex") };
  const snapshot = "http://192.168.1.20/snap.jpg";

  it.each<Case>([
    ["the address that ONVIF gave", { snapshot, http: { "GET /snap.jpg": picture } }, "failed"],
    [
      "where its maker puts it",
      { identity: { vendor: "axis" }, http: { "GET /axis-cgi/jpg/image.cgi": picture } },
      "failed",
    ],
    [
      "pictures without end",
      {
        snapshot,
        http: {
          "GET /snap.jpg": new GatehouseError("camera-answer-malformed", "MJPEG", { details: { endless: true } }),
        },
      },
      "failed",
    ],
    [
      "a login page that says that it is a picture",
      { snapshot, http: { "GET /snap.jpg": { headers: { "content-type": "image/jpeg" }, body: "<html>" } } },
      "passed",
    ],
    ["a picture with an error", { snapshot, http: { "GET /snap.jpg": { status: 404, ...picture } } }, "passed"],
    ["it asks for a login", { snapshot, http: { "GET /snap.jpg": "refused" } }, "passed"],
    ["it has none", {}, "passed"],
    [
      "it does not answer",
      {
        identity: { vendor: "axis" },
        http: { "GET /axis-cgi/jpg/image.cgi": new GatehouseError("camera-unreachable", "off") },
      },
      "unknown",
    ],
    ["its maker's cameras have no page", { identity: { vendor: "tapo" } }, "not-applicable"],
  ])("%s", async (_, script, kind) => expect((await lookAt(httpSnapAnon, script)).kind).toBe(kind));
});

describe("STREAM-CLEAR", () => {
  it.each<Case>([
    ["one of them without TLS", { streams: ["rtsps://h/main", "rtsp://h/sub"] }, "failed"],
    ["all within TLS", { streams: ["rtsps://h/main", "rtsps://h/sub"] }, "passed"],
    ["it gives pictures alone", { kind: "still", streams: [] }, "not-applicable"],
    ["it does not tell where they are", { streams: [] }, "unknown"],
  ])("%s", async (_, script, kind) => expect((await lookAt(streamClear, script)).kind).toBe(kind));
});
