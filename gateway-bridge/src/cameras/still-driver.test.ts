import { GatehouseError, systemClock, type AddCamera, type CameraId } from "@gatehouse/shared";
import { makeCertificate } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";

import type { OpenSource } from "../ports.ts";
import {
  password,
  ScriptedCamera,
  username,
  type Operation,
  type ScriptedCameraOptions,
} from "../protocols/onvif/testing/scripted-camera.ts";
import { adopt } from "./adoption.ts";
import { freshMemories } from "./auth-memories.ts";
import type { NewCamera } from "./camera-store.ts";
import { StillDriver } from "./still-driver.ts";

const cancel = { signal: new AbortController().signal };
const id = "cam-aaaaaaaaaaaaaaaa" as CameraId;
/** No more than the headers of 1280 by 720 pixels. */
const jpeg = Buffer.from("ffd8ffe000104a46494600010100000100010000ffc0000b080" + "2d00500" + "01011100ffd9", "hex");
const picture: Operation = () => ({ raw: jpeg, headers: { "Content-Type": "image/jpeg" } });
let resources = new AsyncDisposableStack();
afterEach(async () => {
  await resources.disposeAsync();
  resources = new AsyncDisposableStack();
});

const setUp = async (answer: Operation = picture, options: ScriptedCameraOptions = { login: "digest" }) => {
  const camera = resources.use(await ScriptedCamera.open({ ...options, operations: { GET: answer } }));
  const openSource: OpenSource = () => Promise.reject(new GatehouseError("camera-unreachable", "no stream here"));
  const add = (path: string, more: Partial<AddCamera> = {}): Promise<NewCamera> =>
    adopt(
      { address: new URL(path, camera.url).href, username, password, warm: true, ...more },
      { id, openSource, probeTalk: async () => true, clock: systemClock, checkNew: () => undefined },
      cancel,
    );
  return { camera, add };
};

describe("a camera at the address of a picture", () => {
  it("is adopted with the picture's size and its login, and never kept warm", async () => {
    const { add, camera } = await setUp();
    const { record, floors } = await add("/cgi/snapshot.jpg?channel=1");
    expect(record).toMatchObject({
      kind: "still",
      name: "127.0.0.1",
      pin: null,
      warm: false,
      description: {
        tiers: [{ name: "main", codec: "jpeg", width: 1280, height: 720, fps: 0 }],
        audio: "none",
        snapshot: true,
        motion: false,
        talk: false,
      },
    });
    expect(record.url).toMatch(/\/cgi\/snapshot\.jpg\?channel=1$/);
    expect(floors).toEqual({ onvif: "none", snapshot: "digest-md5", rtsp: "none" });
    // One that is challenged, and one with the answer: no other request.
    expect(camera.requests.map(({ path }) => path)).toEqual([
      "/cgi/snapshot.jpg?channel=1",
      "/cgi/snapshot.jpg?channel=1",
    ]);
  });

  it("is refused with a wrong password, once", async () => {
    const { add, camera } = await setUp();
    await expect(add("/snapshot.jpg", { password: "wrong" })).rejects.toMatchObject({ code: "camera-credentials" });
    expect(camera.wrongLogins).toBe(1);
  });

  it("is refused without the login that it wants", async () => {
    const { add } = await setUp();
    const unnamed = { username: undefined, password: undefined };
    await expect(add("/snapshot.jpg", unnamed)).rejects.toMatchObject({ code: "camera-credentials" });
  });

  it.each<[string, Operation, string]>([
    ["a page", () => ({ raw: Buffer.from("<html>") }), "camera-answer-malformed"],
    ["nothing that is there", () => ({ status: 404, raw: Buffer.from("no") }), "camera-fault"],
    ["a flood", () => ({ raw: Buffer.alloc(9 << 20, 0xff) }), "camera-answer-too-large"],
  ])("is refused where a name that promises a picture brings %s", async (_, answer, code) => {
    const { add, camera } = await setUp(answer);
    await expect(add("/a/Snapshot.JPEG")).rejects.toMatchObject({ code });
    expect(camera.requests.every(({ operation }) => operation === "GET")).toBe(true);
  });

  it("is refused at once for Motion JPEG, with what to give instead", async () => {
    const { add, camera } = await setUp(() => ({
      instead: (response) => {
        response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=--b" });
        response.write("--b\r\nContent-Type: image/jpeg\r\n\r\n");
      },
    }));
    await expect(add("/video.mjpg")).rejects.toMatchObject({
      message: expect.stringContaining("MJPEG") as unknown,
      remedy: expect.stringContaining("single picture") as unknown,
    });
    expect(camera.asked("GetProfiles")).toEqual([]);
  });

  it("is an ONVIF camera where another path brings no picture, but speaks ONVIF", async () => {
    const { add, camera } = await setUp(() => ({ raw: Buffer.from("<html>") }));
    await expect(add("/services")).rejects.toMatchObject({ message: "no stream here" });
    expect(camera.asked("GetProfiles")).not.toHaveLength(0);
  });

  it("is not looked for at ONVIF's own address", async () => {
    const { add, camera } = await setUp();
    await expect(add("/onvif/device_service")).rejects.toMatchObject({ message: "no stream here" });
    expect(camera.asked("GET")).toEqual([]);
  });

  it("has its key confirmed over TLS, also where it sends plain HTTP there", async () => {
    const tls = makeCertificate();
    const { add: addSafe, camera: safe } = await setUp(picture, { tls });
    const where = new URL("/snapshot.jpg", safe.url);
    const { add } = await setUp(() => ({ status: 302, headers: { Location: where.href } }), {});
    const unconfirmed = { code: "camera-fingerprint-unconfirmed", details: { fingerprint: tls.pin } };
    await expect(addSafe("/snapshot.jpg")).rejects.toMatchObject(unconfirmed);
    await expect(add("/snapshot.jpg?a=1")).rejects.toMatchObject(unconfirmed);
    expect(safe.requests).toEqual([]);
    const { record } = await add("/snapshot.jpg?a=1", { fingerprint: tls.pin });
    expect(record).toMatchObject({ kind: "still", pin: tls.pin, url: `${where.href}?a=1` });
  });
});

describe("StillDriver", () => {
  it("takes pictures, and refuses a live view with what to do instead", async () => {
    const { camera } = await setUp(picture, {});
    const url = new URL("/snapshot.jpg", camera.url);
    const memory = freshMemories().snapshot;
    await using driver = new StillDriver({ url, pin: null, credentials: undefined, memory, clock: systemClock });
    expect((await driver.snapshot({}, cancel)).jpeg).toEqual(jpeg);
    await expect(driver.endpoint()).rejects.toMatchObject({
      code: "camera-no-video",
      remedy: expect.stringContaining("snapshots") as unknown,
    });
    await expect(driver.events()).resolves.toBeUndefined();
  });

  it("does without a size that the picture does not tell", async () => {
    const { camera } = await setUp(() => ({ raw: jpeg.subarray(0, 20) }), {});
    const url = new URL("/snapshot.jpg", camera.url);
    const memory = freshMemories().snapshot;
    await using driver = new StillDriver({ url, pin: null, credentials: undefined, memory, clock: systemClock });
    expect((await driver.describe(cancel)).tiers).toMatchObject([{ width: 0, height: 0 }]);
  });
});
