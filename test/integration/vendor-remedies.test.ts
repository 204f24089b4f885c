/** What is told cameras in their makers' own words, at cameras that remember: seen from their own settings, not from what they answer. */
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import type { RemedyId, RemedyRun } from "@gatehouse/shared";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { vendorRemedies } from "../../gateway-bridge/src/posture/remedies/vendor/vendor-remedies.ts";
import type { Brand } from "../simulator/fleet/brands.ts";
import { FleetCamera, type FleetCameraOptions } from "../simulator/fleet/fleet-camera.ts";
import type { WeaknessId } from "../simulator/fleet/weaknesses.ts";
import { ImpatientClock } from "../support/impatient-clock.ts";
import { adoptInto, owner, RemedyHome, theCamera } from "../support/remedy-home.ts";

jest.setTimeout(60_000);

const never = { signal: new AbortController().signal };

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "gatehouse-vendor-"));
});
afterEach(() => rm(data, { recursive: true }));

/** What one remedy is for. */
interface Row {
  readonly remedy: RemedyId;
  readonly weakness: WeaknessId;
  /** Where somebody answers until it is mended. */
  readonly port?: number;
  /** The camera does not take it back. */
  readonly stays?: boolean;
}

const telnet: Row = { remedy: "telnet-off", weakness: "NET-TELNET", port: 23 };
const ssh: Row = { remedy: "ssh-off", weakness: "NET-SSH", port: 22 };
const ftp: Row = { remedy: "ftp-off", weakness: "NET-FTP", port: 21 };
const upnp: Row = { remedy: "upnp-off", weakness: "CAM-UPNP" };
const cloud: Row = { remedy: "p2p-off", weakness: "CAM-P2P" };
const uploads: Row = { remedy: "push-off", weakness: "CAM-PUSH" };

const rows = {
  hikvision: [telnet, ssh, upnp, cloud, uploads, { remedy: "rtsp-login", weakness: "RTSP-BASIC" }],
  dahua: [telnet, ssh, upnp, cloud, uploads, { remedy: "onvif-login", weakness: "ONVIF-ANON-READ" }],
  // It forgets where it sent to, as its maker's words do not carry the password of that server.
  reolink: [upnp, cloud, { ...uploads, stays: true }, { remedy: "auto-update-on", weakness: "FW-AUTO-OFF" }],
  axis: [
    ...[ssh, ftp, upnp, cloud],
    { remedy: "rtsp-login", weakness: "RTSP-ANON" },
    { remedy: "replay-protection", weakness: "ONVIF-REPLAY" },
  ],
} as const satisfies Partial<Record<Brand, readonly Row[]>>;
const brands = Object.keys(rows) as (keyof typeof rows)[];

const withHome = async (
  options: FleetCameraOptions & { readonly brand: keyof typeof rows },
  work: (home: RemedyHome, camera: FleetCamera) => Promise<void>,
): Promise<void> => {
  const weaknesses = Object.fromEntries(rows[options.brand].map(({ weakness }) => [weakness, true]));
  await using camera = await FleetCamera.open({ ...options, weaknesses: { ...weaknesses, ...options.weaknesses } });
  const clock = new ImpatientClock();
  await adoptInto(data, clock, { ...camera.facts, ...camera.facts.administrator });
  await using home = await RemedyHome.open({ data, clock, remedies: vendorRemedies });
  await work(home, camera);
};

const mend = async (home: RemedyHome, remedy: RemedyId): Promise<RemedyRun> => {
  const proposed = await home.runs.propose({ camera: theCamera, remedy, vendor: true }, owner, never);
  expect(proposed).toMatchObject({ plane: "vendor", proven: false, state: "proposed" });
  await home.runs.confirm(proposed.id, owner);
  await home.runs.settled();
  return home.runs.list()[0]!;
};

const undo = async (home: RemedyHome, { id }: RemedyRun): Promise<RemedyRun> => {
  home.runs.undo(id, owner);
  await home.runs.settled();
  return home.runs.list().find((run) => run.id === id)!;
};

/** Asked by this test itself, beside everything that the gateway has. */
const isOpen = async (camera: FleetCamera, port: number): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, camera.facts.address);
  socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  const answer = await promise;
  socket.destroy();
  return answer;
};

const openPortsOf = async (camera: FleetCamera, mended: readonly Row[]): Promise<readonly number[]> => {
  const open: number[] = [];
  for (const { port } of mended) if (port !== undefined && (await isOpen(camera, port))) open.push(port);
  return open;
};

const truthOf = (camera: FleetCamera, mended: readonly Row[]): readonly (readonly [WeaknessId, string])[] =>
  mended.map(({ weakness }) => [weakness, camera.truth[weakness]]);
const allAre = (word: "weak" | "sound", mended: readonly Row[]): ReturnType<typeof truthOf> =>
  mended.map(({ weakness }) => [weakness, word]);

it("tries each of the remedies at one camera or another", () => {
  const tried = new Set(brands.flatMap((brand) => rows[brand].map(({ remedy }) => remedy)));
  expect([...tried].toSorted()).toEqual(vendorRemedies.map(({ id }) => id).toSorted());
});

describe.each(brands)("a camera of %s", (brand) => {
  const mended: readonly Row[] = rows[brand];
  const ports = mended.flatMap(({ port }) => port ?? []);

  it("is mended switch by switch, and each is taken back, or it is said what is not as before", async () => {
    await withHome({ brand }, async (home, camera) => {
      expect(truthOf(camera, mended)).toEqual(allAre("weak", mended));
      expect(await openPortsOf(camera, mended)).toEqual(ports);
      const runs: RemedyRun[] = [];
      for (const { remedy } of mended) runs.push(await mend(home, remedy));
      for (const run of runs) expect(run).toMatchObject({ state: "done", error: null, left: null });
      for (const { evidence } of runs) expect(evidence.length).toBeGreaterThan(1);
      expect(truthOf(camera, mended)).toEqual(allAre("sound", mended));
      expect(await openPortsOf(camera, mended)).toEqual([]);

      for (const [index, { stays }] of mended.entries()) {
        const run = await undo(home, runs[index]!);
        const left = stays === true ? expect.stringMatching(/not as before/) : null;
        expect(run).toMatchObject({ state: stays === true ? "failed" : "undone", left });
      }
      const back = mended.filter(({ stays }) => stays !== true);
      expect(truthOf(camera, back)).toEqual(allAre("weak", back));
      expect(await openPortsOf(camera, mended)).toEqual(ports);
      expect(camera.counts.tries).toEqual([]);
    });
  });

  it("is never called mended when it only says that it took the change", async () => {
    await withHome({ brand, lies: true }, async (home, camera) => {
      // One that shows from outside, too, and one that only the camera's own settings tell.
      for (const { remedy } of [mended[0]!, cloud]) {
        expect(await mend(home, remedy)).toMatchObject({ remedy, state: "failed", evidence: [] });
      }
      expect(truthOf(camera, mended)).toEqual(allAre("weak", mended));
    });
  });
});

it("touches no camera whose owner does not want unproven words", async () => {
  await withHome({ brand: "hikvision" }, async (home, camera) => {
    const proposal = home.runs.propose({ camera: theCamera, remedy: "telnet-off", vendor: false }, owner, never);
    await expect(proposal).rejects.toMatchObject({ code: "remedy-unfit" });
    expect(camera.truth["NET-TELNET"]).toBe("weak");
    expect(home.runs.list()).toEqual([]);
  });
});
