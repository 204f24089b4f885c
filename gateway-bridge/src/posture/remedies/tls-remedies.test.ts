import { describe, expect, it } from "@jest/globals";

import { repin } from "./repin.ts";
import { certificate, cancel, ObedientCamera } from "./testing/obedient-camera.ts";
import { tlsHarden } from "./tls-harden.ts";
import { tlsOn } from "./tls-on.ts";

const plain = "http://192.168.1.20/onvif/device_service";
const secure = "https://192.168.1.20/onvif/device_service";

/** Lets time pass until the work is over. */
const passing = async <T>(camera: ObedientCamera, work: Promise<T>): Promise<T> => {
  const progress = { over: false };
  const ended = work.finally(() => (progress.over = true));
  ended.catch(() => undefined);
  for (let turn = 0; !progress.over && turn < 500; turn += 1) {
    await camera.clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return ended;
};

const hardened = async () => {
  const camera = new ObedientCamera();
  camera.state.https = true;
  camera.place = { url: secure, pin: camera.factory.pin };
  const before = await tlsHarden.remember(camera.open(), camera.tools, cancel);
  return { camera, before };
};

describe("tls-on", () => {
  it("has the camera make a key, and goes by that key alone from then on", async () => {
    const camera = new ObedientCamera();
    expect(await tlsOn.preview(camera.open(), cancel)).toMatchObject({ undoable: true });
    const before = await tlsOn.remember(camera.open(), camera.tools, cancel);
    await tlsOn.apply(camera.open(), before, camera.tools, cancel);
    expect(camera.state).toMatchObject({ https: true, http: true });
    expect(camera.shown).not.toBe(camera.factory.pin);
    expect(camera.place).toEqual({ url: secure, pin: camera.shown });
    const verdict = await tlsOn.verify(camera.open(), before, camera.tools, cancel);
    expect(verdict).toMatchObject({ kind: "fixed", evidence: [expect.stringContaining(camera.shown), expect.anything(), expect.anything()] }); // prettier-ignore
    expect(await tlsOn.preview(camera.open(), cancel)).toHaveProperty("unfit");
  });

  it("makes one key however often it is begun anew", async () => {
    const camera = new ObedientCamera();
    const before = await tlsOn.remember(camera.open(), camera.tools, cancel);
    const cut = { ...camera.tools, camera: { relocate: () => Promise.reject(new Error("killed")) } };
    for (let round = 0; round < 3; round += 1)
      await expect(tlsOn.apply(camera.open(), before, cut, cancel)).rejects.toThrow("killed");
    await tlsOn.apply(camera.open(), before, camera.tools, cancel);
    await tlsOn.apply(camera.open(), before, camera.tools, cancel);
    expect([camera.keys.length, camera.certificates.size, camera.paths.size]).toEqual([1, 1, 1]);
    expect(camera.place.pin).toBe(camera.shown);
  });

  it("goes nowhere where the camera shows another key than the one it made", async () => {
    const camera = new ObedientCamera();
    camera.lies.add("AddServerCertificateAssignment");
    const before = await tlsOn.remember(camera.open(), camera.tools, cancel);
    const applying = passing(camera, tlsOn.apply(camera.open(), before, camera.tools, cancel));
    await expect(applying).rejects.toMatchObject({ code: "remedy-failed" });
    expect(camera.place).toEqual({ url: plain, pin: null });
  });

  it("goes nowhere where the camera only says that it speaks TLS", async () => {
    const camera = new ObedientCamera();
    camera.lies.add("SetNetworkProtocols");
    const before = await tlsOn.remember(camera.open(), camera.tools, cancel);
    const applying = passing(camera, tlsOn.apply(camera.open(), before, camera.tools, cancel));
    await expect(applying).rejects.toMatchObject({ code: "remedy-failed" });
    expect(camera.place).toEqual({ url: plain, pin: null });
  });

  it("is taken back over the door that stays, and leaves nothing in the camera", async () => {
    const camera = new ObedientCamera();
    const state = structuredClone(camera.state);
    const before = await tlsOn.remember(camera.open(), camera.tools, cancel);
    await tlsOn.undo(camera.open(), before, camera.tools, cancel);
    await tlsOn.apply(camera.open(), before, camera.tools, cancel);
    // First the gateway, then, begun anew, the camera.
    await expect(tlsOn.undo(camera.open(), before, camera.tools, cancel)).rejects.toMatchObject({ retry: "later" });
    expect(camera.place).toEqual({ url: plain, pin: null });
    for (let round = 0; round < 2; round += 1) await tlsOn.undo(camera.open(), before, camera.tools, cancel);
    expect(camera.state).toEqual(state);
    expect([camera.assigned, camera.keys, camera.certificates.size, camera.paths.size]).toEqual([[], [], 0, 0]);
  });

  it("is not taken back while there is no other door", async () => {
    const camera = new ObedientCamera();
    const before = await tlsOn.remember(camera.open(), camera.tools, cancel);
    await tlsOn.apply(camera.open(), before, camera.tools, cancel);
    camera.state.http = false;
    const undoing = tlsOn.undo(camera.open(), before, camera.tools, cancel);
    await expect(undoing).rejects.toMatchObject({ code: "remedy-failed", message: expect.stringContaining("HTTP") as unknown }); // prettier-ignore
    expect(camera.place.url).toBe(secure);
  });
});

describe("tls-harden", () => {
  it("gives the camera a new key and the gateway with it, and ends the old versions", async () => {
    const { camera, before } = await hardened();
    expect(await tlsHarden.preview(camera.open(), cancel)).toMatchObject({ undoable: true });
    await tlsHarden.apply(camera.open(), before, camera.tools, cancel);
    expect(camera.state.versions).toEqual(["1.2", "1.3"]);
    expect(camera.shown).not.toBe(camera.factory.pin);
    expect(camera.place).toEqual({ url: secure, pin: camera.shown });
    expect(await tlsHarden.verify(camera.open(), before, camera.tools, cancel)).toMatchObject({ kind: "fixed" });
  });

  it("finds its way in again when it was cut off between the camera's change and the gateway's", async () => {
    const { camera, before } = await hardened();
    const cut = { ...camera.tools, camera: { relocate: () => Promise.reject(new Error("killed")) } };
    await expect(tlsHarden.apply(camera.open(), before, cut, cancel)).rejects.toThrow("killed");
    // Nobody can log in by the old key any more.
    await expect(camera.open().onvif.as({ kind: "gateway" }, cancel)).rejects.toMatchObject({ code: "camera-fingerprint-changed" }); // prettier-ignore
    await tlsHarden.apply(camera.open(), before, camera.tools, cancel);
    expect(camera.place.pin).toBe(camera.shown);
    expect(camera.keys).toHaveLength(1);
  });

  it("does not follow a key that was not announced", async () => {
    const { camera, before } = await hardened();
    const cut = { ...camera.tools, camera: { relocate: () => Promise.reject(new Error("killed")) } };
    await expect(tlsHarden.apply(camera.open(), before, cut, cancel)).rejects.toThrow("killed");
    const stranger = certificate();
    camera.certificates.set("stranger", { alias: "x", ...stranger });
    camera.paths.set("stranger", { alias: "x", certificate: "stranger" });
    camera.assigned = ["stranger"];
    const applying = passing(camera, tlsHarden.apply(camera.open(), before, camera.tools, cancel));
    await expect(applying).rejects.toMatchObject({ code: "camera-fingerprint-changed" });
    expect(camera.place.pin).toBe(camera.factory.pin);
  });

  it("sees through a camera that goes on taking old versions", async () => {
    const { camera, before } = await hardened();
    camera.lies.add("SetEnabledTLSVersions");
    await tlsHarden.apply(camera.open(), before, camera.tools, cancel);
    expect(await tlsHarden.verify(camera.open(), before, camera.tools, cancel)).toMatchObject({ kind: "not-fixed" });
  });

  it("is taken back, cut off or not", async () => {
    const { camera, before } = await hardened();
    camera.paths.set("factory", { alias: "factory", certificate: "factory" });
    camera.certificates.set("factory", { alias: "factory", ...camera.factory });
    camera.assigned = ["factory"];
    const remembered = await tlsHarden.remember(camera.open(), camera.tools, cancel);
    await tlsHarden.apply(camera.open(), remembered, camera.tools, cancel);
    const cut = { ...camera.tools, camera: { relocate: () => Promise.reject(new Error("killed")) } };
    await expect(tlsHarden.undo(camera.open(), remembered, cut, cancel)).rejects.toThrow("killed");
    await tlsHarden.undo(camera.open(), remembered, camera.tools, cancel);
    await tlsHarden.undo(camera.open(), remembered, camera.tools, cancel);
    expect(camera.place).toEqual({ url: secure, pin: camera.factory.pin });
    expect(camera.state.versions).toEqual(["1.0", "1.2"]);
    expect(before["assigned"]).toEqual([]);
  });
});

describe("repin", () => {
  const changed = () => {
    const camera = new ObedientCamera();
    camera.state.https = true;
    camera.place = { url: secure, pin: "the-key-of-before" };
    return camera;
  };

  it("shows the key that would be trusted, and goes by it once confirmed", async () => {
    const camera = changed();
    expect(JSON.stringify(await repin.preview(camera.open(), cancel))).toContain(camera.factory.pin);
    const before = await repin.remember(camera.open(), camera.tools, cancel);
    expect(camera.asked).toEqual([]);
    await repin.apply(camera.open(), before, camera.tools, cancel);
    expect(camera.place).toEqual({ url: secure, pin: camera.factory.pin });
    expect(await repin.verify(camera.open(), before, camera.tools, cancel)).toMatchObject({ kind: "fixed" });
    expect(await repin.preview(camera.open(), cancel)).toHaveProperty("unfit");
    await repin.undo(camera.open(), before, camera.tools, cancel);
    expect(camera.place.pin).toBe("the-key-of-before");
  });

  it("does not trust a key that came up after it was confirmed", async () => {
    const camera = changed();
    const before = await repin.remember(camera.open(), camera.tools, cancel);
    camera.certificates.set("c", { alias: "x", ...certificate() });
    camera.paths.set("p", { alias: "x", certificate: "c" });
    camera.assigned = ["p"];
    await repin.apply(camera.open(), before, camera.tools, cancel);
    expect(camera.place.pin).not.toBe(camera.shown);
    expect(await repin.verify(camera.open(), before, camera.tools, cancel)).toMatchObject({ kind: "not-fixed" });
    expect(camera.asked).toEqual([]);
  });
});
