import { systemClock } from "@gatehouse/shared";
import { afterEach, describe, expect, it } from "@jest/globals";
import onvif from "onvif";

import { LoginLatch } from "../http/login-latch.ts";
import { textAt } from "../xml/xml-element.ts";
import { getSnapshotUri, getStreamUri, type MediaService } from "./media-uris.ts";
import { getProfiles, readProfiles } from "./media.ts";
import { OnvifSession } from "./onvif-session.ts";
import { parseXml } from "../xml/parse-xml.ts";
import { fault, profile, ScriptedCamera } from "./testing/scripted-camera.ts";

const cancel = { signal: new AbortController().signal };
let resources = new AsyncDisposableStack();
afterEach(async () => {
  await resources.disposeAsync();
  resources = new AsyncDisposableStack();
});

const tokens = ["000", "1.50", "12345678901234567890", "true", "2026-01-01T00:00:00Z", "a&b<c>\"d'", "Profile_1"];
const services: readonly MediaService[] = ["media", "media2"];

const open = async (): Promise<{ camera: ScriptedCamera; session: OnvifSession }> => {
  const camera = resources.use(await ScriptedCamera.open());
  const namespaces = ["ver10/device/wsdl", "ver10/media/wsdl", "ver20/media/wsdl"];
  camera.operations["GetServices"] = () =>
    `<r>${namespaces
      .map(
        (name, at) =>
          `<Service><Namespace>http://www.onvif.org/${name}</Namespace><XAddr>http://${camera.host}/${at}</XAddr></Service>`,
      )
      .join("")}</r>`;
  const latch = new LoginLatch(systemClock);
  const options = { device: camera.url, pin: null, clock: systemClock, login: undefined, latch };
  return { camera, session: resources.use(await OnvifSession.open(options, cancel)) };
};

describe.each(services)("%s", (service) => {
  const uriIn = (uri: string): string =>
    service === "media" ? `<r><MediaUri><Uri>${uri}</Uri></MediaUri></r>`.replaceAll("r>", "GetStreamUriResponse>") : `<GetStreamUriResponse><Uri>${uri}</Uri></GetStreamUriResponse>`; // prettier-ignore

  it.each(tokens)("asks for profile %j by exactly that token", async (token) => {
    const { camera, session } = await open();
    camera.operations["GetStreamUri"] = () => uriIn("rtsp://127.0.0.1/x?a=1&amp;b=000");
    camera.operations["GetSnapshotUri"] = () => uriIn("http://127.0.0.1/y").replaceAll("Stream", "Snapshot");
    expect((await getStreamUri(session, { service, token }, cancel)).href).toBe("rtsp://127.0.0.1/x?a=1&b=000");
    expect((await getSnapshotUri(session, { service, token }, cancel)).pathname).toBe("/y");
    const asked = [...camera.asked("GetStreamUri"), ...camera.asked("GetSnapshotUri")];
    expect(asked.map(({ body }) => textAt(body, "ProfileToken"))).toEqual([token, token]);
    expect(asked.map(({ body }) => body?.namespace)).toEqual(
      Array(2).fill(`http://www.onvif.org/${service === "media" ? "ver10" : "ver20"}/media/wsdl`),
    );
  });

  it.each([
    ["nothing", ""],
    ["another answer", "<Other/>"],
    ["no address", uriIn("")],
    ["a number", uriIn("5.10")],
    ["a truth", uriIn("true")],
    ["a moment", uriIn("2026-01-01T00:00:00Z")],
    [
      "deep rubbish",
      `<GetStreamUriResponse><MediaUri><Uri><x/><x/></Uri></MediaUri><constructor/></GetStreamUriResponse>`,
    ],
  ])("takes %s for no address", async (_, answer) => {
    const { camera, session } = await open();
    camera.operations["GetStreamUri"] = () => answer;
    await expect(getStreamUri(session, { service, token: "t" }, cancel)).rejects.toMatchObject({
      code: "camera-answer-malformed",
    });
  });

  it("passes a fault on as it is", async () => {
    const { camera, session } = await open();
    camera.operations["GetSnapshotUri"] = () => fault("s:Receiver", "ter:ActionNotSupported", "none");
    await expect(getSnapshotUri(session, { service, token: "t" }, cancel)).rejects.toMatchObject({
      code: "camera-fault",
    });
  });

  it("refuses a stream on another host", async () => {
    const { camera, session } = await open();
    camera.operations["GetStreamUri"] = () => uriIn("rtsp://cloud.example/x");
    await expect(getStreamUri(session, { service, token: "t" }, cancel)).rejects.toMatchObject({
      code: "camera-foreign-host",
    });
  });
});

describe("getProfiles", () => {
  it("keeps tokens that look like something else", async () => {
    const { camera, session } = await open();
    const escaped = tokens.map((token) =>
      token.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;"),
    );
    camera.operations["GetProfiles"] = () => `<r>${escaped.map((token) => profile(token, [640, 360])).join("")}</r>`;
    expect((await getProfiles(session, "media", cancel)).map(({ token }) => token)).toEqual(tokens);
  });

  it("reads Media 2's form", () => {
    const answer = `<r><Profiles token="p"><Configurations>
      <VideoSource><SourceToken>lens</SourceToken></VideoSource>
      <VideoEncoder><Encoding>H265</Encoding><Resolution><Width>2560</Width><Height>1440</Height></Resolution><RateControl><FrameRateLimit>12.5</FrameRateLimit></RateControl></VideoEncoder>
      <AudioEncoder><Encoding>MP4A-LATM</Encoding></AudioEncoder></Configurations></Profiles><Profiles token="no video"/></r>`;
    expect(readProfiles(parseXml(answer))).toEqual([
      { token: "p", source: "lens", codec: "h265", width: 2560, height: 1440, fps: 12.5, audio: "other" },
    ]);
  });

  it.each([
    ["H264", "h264"],
    ["H.265", "h265"],
    ["JPEG", "jpeg"],
    ["MPEG4", "unknown"],
    ["", "unknown"],
  ])("knows the encoding %j as %s", (encoding, codec) => {
    // prettier-ignore
    expect(readProfiles(parseXml(`<r xmlns:trt="a" xmlns:tt="b">${profile("t", [1, 1], encoding)}</r>`))[0]?.codec).toBe(codec);
  });

  it.each([
    ["G711", "pcmu"],
    ["PCMA", "pcma"],
    ["AAC", "aac"],
    ["OPUS", "opus"],
    ["G726", "other"],
  ])("knows the sound %j as %s", (encoding, audio) => {
    // prettier-ignore
    const answer = `<r><Profiles token="t"><VideoEncoderConfiguration/><AudioEncoderConfiguration><Encoding>${encoding}</Encoding></AudioEncoderConfiguration></Profiles></r>`;
    expect(readProfiles(parseXml(answer))[0]?.audio).toBe(audio);
  });

  it("does not believe sizes that are none", () => {
    const answer = `<r><Profiles token="t"><VideoEncoderConfiguration><Resolution><Width>-5</Width><Height>1e9</Height></Resolution></VideoEncoderConfiguration></Profiles></r>`;
    expect(readProfiles(parseXml(answer))[0]).toMatchObject({ width: 0, height: 0, fps: 0, audio: "none" });
  });
});

// Why the library is kept off GetProfiles: what it makes of tokens when it reads the answer itself.
it("npm onvif corrupts tokens that look like numbers", async () => {
  const { camera } = await open();
  camera.operations["GetProfiles"] = () =>
    `<trt:GetProfilesResponse>${["000", "1.50", "12345678901234567890"].map((token) => profile(token, [1, 1])).join("")}</trt:GetProfilesResponse>`;
  const [hostname = "", port] = camera.host.split(":");
  const library = new onvif.Cam({ hostname, port: Number(port), autoconnect: false });
  library.uri = { media: new URL("/onvif/media", camera.url) as never };
  const profiles = await new Promise<readonly { readonly $: { readonly token: unknown } }[]>((resolve, reject) => {
    library.getProfiles((error: Error | null, found: unknown) => {
      if (error === null) resolve(found as never);
      else reject(error);
    });
  });
  expect(profiles.map(({ $ }) => $.token)).toEqual(["000", 1.5, 12345678901234567000]);
});
