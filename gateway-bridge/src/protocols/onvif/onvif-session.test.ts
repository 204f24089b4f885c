import { GatehouseError, Secret, systemClock } from "@gatehouse/shared";
import { makeCertificate } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";

import { Authorizer } from "../auth/authorizer.ts";
import { LoginLatch } from "../http/login-latch.ts";
import { RenewingLogin } from "../http/renewing-login.ts";
import { getDeviceInformation } from "./device.ts";
import { OnvifSession } from "./onvif-session.ts";
import { fault, password, ScriptedCamera, username, type ScriptedCameraOptions } from "./testing/scripted-camera.ts";

const cancel = { signal: new AbortController().signal };
const hour = 3_600_000;
let resources = new AsyncDisposableStack();
afterEach(async () => {
  await resources.disposeAsync();
  resources = new AsyncDisposableStack();
});

const cameraWith = async (options: ScriptedCameraOptions = {}): Promise<ScriptedCamera> =>
  resources.use(await ScriptedCamera.open(options));

interface Client {
  readonly password?: string | undefined;
  readonly pin?: string | null;
  readonly speaksHttp?: boolean;
  readonly latch?: LoginLatch;
}
const optionsFor = (camera: ScriptedCamera, client: Client = {}) => {
  const { pin = null, speaksHttp = false, latch = new LoginLatch(systemClock) } = client;
  const credentials = { username, password: Secret.of(client.password ?? password) };
  const memory = { floor: "none" as const, raise: () => undefined };
  const http = new RenewingLogin(() => new Authorizer({ credentials, secure: pin !== null, memory }));
  return { device: camera.url, pin, clock: systemClock, latch, login: { ...credentials, http, speaksHttp } };
};
const open = async (camera: ScriptedCamera, client: Client = {}): Promise<OnvifSession> =>
  resources.use(await OnvifSession.open(optionsFor(camera, client), cancel));
const ask = (session: OnvifSession) => getDeviceInformation(session, cancel);

describe("OnvifSession", () => {
  it("measures the clock and finds the services before any login", async () => {
    const camera = await cameraWith({ login: "digest" });
    const session = await open(camera);
    expect(camera.requests.map(({ operation, authorization }) => [operation, authorization])).toEqual([
      ["GetSystemDateAndTime", undefined],
      ["GetServices", undefined],
    ]);
    expect((["device", "media", "media2", "events"] as const).filter((name) => session.has(name))).toEqual([
      "device",
      "media",
      "events",
    ]);
  });

  it("keeps every text of a camera as it is", async () => {
    const session = await open(await cameraWith());
    expect(await ask(session)).toEqual({
      manufacturer: "Acme & Sons",
      model: "X",
      firmware: "5.10",
      serial: "00012345678901234567890",
    });
  });

  it("falls back to GetCapabilities, and takes a single service", async () => {
    const camera = await cameraWith();
    camera.operations["GetServices"] = () => fault("s:Receiver", "ter:ActionNotSupported", "old", 500);
    camera.operations["GetCapabilities"] = () =>
      `<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>http://10.0.0.9/onvif/media</tt:XAddr></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>`;
    const session = await open(camera);
    expect([session.has("media"), session.has("events")]).toEqual([true, false]);
    await session.call({ service: "media", operation: "GetProfiles" }, cancel);
    expect(camera.asked("GetProfiles")[0]?.path).toBe("/onvif/media");
    await expect(session.call({ service: "events", operation: "X" }, cancel)).rejects.toMatchObject({
      code: "camera-fault",
    });
  });

  it("tells a fault in the camera's own words, on one line and bounded", async () => {
    const camera = await cameraWith();
    camera.operations["GetDeviceInformation"] = () =>
      fault("s:Receiver", "ter:OutofMemory", `so\nsorry ${"x".repeat(900)}`);
    const failure = ask(await open(camera));
    await expect(failure).rejects.toMatchObject({
      code: "camera-fault",
      details: { codes: ["Receiver", "OutofMemory"] },
    });
    const { message } = (await failure.catch((error: unknown) => error)) as Error;
    expect(message).toContain("so sorry xxx");
    expect(message.length).toBeLessThan(500);
  });

  it.each<[string, () => string | { status?: number; raw?: Buffer }, string]>([
    [
      "a DOCTYPE",
      () => ({
        raw: Buffer.from(
          '<!DOCTYPE x [<!ENTITY a "b">]><s:Envelope xmlns:s="s"><s:Body><a>&a;</a></s:Body></s:Envelope>',
        ),
      }),
      "camera-answer-malformed",
    ],
    ["half an answer", () => ({ raw: Buffer.from('<s:Envelope xmlns:s="s"><s:Body><a>') }), "camera-answer-malformed"],
    ["an empty body", () => "", "camera-answer-malformed"],
    ["an HTML page", () => ({ status: 404, raw: Buffer.from("<html>no</html>") }), "camera-answer-malformed"],
    ["too much", () => ({ raw: Buffer.alloc(2 << 20, 0x20) }), "camera-answer-too-large"],
  ])("refuses %s", async (_, answer, code) => {
    // prettier-ignore
    const camera = await cameraWith();
    camera.operations["GetDeviceInformation"] = answer;
    await expect(ask(await open(camera))).rejects.toMatchObject({ code });
  });

  it("takes an envelope out of what surrounds it", async () => {
    const camera = await cameraWith();
    camera.operations["GetDeviceInformation"] = () => ({
      raw: Buffer.from(
        `\ufeff--part\r\n\r\n<E:Envelope xmlns:E="e"><E:Body><r><Model>M</Model></r></E:Body></E:Envelope>\r\n--part--\0`,
      ),
    });
    expect((await ask(await open(camera))).model).toBe("M");
  });
});

describe("a camera that speaks HTTP Digest", () => {
  it("is answered by Digest and is never sent a token", async () => {
    const camera = await cameraWith({ login: "digest" });
    const session = await open(camera);
    await ask(session);
    await ask(session);
    expect(camera.asked("GetDeviceInformation").map(({ authorization }) => authorization?.slice(0, 7))).toEqual([
      undefined,
      "Digest ",
      "Digest ",
    ]);
    expect(camera.requests.some(({ text }) => text.includes("Security"))).toBe(false);
  });

  it("is tried with a wrong password once, and not again by whoever asks next", async () => {
    const camera = await cameraWith({ login: "digest" });
    const latch = new LoginLatch(systemClock);
    const session = await open(camera, { password: "wrong", latch });
    await expect(ask(session)).rejects.toMatchObject({ code: "camera-credentials" });
    await expect(ask(session)).rejects.toMatchObject({ code: "camera-credentials" });
    await expect(open(camera, { password: "wrong", latch }).then(ask)).rejects.toMatchObject({
      code: "camera-credentials",
    });
    expect(camera.wrongLogins).toBe(1);
  });

  it("may forget its nonces in a reboot without saying so", async () => {
    const camera = await cameraWith({ login: "digest" });
    const session = await open(camera);
    await ask(session);
    camera.nonce = "another";
    expect((await ask(session)).firmware).toBe("5.10");
    expect(camera.wrongLogins).toBe(0);
  });

  it("is sent no token when it calls an account not permitted, and the password stands", async () => {
    const camera = await cameraWith({ login: "digest" });
    const session = await open(camera);
    await ask(session);
    camera.operations["GetProfiles"] = () => fault("s:Sender", "ter:NotAuthorized", "operators only");
    await expect(session.call({ service: "media", operation: "GetProfiles" }, cancel)).rejects.toMatchObject({
      code: "camera-credentials",
      message: expect.stringMatching(/does not let it call GetProfiles.*operators only/) as unknown,
    });
    expect(camera.requests.some(({ text }) => text.includes("Security"))).toBe(false);
    await ask(session);
  });

  it("is sent no token by a gateway that knows it from before, though it asks for one now", async () => {
    const camera = await cameraWith({ login: "token" });
    await expect(open(camera, { speaksHttp: true }).then(ask)).rejects.toMatchObject({ code: "camera-credentials" });
    expect(camera.requests.some(({ text }) => text.includes("Security"))).toBe(false);
  });
});

describe("a camera that knows SOAP logins only", () => {
  it.each([0, 5 * hour, -30 * 365 * 24 * hour])("is logged in to in its own time, %d ms from ours", async (offset) => {
    const camera = await cameraWith({ login: "token" });
    camera.clockOffsetMs = offset;
    const session = await open(camera);
    await ask(session);
    await ask(session);
    expect(Math.abs(session.cameraNow - systemClock.now() - offset)).toBeLessThan(5_000);
    expect(camera.wrongLogins).toBe(0);
    // Once asked for, it is sent at once.
    expect(camera.asked("GetDeviceInformation")).toHaveLength(3);
  });

  it("is sent a nonce and a time, never the password, and no token twice", async () => {
    const camera = await cameraWith({ login: "token" });
    const session = await open(camera);
    await ask(session);
    await ask(session);
    const sent = camera.requests.map(({ text }) => text);
    expect(sent.some((text) => text.includes("pass"))).toBe(false);
    const nonces = sent.flatMap((text) => /Nonce[^>]*>([^<]+)</.exec(text)?.[1] ?? []);
    expect(nonces).toHaveLength(2);
    expect(new Set(nonces).size).toBe(2);
  });

  it("may move its clock: the login is made again in the new time", async () => {
    const camera = await cameraWith({ login: "token" });
    const session = await open(camera);
    await ask(session);
    camera.clockOffsetMs = 7 * hour;
    expect((await ask(session)).firmware).toBe("5.10");
  });

  it("is tried with a wrong password once", async () => {
    const camera = await cameraWith({ login: "token" });
    const session = await open(camera, { password: "wrong" });
    await expect(ask(session)).rejects.toMatchObject({ code: "camera-credentials" });
    await expect(ask(session)).rejects.toMatchObject({ code: "camera-credentials" });
    expect(camera.wrongLogins).toBe(1);
  });

  it("asks in vain where no login is known", async () => {
    const camera = await cameraWith({ login: "token" });
    const session = resources.use(await OnvifSession.open({ ...optionsFor(camera), login: undefined }, cancel));
    await expect(ask(session)).rejects.toMatchObject({
      code: "camera-credentials",
      message: "the camera asks for a user name and password; it says: Sender not authorized",
    });
  });

  it("may offer Basic, which is not answered in the open", async () => {
    const camera = await cameraWith();
    camera.operations["GetDeviceInformation"] = ({ header }) =>
      header === undefined
        ? { status: 401, headers: { "WWW-Authenticate": 'Basic realm="x"' } }
        : "<tds:GetDeviceInformationResponse/>";
    await ask(await open(camera));
    expect(camera.requests.some(({ authorization }) => authorization !== undefined)).toBe(false);
  });

  it("keeps our time where it will not tell its own", async () => {
    const camera = await cameraWith({ login: "token" });
    camera.operations["GetSystemDateAndTime"] = () => ({ status: 401 });
    await ask(await open(camera));
    camera.operations["GetSystemDateAndTime"] = () =>
      "<r><SystemDateAndTime><UTCDateTime><Date><Year>0</Year><Month>0</Month><Day>0</Day></Date></UTCDateTime></SystemDateAndTime></r>";
    await ask(await open(camera));
  });
});

describe("a camera with TLS", () => {
  const certificate = makeCertificate();

  it("is spoken to by the pinned key only, whatever addresses it gives", async () => {
    const camera = await cameraWith({ tls: certificate, login: "digest" });
    const session = await open(camera, { pin: certificate.pin });
    await ask(session);
    await session.call({ service: "media", operation: "GetProfiles" }, cancel);
    expect(camera.asked("GetProfiles").at(-1)?.path).toBe("/onvif/media");
  });

  it("sees no request from us where the key is another", async () => {
    const camera = await cameraWith({ tls: certificate });
    const pin = makeCertificate().pin;
    await expect(open(camera, { pin })).rejects.toMatchObject({ code: "camera-fingerprint-changed" });
    expect(camera.requests).toEqual([]);
  });
});

it("resolve forces addresses home and refuses media from elsewhere", async () => {
  const camera = await cameraWith();
  const session = await open(camera);
  expect(session.resolve("http://evil.example/x", "service").host).toBe(camera.url.host);
  expect(() => session.resolve("rtsp://evil.example/x", "stream")).toThrow(
    expect.objectContaining({ code: "camera-foreign-host", details: { host: "evil.example", use: "stream" } }),
  );
  expect(() => session.resolve("", "stream")).toThrow(GatehouseError);
});
