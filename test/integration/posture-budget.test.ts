import { CameraId, delayWith, Secret, systemClock, type Clock } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it, jest } from "@jest/globals";

import type { AuthMemory, CameraRecord } from "../../gateway-bridge/src/domain/camera.ts";
import { catalogue } from "../../gateway-bridge/src/posture/catalogue.ts";
import { Inspector } from "../../gateway-bridge/src/posture/inspector.ts";
import { PostureStore } from "../../gateway-bridge/src/posture/posture-store.ts";
import { GuessLedger } from "../../gateway-bridge/src/posture/probe/guess-ledger.ts";
import { openProbedCamera } from "../../gateway-bridge/src/posture/probe/open-probed-camera.ts";
import { OwnLogins } from "../../gateway-bridge/src/posture/probe/own-logins.ts";
import { ProbeBudget } from "../../gateway-bridge/src/posture/probe/probe-budget.ts";
import { Database } from "../../gateway-bridge/src/store/database.ts";
import { FleetCamera, type FleetCameraOptions } from "../simulator/fleet/fleet-camera.ts";

jest.setTimeout(60_000);

const id = CameraId.parse("cam-aaaaaaaaaaaaaaaa");
const never = { signal: new AbortController().signal };
const stack: AsyncDisposableStack[] = [];
afterEach(async () => {
  for (const one of stack.splice(0)) await one.disposeAsync();
});

/** Time for a gateway that waits longer for a camera's words. Both are one process here, and a busy box lets it say nothing for seconds. */
const patient = (times: number): Clock => {
  const schedule: Clock["schedule"] = (ms, run) => systemClock.schedule(times * ms, run);
  return { ...systemClock, schedule, delay: delayWith({ schedule }) };
};

/** A gateway's inspector over one simulated camera, whose checks of cameras are the real ones. */
const inspected = async (
  options: FleetCameraOptions,
  { clock = systemClock, ...login }: { readonly password?: string; readonly clock?: Clock } = {},
) => {
  const things = new AsyncDisposableStack();
  stack.push(things);
  const camera = things.use(await FleetCamera.open(options));
  const { facts } = camera;
  const database = things.use(Database.openInMemory());
  const memory: AuthMemory = { floor: "none", raise: () => undefined };
  const record: CameraRecord = {
    ...{ id, name: "Front", kind: "onvif", url: facts.onvifUrl, pin: facts.pin, authFloor: "none", warm: false },
    description: {
      ...{ manufacturer: "", model: "", firmware: "", serial: "", tiers: [], audio: "none" },
      ...{ snapshot: true, motion: true, talk: false },
    },
  };
  const cameras = {
    list: () => [record],
    credentials: () => ({ username: facts.username, password: Secret.of(login.password ?? facts.password) }),
    memories: () => ({ onvif: memory, snapshot: memory, rtsp: memory }),
  };
  const store = PostureStore.open(database);
  const ledger = GuessLedger.open({ database, clock });
  const budget = new ProbeBudget({ clock, ledger, consents: store, interfaces: () => ({}), loopbackPauseMs: 0 });
  const probing = { cameras, budget, ownLogins: new OwnLogins(), clock, resolve: async (name: string) => name };
  const openCamera = (of: CameraRecord, cancel: typeof never) => openProbedCamera({ record: of, ...probing }, cancel);
  const inspector = things.use(
    Inspector.open({
      ...{ cameras, store, openCamera, clock, log: new MemoryLogger(), random: () => 0.5, everyMs: null },
      ...{ remedies: [], newcomers: () => [], routerPage: () => null, advisories: () => ({ issued: 0, rules: 0 }) },
      checks: catalogue.filter(({ scope }) => scope === "camera"),
      openHome: () => Promise.reject(new Error("no check of the home is asked for")),
    }),
  );
  store.consent(id, true, clock.now());
  const look = async () => {
    inspector.start({});
    await inspector.settled();
    return new Map(inspector.posture().cameras[0]!.findings.map(({ check, status }) => [check, status]));
  };
  /** The most wrong passwords that any account saw, over all protocols. */
  const wrong = (): number => {
    const sums = Object.values(camera.counts.wrongPasswords).map((by) => Object.values(by).reduce((a, b) => a + b, 0));
    return Math.max(0, ...sums);
  };
  return { camera, look, wrong, openCamera: () => openCamera(record, never), store };
};

describe("an inspection of a camera", () => {
  it("stays within four connections and two wrong passwords, plays nothing, and finds what is weak", async () => {
    const weaknesses = { "NET-TELNET": true, "CAM-PWD-DEFAULT": true, "HTTP-SNAP-ANON": true } as const;
    const { camera, look, wrong } = await inspected({ brand: "dahua", weaknesses }, { clock: patient(3) });
    const found = await look();
    expect([found.get("NET-TELNET"), found.get("CAM-PWD-DEFAULT"), found.get("HTTP-SNAP-ANON")]).toEqual([
      "failed",
      "failed",
      "failed",
    ]);
    expect(found.get("NET-FTP")).toBe("passed");
    expect(camera.counts.connections.peak).toBeLessThanOrEqual(4);
    expect(camera.counts.plays).toBe(0);
    expect(wrong()).toBeLessThanOrEqual(2);
  });

  it("locks nobody out, however often it is made, of a camera that locks after three wrong passwords", async () => {
    const { camera, look, wrong } = await inspected({ brand: "axis", locksOut: true });
    for (let n = 0; n < 2; n += 1) await look();
    expect(wrong()).toBe(2);
    expect(camera.counts.refusedWhileLocked).toBe(0);
    expect(camera.knows("onvif", camera.facts.username, camera.facts.password)).toBe(true);
  });

  it("sends the gateway's own password twice at most where it is no longer right, over all protocols", async () => {
    const { camera, look, wrong } = await inspected({ brand: "tapo", locksOut: true }, { password: "of-yesterday" });
    for (let n = 0; n < 2; n += 1) await look();
    expect(wrong()).toBeGreaterThan(0);
    expect(wrong()).toBeLessThanOrEqual(2);
    expect(camera.counts.refusedWhileLocked).toBe(0);
  });
});

describe("a probed camera", () => {
  it("says who made it, where its streams are, and what its ports say", async () => {
    const { camera, openCamera } = await inspected(
      { brand: "hikvision", weaknesses: { "NET-TELNET": true } },
      { clock: patient(20) },
    );
    using probed = await openCamera();
    expect(probed.identity.vendor).toBe("hikvision");
    expect(probed.host).toBe(camera.facts.address);
    expect(probed.streams.map(({ url }) => url.hostname)).toEqual(probed.streams.map(() => camera.facts.address));
    expect(probed.streams.length).toBeGreaterThan(0);
    expect(await probed.ports.tcp(23, never)).toMatchObject({
      kind: "open",
      banner: expect.stringMatching(/login/) as unknown,
    });
    expect(await probed.ports.tcp(2323, never)).toEqual({ kind: "closed" });
    const modern = await probed.ports.tls(443, { minVersion: "TLSv1.2", maxVersion: "TLSv1.3" }, never);
    expect(modern).toMatchObject({ pin: camera.facts.pin, protocol: "TLSv1.3" });
    expect(modern?.notAfter).toBeGreaterThan(Date.now());
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    expect(await probed.ports.tls(443, old, never)).toBeUndefined();
    await expect(probed.ports.tls(24, old, never)).rejects.toMatchObject({ code: "camera-unreachable" });
  });

  it("is a stranger, the gateway, or a guess, whichever is asked for", async () => {
    const { camera, openCamera, wrong } = await inspected({ brand: "axis" }, { clock: patient(20) });
    using probed = await openCamera();
    const question = { service: "device", operation: "GetDeviceInformation" } as const;
    const stranger = await probed.onvif.as({ kind: "nobody" }, never);
    await expect(stranger.call(question, never)).rejects.toMatchObject({ code: "camera-credentials" });
    const own = await probed.onvif.as({ kind: "gateway" }, never);
    expect((await own.call(question, never)).name).toBe("GetDeviceInformationResponse");
    const password = Secret.of(camera.facts.password);
    const right = await probed.onvif.as({ kind: "guess", username: camera.facts.username, password }, never);
    await right.call(question, never);
    expect(wrong()).toBe(0);
    for (let n = 0; n < 2; n += 1) {
      const guess = await probed.onvif.as({ kind: "guess", username: "root", password: Secret.of("pass") }, never);
      await expect(guess.call(question, never)).rejects.toMatchObject({ code: "camera-credentials" });
    }
    const third = { kind: "guess", username: "Root", password: Secret.of("root") } as const;
    const guess = await probed.onvif.as(third, never);
    await expect(guess.call(question, never)).rejects.toMatchObject({ code: "probe-refused" });
    const { pathname } = probed.streams[0]!.url;
    await expect(probed.rtsp.describe(pathname, third, never)).rejects.toMatchObject({ code: "probe-refused" });
    expect(wrong()).toBe(2);
  });

  it("is let alone from the moment on that its owner no longer allows it", async () => {
    const { camera, openCamera, store } = await inspected({ brand: "other" });
    using probed = await openCamera();
    const before = camera.counts.connections.at.length;
    store.consent(id, false, 0);
    await expect(probed.ports.tcp(23, never)).rejects.toMatchObject({ code: "inspection-not-allowed" });
    await expect(probed.http.request({ method: "GET", path: "/" }, { kind: "nobody" }, never)).rejects.toMatchObject({
      code: "inspection-not-allowed",
    });
    await expect(probed.rtsp.describe("/", { kind: "nobody" }, never)).rejects.toMatchObject({
      code: "inspection-not-allowed",
    });
    await expect(openCamera()).rejects.toMatchObject({ code: "inspection-not-allowed" });
    expect(camera.counts.connections.at.length).toBe(before);
  });
});
