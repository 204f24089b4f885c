/** What is told cameras in ONVIF's words, at cameras that remember: seen from their own settings, not from what they answer. */
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import type { RemedyId, RemedyRun } from "@gatehouse/shared";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { catalogue } from "../../gateway-bridge/src/posture/catalogue.ts";
import { onvifRemedies } from "../../gateway-bridge/src/posture/remedies/onvif-remedies.ts";
import { planRemedies } from "../../gateway-bridge/src/posture/remedies/remedy-order-policy.ts";
import { FleetCamera, type FleetCameraOptions } from "../simulator/fleet/fleet-camera.ts";
import type { WeaknessId } from "../simulator/fleet/weaknesses.ts";
import { ImpatientClock } from "../support/impatient-clock.ts";
import { adoptInto, owner, RemedyHome, theCamera } from "../support/remedy-home.ts";

jest.setTimeout(60_000);

const never = { signal: new AbortController().signal };

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "gatehouse-onvif-remedies-"));
});
afterEach(() => rm(data, { recursive: true }));

const withHome = async (
  options: FleetCameraOptions,
  work: (home: RemedyHome, camera: FleetCamera) => Promise<void>,
): Promise<void> => {
  // Only an administrator may change settings.
  const weaknesses = { "CAM-LEASTPRIV": true, ...options.weaknesses } as const;
  await using camera = await FleetCamera.open({ ...options, weaknesses });
  const clock = new ImpatientClock();
  await adoptInto(data, clock, camera.facts);
  await using home = await RemedyHome.open({ data, clock, remedies: onvifRemedies });
  await work(home, camera);
};

const latest = (home: RemedyHome): RemedyRun => home.runs.list()[0]!;

const mend = async (home: RemedyHome, remedy: RemedyId): Promise<RemedyRun> => {
  const proposed = await home.runs.propose({ camera: theCamera, remedy, vendor: false }, owner, never);
  await home.runs.confirm(proposed.id, owner);
  await home.runs.settled();
  return latest(home);
};

const undo = async (home: RemedyHome, { id }: RemedyRun): Promise<RemedyRun> => {
  home.runs.undo(id, owner);
  await home.runs.settled();
  return home.runs.list().find((run) => run.id === id)!;
};

/** In the order in which a camera is made safe: each step stands on those before it, and nothing is shut that is still needed. */
const steps: readonly (readonly [RemedyId, WeaknessId])[] = [
  ["tls-on", "NET-HTTPS-OFF"],
  ["hashing-sha256", "RTSP-MD5"],
  ["ddns-off", "CAM-DDNS"],
  ["clock-set", "TIME"],
  ["password-policy", "LOCKOUT-OFF"],
  ["ipv6-off", "WAN-IPV6"],
  ["egress-off", "EGRESS"],
  ["http-off", "NET-HTTP"],
  ["discovery-off", "DISC-ON"],
  ["ip-filter", "IPFILTER"],
];
const weak = Object.fromEntries(steps.map(([, weakness]) => [weakness, true]));

it("knows a weakness for each remedy", () => {
  const elsewhere: readonly RemedyId[] = ["tls-harden", "repin", "rtsps-on"];
  const known = [...steps.map(([remedy]) => remedy), ...elsewhere];
  expect(known.toSorted()).toEqual(onvifRemedies.map(({ id }) => id).toSorted());
});

it("makes a camera safe step by step, and takes each step back", async () => {
  await withHome({ brand: "axis", weaknesses: weak }, async (home, camera) => {
    const runs: RemedyRun[] = [];
    for (const [remedy, weakness] of steps) {
      expect([weakness, camera.truth[weakness]]).toEqual([weakness, "weak"]);
      const run = await mend(home, remedy);
      expect(run).toMatchObject({ remedy, state: "done", error: null, left: null });
      expect([weakness, camera.truth[weakness]]).toEqual([weakness, "sound"]);
      runs.push(run);
    }
    expect(steps.map(([, weakness]) => camera.truth[weakness])).toEqual(steps.map(() => "sound"));
    expect(home.cameras.get(theCamera).pin).toBe(camera.servedPin);
    for (const run of runs.filter(({ undoable }) => undoable).toReversed()) {
      expect(await undo(home, run)).toMatchObject({ remedy: run.remedy, state: "undone", left: null });
    }
    // Nobody brings back a time that was wrong and that nothing else would set.
    const left = steps.filter(([, weakness]) => camera.truth[weakness] === "sound").map(([remedy]) => remedy);
    expect(left).toEqual(["hashing-sha256", "clock-set"]);
    expect(home.cameras.get(theCamera)).toMatchObject({ url: camera.facts.onvifUrl, pin: camera.facts.pin });
    expect(camera.counts.tries).toEqual([]);
  });
});

it("finds each step out at a camera that says yes and does nothing", async () => {
  await withHome({ brand: "axis", weaknesses: weak, lies: true }, async (home, camera) => {
    for (const [remedy, weakness] of steps.filter(([each]) => each !== "http-off")) {
      expect(await mend(home, remedy)).toMatchObject({ remedy, state: "failed" });
      expect([weakness, camera.truth[weakness]]).toEqual([weakness, "weak"]);
    }
    expect(home.cameras.get(theCamera)).toMatchObject({ url: camera.facts.onvifUrl, pin: null });
    expect(home.secrets).toEqual([`camera/${theCamera}`]);
    expect(camera.counts.tries).toEqual([]);
  });
});

describe("the key of a camera", () => {
  it("is the one that it came with, where it makes none", async () => {
    await withHome({ weaknesses: { "NET-HTTPS-OFF": true } }, async (home, camera) => {
      const run = await mend(home, "tls-on");
      expect(run).toMatchObject({ state: "done", error: null });
      expect(home.cameras.get(theCamera).pin).toBe(camera.servedPin);
      expect(await undo(home, run)).toMatchObject({ state: "undone", left: null });
      expect(camera.truth["NET-HTTPS-OFF"]).toBe("weak");
      expect(home.cameras.get(theCamera)).toMatchObject({ url: camera.facts.onvifUrl, pin: null });
    });
  });

  it("is made anew where its TLS is weak, the gateway goes along, and both come back", async () => {
    await withHome({ brand: "axis", weaknesses: { "TLS-WEAK": true } }, async (home, camera) => {
      const run = await mend(home, "tls-harden");
      expect(run).toMatchObject({ state: "done", error: null });
      expect(camera.truth["TLS-WEAK"]).toBe("sound");
      expect(camera.servedPin).not.toBe(camera.facts.pin);
      expect(home.cameras.get(theCamera).pin).toBe(camera.servedPin);
      expect(await undo(home, run)).toMatchObject({ state: "undone", left: null });
      expect(camera.servedPin).toBe(camera.facts.pin);
      expect(home.cameras.get(theCamera).pin).toBe(camera.facts.pin);
      expect(home.secrets).toEqual([`camera/${theCamera}`]);
    });
  });

  it("is gone by again once its owner has compared it", async () => {
    await withHome({ weaknesses: { "TLS-PIN-CHANGED": true } }, async (home, camera) => {
      expect(home.cameras.get(theCamera).pin).not.toBe(camera.servedPin);
      const proposed = await home.runs.propose({ camera: theCamera, remedy: "repin", vendor: false }, owner, never);
      expect(proposed.steps.join()).toContain(camera.servedPin);
      // Whoever pretends to be the camera has heard no login yet.
      expect(camera.counts.tries).toEqual([]);
      await camera.changeKey();
      await expect(home.runs.confirm(proposed.id, owner)).rejects.toMatchObject({ code: "remedy-conflict" });
      expect(home.cameras.get(theCamera).pin).toBe(camera.facts.pin);
      expect(await mend(home, "repin")).toMatchObject({ state: "done", error: null });
      expect(home.cameras.get(theCamera).pin).toBe(camera.servedPin);
    });
  });
});

describe("pictures within TLS", () => {
  it("are fetched from then on, from the next start as well, and without TLS again when that is taken back", async () => {
    await withHome({ brand: "hikvision", weaknesses: { "STREAM-CLEAR": true } }, async (home, camera) => {
      const main = async (): Promise<string> => (await home.cameras.endpoint(theCamera, "main", never)).url;
      expect(await main()).toMatch(/^rtsp:/);
      const run = await mend(home, "rtsps-on");
      expect(run).toMatchObject({ state: "done", error: null });
      expect(run.evidence.join()).toContain("main, sub");
      expect(await main()).toMatch(/^rtsps:/);
      await using again = await RemedyHome.open({ data, clock: new ImpatientClock(), remedies: onvifRemedies });
      expect((await again.cameras.endpoint(theCamera, "main", never)).url).toMatch(/^rtsps:/);
      await expect(mend(home, "rtsps-on")).rejects.toMatchObject({ code: "remedy-unfit" });
      expect(await undo(home, run)).toMatchObject({ state: "undone", left: null });
      expect(await main()).toMatch(/^rtsp:/);
      expect(camera.counts.tries).toEqual([]);
    });
  });

  it("are the only ones once all is done in its order: TLS, the stream within it, and no door without it", async () => {
    const weaknesses = { "NET-HTTPS-OFF": true, "NET-HTTP": true, "STREAM-CLEAR": true } as const;
    await withHome({ brand: "axis", weaknesses }, async (home, camera) => {
      // On, as soon as it has a certificate.
      camera.state.rtsps.enabled = true;
      const findings = catalogue
        .filter(({ id }) => Object.hasOwn(weaknesses, id))
        .map(({ id: check, remedies }) => ({ check, remedies: remedies.map((one) => ({ ...one, proven: false })) }))
        .map((one) => ({ ...one, status: "failed" as const }));
      const { steps } = planRemedies(findings, { vendor: false });
      expect(steps.map(({ remedy }) => remedy)).toEqual(["tls-on", "rtsps-on", "http-off"]);
      for (const { remedy } of steps) expect(await mend(home, remedy)).toMatchObject({ state: "done", error: null });
      for (const weakness of ["NET-HTTPS-OFF", "NET-HTTP"] as const) expect(camera.truth[weakness]).toBe("sound");
      const { url } = await home.cameras.endpoint(theCamera, "main", never);
      expect([new URL(home.cameras.get(theCamera).url).protocol, new URL(url).protocol]).toEqual(["https:", "rtsps:"]);
      expect((await home.cameras.snapshot(theCamera, {}, never)).jpeg.length).toBeGreaterThan(0);
    });
  });

  it("are not promised by a camera that has none", async () => {
    await withHome({ weaknesses: { "NET-HTTPS-OFF": true } }, async (home) => {
      await expect(mend(home, "rtsps-on")).rejects.toMatchObject({ code: "remedy-unfit" });
    });
  });
});
