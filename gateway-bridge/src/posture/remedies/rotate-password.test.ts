import { Secret } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import type { Credentials } from "../../domain/camera.ts";
import { scriptedCamera, type CameraScript } from "../checks/testing/scripted-camera.ts";
import type { MendTools } from "../remedy.ts";
import { RotatePassword } from "./rotate-password.ts";

const never = { signal: new AbortController().signal };
const drawn = Secret.of("drawn-password");
const remedy = new RotatePassword(() => drawn);

const rtsp = { plane: "rtsp", path: "/main", port: 554, secure: false } as const;
const plan = (whose: "own" | "other" | "seized") => ({
  accounts: [{ username: "admin", whose, level: "Administrator", web: null, old: "old", places: [rtsp] }],
});

/** A camera that lets these passwords in at its stream. */
const mended = (passwords: readonly string[], script: CameraScript = {}) => {
  const by = Object.fromEntries(passwords.map((password) => [`admin:${password}`, {}]));
  const camera = scriptedCamera({ username: "admin", rtsp: { ":554/main": { by } }, ...script });
  const credentials: Credentials = { username: "admin", password: drawn };
  return Object.assign(camera, { credentials, options: { vendor: false, firmware: undefined } });
};

class Pending {
  readonly held = new Map<string, Credentials>();
  readonly done: string[] = [];
  readonly tools: MendTools = {
    pending: {
      put: (_camera, purpose, login) => void this.held.set(purpose, login),
      get: (_camera, purpose) => this.held.get(purpose),
      drop: (_camera, purpose) => void this.held.delete(purpose),
      commit: (_camera, purpose, use = "by-account") => {
        this.done.push(`${use} ${this.held.get(purpose)?.password.reveal() ?? "nothing"}`);
        this.held.delete(purpose);
      },
      watchAsBefore: () => undefined,
    },
    camera: { relocate: async () => undefined },
    clock: Object.assign(new TestClock(), { delay: async () => undefined }),
    log: new MemoryLogger(),
  };
}

describe("a rotated password", () => {
  it("is shown by the old one being refused, and the new one taken", async () => {
    const verdict = await remedy.verify(mended(["drawn-password"]), plan("own"), new Pending().tools, never);
    expect(verdict.kind).toBe("fixed");
  });

  it("is not believed where the old one is still taken, or the new one is not", async () => {
    const { tools } = new Pending();
    const both = await remedy.verify(mended(["drawn-password", "old"]), plan("own"), tools, never);
    expect(both).toEqual({ kind: "not-fixed", why: "The old password of admin is still taken at its stream." });
    const neither = await remedy.verify(mended([]), plan("own"), tools, never);
    expect(neither).toEqual({ kind: "not-fixed", why: "The new password of admin is not taken at its stream." });
  });

  it("is the gateway's only once it was taken", async () => {
    const pending = new Pending();
    const setUser = { SetUser: "<SetUserResponse/>", GetServiceCapabilities: "<GetServiceCapabilitiesResponse/>" };
    const lies = mended(["old"], { onvif: setUser, ownPassword: "old" });
    await expect(remedy.apply(lies, plan("own"), pending.tools, never)).rejects.toMatchObject({
      code: "remedy-failed",
    });
    expect(pending.done).toEqual([]);
    const obeys = mended(["drawn-password"], { onvif: setUser, ownPassword: "old" });
    pending.held.clear();
    await remedy.apply(obeys, plan("own"), pending.tools, never);
    expect(pending.done).toEqual(["by-account drawn-password"]);
    expect(obeys.asked).toContain("onvif gateway SetUser");
  });

  it("is told with the factory's own where the gateway may not, and kept for settings", async () => {
    const pending = new Pending();
    const onvif = { SetUser: "<SetUserResponse/>", GetServiceCapabilities: "<GetServiceCapabilitiesResponse/>" };
    const camera = mended(["drawn-password"], { username: "gatehouse", onvif });
    await remedy.apply(camera, plan("seized"), pending.tools, never);
    expect(camera.asked).toContain("onvif admin:old SetUser");
    expect(pending.done).toEqual(["settings drawn-password"]);
  });

  it("is not told again to a camera that has it already", async () => {
    const pending = new Pending();
    pending.held.set("rotate-password", { username: "admin", password: drawn });
    const camera = mended(["drawn-password"], { ownPassword: "old" });
    await remedy.apply(camera, plan("own"), pending.tools, never);
    expect(camera.asked.filter((question) => question.includes("SetUser"))).toEqual([]);
    expect(pending.done).toEqual(["by-account drawn-password"]);
  });

  it("stays where it was taken everywhere: that is said, and not undone", async () => {
    const camera = mended(["drawn-password", "old"]);
    const undone = remedy.undo(camera, plan("own"), new Pending().tools, never);
    await expect(undone).rejects.toMatchObject({ code: "remedy-failed" });
    expect(camera.asked).toEqual([]);
  });
});
