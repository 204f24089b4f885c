import { GatehouseError, systemClock, type AddCamera, type CameraId } from "@gatehouse/shared";
import { makeCertificate } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import type { StreamEndpoint } from "../domain/camera.ts";
import type { Track } from "../domain/track.ts";
import type { OpenSource, ProbeTalk } from "../ports.ts";
import {
  fault,
  password,
  profile,
  ScriptedCamera,
  username,
  type Operation,
} from "../protocols/onvif/testing/scripted-camera.ts";
import { adopt } from "./adoption.ts";
import type { NewCamera } from "./camera-store.ts";

const cancel = { signal: new AbortController().signal };
const id = "cam-aaaaaaaaaaaaaaaa" as CameraId;
const video: Track = { kind: "video", codec: "h264", clockRate: 90_000, parameterSets: undefined };
const opus: Track = { kind: "audio", codec: "opus", clockRate: 48_000, channels: 2 };
let resources = new AsyncDisposableStack();
afterEach(async () => {
  await resources.disposeAsync();
  resources = new AsyncDisposableStack();
});

const setUp = async (operations: Readonly<Record<string, Operation>> = {}) => {
  const camera = resources.use(await ScriptedCamera.open({ login: "digest", operations }));
  const opened: StreamEndpoint[] = [];
  let closed = 0;
  let tracks: readonly Track[] = [video];
  const asked: StreamEndpoint[] = [];
  let loudspeaker = false;
  const probeTalk: ProbeTalk = async (endpoint) => {
    // Some cameras serve few at once.
    expect(closed).toBe(opened.length);
    asked.push(endpoint);
    return loudspeaker;
  };
  const openSource: OpenSource = async (endpoint) => {
    opened.push(endpoint);
    endpoint.auth.raise("digest-md5");
    return {
      tracks,
      play: () => Promise.reject(new Error("nobody plays")),
      [Symbol.asyncDispose]: async () => void (closed += 1),
    };
  };
  const add = (more: Partial<AddCamera> = {}): Promise<NewCamera> =>
    adopt(
      { address: camera.host, username, password, warm: false, ...more },
      { id, openSource, probeTalk, clock: systemClock, checkNew: () => undefined },
      cancel,
    );
  return {
    camera,
    opened,
    asked,
    add,
    closed: () => closed,
    bring: (some: readonly Track[]) => (tracks = some),
    fit: () => (loudspeaker = true),
  };
};

describe("adopt", () => {
  it("opens the main stream once and closes it again", async () => {
    const { add, opened, closed, camera } = await setUp();
    const { record, credentials, floors } = await add();
    expect(opened).toMatchObject([{ tier: "main", url: "rtsp://127.0.0.1:8554/000?a=1&b=2", pin: null }]);
    expect(closed()).toBe(1);
    expect(record).toMatchObject({ name: "Acme & Sons X", url: camera.url.href, authFloor: "digest-md5" });
    expect(credentials?.username).toBe(username);
    expect(floors).toEqual({ onvif: "digest-md5", snapshot: "none", rtsp: "digest-md5" });
    expect(camera.wrongLogins).toBe(0);
  });

  it.each<[string, readonly Track[], string]>([
    ["Opus in the stream", [video, opus], "opus"],
    ["only the profile's word", [video], "aac"],
  ])("knows the sound by %s", async (_, tracks, audio) => {
    const { add, bring } = await setUp({
      GetProfiles: () =>
        `<r>${profile("a", [640, 360]).replace("</trt:Profiles>", "<tt:AudioEncoderConfiguration><tt:Encoding>AAC</tt:Encoding></tt:AudioEncoderConfiguration></trt:Profiles>")}</r>`,
    });
    bring(tracks);
    expect((await add()).record.description.audio).toBe(audio);
  });

  it("believes the stream rather than the profile, which cannot always tell H.265", async () => {
    const { add, bring } = await setUp();
    const sps = Buffer.from(
      "42010101600000030090000003000003003fa005020171f2e595992930bc05a020000003002000000301e1",
      "hex",
    );
    bring([{ ...video, codec: "h265", parameterSets: { sps, pps: Buffer.alloc(4) } }]);
    const { tiers } = (await add()).record.description;
    expect(tiers[0]).toMatchObject({ name: "main", codec: "h265", width: 640, height: 360 });
  });

  it.each<[string, Readonly<Record<string, Operation>>, string]>([
    ["pictures of JPEG alone", { GetProfiles: () => `<r>${profile("a", [640, 360], "JPEG")}</r>` }, "camera-no-video"],
    ["no profiles at all", { GetProfiles: () => "<r/>" }, "camera-no-video"],
    [
      "a stream elsewhere",
      {
        GetStreamUri: () =>
          "<GetStreamUriResponse><MediaUri><Uri>rtsp://cloud.example/a</Uri></MediaUri></GetStreamUriResponse>",
      },
      "camera-foreign-host",
    ],
    ["a fault", { GetProfiles: () => fault("s:Receiver", "ter:Action", "broken") }, "camera-fault"],
    ["a flood", { GetProfiles: () => ({ raw: Buffer.alloc(3 << 20, 0x20) }) }, "camera-answer-too-large"],
  ])("refuses a camera with %s", async (_, operations, code) => {
    // prettier-ignore
    const { add, opened } = await setUp(operations);
    await expect(add()).rejects.toMatchObject({ code });
    expect(opened).toEqual([]);
  });

  it("refuses a camera whose stream brings no video", async () => {
    const { add, bring, closed } = await setUp();
    bring([opus]);
    await expect(add()).rejects.toMatchObject({ code: "camera-no-video" });
    expect(closed()).toBe(1);
  });

  it.each(["onvif", "rtsp"])("asks the main stream of an %s camera for a way back, once", async (kind) => {
    const { add, asked, fit, opened } = await setUp();
    const address = kind === "rtsp" ? { address: "rtsp://127.0.0.1/back" } : {};
    expect((await add(address)).record.description.talk).toBe(false);
    expect(asked).toMatchObject([{ tier: "main", url: opened[0]?.url, pin: null }]);
    fit();
    expect((await add(address)).record.description.talk).toBe(true);
  });

  it("does without stills and motion where the camera has none", async () => {
    const none: Operation = () => fault("s:Receiver", "ter:ActionNotSupported", "none");
    const { add } = await setUp({
      GetSnapshotUri: none,
      GetEventProperties: () => "<r><TopicSet><Device xmlns:t='u' t:topic='true'/></TopicSet></r>",
    });
    expect((await add()).record.description).toMatchObject({ snapshot: false, motion: false });
  });

  it("takes a still picture elsewhere for none", async () => {
    const { add } = await setUp({
      GetSnapshotUri: () =>
        "<GetSnapshotUriResponse><MediaUri><Uri>http://cloud.example/a.jpg</Uri></MediaUri></GetSnapshotUriResponse>",
    });
    expect((await add()).record.description.snapshot).toBe(false);
  });

  it("believes in motion where the camera will not list its topics", async () => {
    const { add } = await setUp({ GetEventProperties: () => fault("s:Receiver", "ter:Action", "later") });
    expect((await add()).record.description.motion).toBe(true);
  });

  it("begins again over TLS where the camera wants it, and asks for its fingerprint", async () => {
    const tls = makeCertificate();
    const safe = resources.use(await ScriptedCamera.open({ tls }));
    const { camera, add } = await setUp();
    for (const operation of Object.keys(camera.operations)) {
      camera.operations[operation] = () => ({ status: 302, headers: { Location: safe.url.href } });
    }
    await expect(add()).rejects.toMatchObject({
      code: "camera-fingerprint-unconfirmed",
      details: { fingerprint: tls.pin },
    });
    expect(safe.requests).toEqual([]);
    const { record } = await add({ fingerprint: tls.pin });
    expect(record).toMatchObject({ url: safe.url.href, pin: tls.pin });
  });

  it("asks for the fingerprint of a stream with TLS, though the rest has none", async () => {
    const tls = makeCertificate();
    const stream = resources.use(await ScriptedCamera.open({ tls }));
    const { add, opened } = await setUp({
      GetStreamUri: () =>
        `<GetStreamUriResponse><MediaUri><Uri>rtsps://${stream.host}/a</Uri></MediaUri></GetStreamUriResponse>`,
    });
    await expect(add()).rejects.toMatchObject({
      code: "camera-fingerprint-unconfirmed",
      details: { fingerprint: tls.pin },
    });
    expect(opened).toEqual([]);
    expect((await add({ fingerprint: tls.pin })).record.pin).toBe(tls.pin);
    expect(opened).toMatchObject([{ pin: tls.pin, url: `rtsps://${stream.host}/a` }]);
  });

  it("says that something answers that is no ONVIF device", async () => {
    const server = createServer((_, response) => response.writeHead(404).end("<html>not here</html>"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    resources.defer(() => void server.close());
    const { add } = await setUp();
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(add({ address })).rejects.toMatchObject({
      code: "camera-answer-malformed",
      message: expect.stringContaining("HTTP 404") as unknown,
    });
  });

  it("asks the camera nothing when its address is taken", async () => {
    const { camera } = await setUp();
    const checkNew = (): never => {
      throw new GatehouseError("camera-exists", "here");
    };
    const openSource: OpenSource = () => Promise.reject(new Error("not asked"));
    const request = { address: camera.host, warm: false };
    await expect(
      adopt(request, { id, openSource, probeTalk: async () => false, clock: systemClock, checkNew }, cancel),
    ).rejects.toMatchObject({
      code: "camera-exists",
    });
    expect(camera.requests).toEqual([]);
  });

  it.each([
    ["its maker and model", "Acme", "X1", "Acme X1"],
    ["one of two that are alike", "Acme", "Acme", "Acme"],
    ["its host, where it says nothing", "", "", "127.0.0.1"],
    ["no more than fits", "A".repeat(50), "B".repeat(50), `${"A".repeat(50)} ${"B".repeat(13)}`],
  ])("names a camera by %s", async (_, maker, model, name) => {
    const { add } = await setUp({
      GetDeviceInformation: () => `<r><Manufacturer>${maker}</Manufacturer><Model>${model}</Model></r>`,
    });
    expect((await add()).record.name).toBe(name);
  });
});
