import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { systemClock, type CameraId, type RemedyId, type RemedyRun } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Streams } from "../../gateway-bridge/src/media/streams.ts";
import { RecordingViewer } from "../../gateway-bridge/src/media/testing/recording-viewer.ts";
import { createRtspSource } from "../../gateway-bridge/src/sources/rtsp-source.ts";
import { FleetCamera, type FleetCameraOptions } from "../simulator/fleet/fleet-camera.ts";
import { makeFirmware } from "../simulator/fleet/onvif/firmware.ts";
import { eventually } from "../support/eventually.ts";
import { ImpatientClock } from "../support/impatient-clock.ts";
import { adoptInto, owner, RemedyHome, theCamera } from "../support/remedy-home.ts";

jest.setTimeout(60_000);

const never = { signal: new AbortController().signal };
const administrator = { "CAM-LEASTPRIV": true } as const;

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "gatehouse-remedies-"));
});
afterEach(() => rm(data, { recursive: true }));

const withHome = async (
  options: FleetCameraOptions,
  work: (home: RemedyHome, camera: FleetCamera) => Promise<void>,
): Promise<void> => {
  await using camera = await FleetCamera.open(options);
  const clock = new ImpatientClock();
  await adoptInto(data, clock, camera.facts);
  await using home = await RemedyHome.open({ data, clock });
  await work(home, camera);
};

/** Proposes and confirms a remedy, and waits for its end. */
const mend = async (home: RemedyHome, remedy: RemedyId, { vendor = false } = {}): Promise<RemedyRun> => {
  const proposed = await home.runs.propose({ camera: theCamera, remedy, vendor }, owner, never);
  await home.runs.confirm(proposed.id, owner);
  await home.runs.settled();
  return home.runs.list()[0]!;
};

const passwordIn = (home: RemedyHome): string => home.cameras.credentials(theCamera)?.password.reveal() ?? "";
const wrongOf = (camera: FleetCamera, account: string): number =>
  camera.counts.tries.filter((one) => one.account === account).length;

const nowhere = (home: RemedyHome, camera: FleetCamera, secret: string): void => {
  const told = JSON.stringify([home.runs.list(), home.audit.list(), home.log.lines]);
  expect(told).not.toContain(secret);
  expect(told).not.toContain(camera.facts.password);
};

describe("rotate-password", () => {
  it("gives the gateway's account another password, which every plane takes and the vault keeps", async () => {
    await withHome({ weaknesses: administrator }, async (home, camera) => {
      const { username, password: old } = camera.facts;
      const run = await mend(home, "rotate-password");
      expect(run).toMatchObject({ state: "done", error: null, left: null, undoable: false });
      const next = passwordIn(home);
      expect(next).not.toBe(old);
      expect([camera.knows("onvif", username, next), camera.knows("web", username, next)]).toEqual([true, true]);
      expect(home.secrets).toEqual([`camera/${theCamera}`]);
      expect(run.evidence.join()).toMatch(/old one is refused by its stream/);
      // The old one, once: all planes share one list of users.
      expect(camera.counts.tries.filter(({ account }) => account === username)).toMatchObject([{ protocol: "rtsp" }]);
      nowhere(home, camera, next);
    });
  });

  it("keeps whoever watches: the stream connects anew by the new password", async () => {
    await using camera = await FleetCamera.open({ weaknesses: administrator, video: true });
    const clock = new ImpatientClock();
    await adoptInto(data, clock, camera.facts);
    const renew = (id: CameraId): void => streams.renew(id);
    await using home = await RemedyHome.open({ data, clock, onAccessChanged: renew });
    const log = new MemoryLogger();
    await using streams: Streams = Streams.create({
      endpoint: (id, tier, cancel) => home.cameras.endpoint(id, tier, cancel),
      openSource: createRtspSource({ clock: systemClock, log }),
      ...{ clock: systemClock, log, random: () => 0 },
    });
    const viewer = new RecordingViewer();
    const stream = streams.of(theCamera, "main");
    stream.join(viewer).resume();
    await eventually("a picture", () => viewer.units.length > 0);
    expect(await mend(home, "rotate-password")).toMatchObject({ state: "done", error: null });
    const seen = viewer.units.length;
    await eventually("another connection, and a picture by it", () => {
      return stream.status.connects >= 2 && viewer.units.length > seen && stream.state.kind === "live";
    });
    expect(viewer.ended).toBeUndefined();
    // The old one, once, to show that it is refused; the stream that goes says no farewell by it.
    expect(wrongOf(camera, camera.facts.username)).toBe(1);
  });

  it("gives the maker's account another password, where it has the factory's", async () => {
    await withHome(
      { brand: "axis", weaknesses: { ...administrator, "CAM-PWD-DEFAULT": true } },
      async (home, camera) => {
        const run = await mend(home, "rotate-password");
        expect(run).toMatchObject({ state: "done", error: null });
        expect(run.steps[0]).toContain("the account root");
        for (const plane of ["onvif", "web"] as const) expect(camera.knows(plane, "root", "pass")).toBe(false);
        // The gateway's own is not touched, and nothing of the other stays.
        expect(passwordIn(home)).toBe(camera.facts.password);
        expect(home.secrets).toEqual([`camera/${theCamera}`]);
        expect(wrongOf(camera, "root")).toBeLessThanOrEqual(2);
      },
    );
  });

  it("gives an account a password that has none", async () => {
    await withHome({ weaknesses: { ...administrator, "CAM-PWD-EMPTY": true } }, async (home, camera) => {
      const empty = camera.state.accounts.onvif.filter(({ password }) => password === "");
      expect(empty).toHaveLength(1);
      expect(await mend(home, "rotate-password")).toMatchObject({ state: "done", error: null });
      expect(camera.state.accounts.onvif.filter(({ password }) => password === "")).toEqual([]);
    });
  });

  it("takes a camera for unchanged that says yes and does nothing, and goes on with the old password", async () => {
    await withHome({ weaknesses: administrator, lies: true }, async (home, camera) => {
      const { username, password } = camera.facts;
      const run = await mend(home, "rotate-password");
      expect(run).toMatchObject({ state: "failed", left: null });
      expect(run.error).toContain("said yes");
      expect(passwordIn(home)).toBe(password);
      expect(camera.knows("onvif", username, password)).toBe(true);
      expect(home.secrets).toEqual([`camera/${theCamera}`]);
      expect(wrongOf(camera, username)).toBe(1);
    });
  });

  it("puts the old password back where the page and the stream do not take the new one", async () => {
    await withHome({ brand: "hikvision", weaknesses: administrator }, async (home, camera) => {
      const { username, password } = camera.facts;
      // By another name nobody knows that it keeps two lists of users.
      Object.assign(camera.state.identity, { manufacturer: "AXIS" });
      const run = await mend(home, "rotate-password");
      expect(run).toMatchObject({ state: "failed", left: null });
      expect(run.error).toContain("does not take the new password");
      for (const plane of ["onvif", "web"] as const) expect(camera.knows(plane, username, password)).toBe(true);
      expect(passwordIn(home)).toBe(password);
      expect(home.secrets).toEqual([`camera/${theCamera}`]);
      expect(wrongOf(camera, username)).toBeLessThanOrEqual(2);
    });
  });

  it.each(["hikvision", "dahua"] as const)(
    "does nothing in ONVIF's words alone where %s has two lists of users",
    async (brand) => {
      await withHome({ brand, weaknesses: administrator }, async (home) => {
        await expect(mend(home, "rotate-password")).rejects.toMatchObject({ code: "remedy-unfit" });
      });
    },
  );

  it("changes a Dahua's password by ONVIF where page and stream go along, because it has one list of users", async () => {
    await withHome({ brand: "axis", weaknesses: administrator }, async (home, camera) => {
      const { username, password: old } = camera.facts;
      // By another name it is one of the older ones.
      Object.assign(camera.state.identity, { manufacturer: "Dahua" });
      const run = await mend(home, "rotate-password", { vendor: true });
      expect(run).toMatchObject({ state: "done", error: null });
      expect(run.steps.at(-1)).toContain("put the old one back");
      const next = passwordIn(home);
      for (const plane of ["onvif", "web"] as const) {
        expect([camera.knows(plane, username, next), camera.knows(plane, username, old)]).toEqual([true, false]);
      }
      expect(run.evidence.join()).toMatch(/taken by ONVIF, its page, its stream; the old one is refused by its stream/);
    });
  });

  it("puts a Dahua's old password back where page and stream do not go along, and says how it is done by hand", async () => {
    await withHome({ brand: "dahua", weaknesses: administrator }, async (home, camera) => {
      const { username, password } = camera.facts;
      const run = await mend(home, "rotate-password", { vendor: true });
      expect(run).toMatchObject({ state: "failed", left: null });
      expect(run.error).toMatch(/does not take the new password.*By hand: choose Setup, System, Account.*ONVIF User/);
      for (const plane of ["onvif", "web"] as const) expect(camera.knows(plane, username, password)).toBe(true);
      expect(passwordIn(home)).toBe(password);
      expect(home.secrets).toEqual([`camera/${theCamera}`]);
      expect(wrongOf(camera, username)).toBeLessThanOrEqual(2);
    });
  });

  it("waits with a third one, and says so before: each has shown once that the old password is refused", async () => {
    await withHome({ weaknesses: administrator }, async (home, camera) => {
      for (let n = 0; n < 2; n += 1) expect(await mend(home, "rotate-password")).toMatchObject({ state: "done" });
      const current = passwordIn(home);
      const asked = Date.now();
      const proposed = await home.runs.propose(
        { camera: theCamera, remedy: "rotate-password", vendor: false },
        owner,
        never,
      );
      const why = expect.stringMatching(/^The password of \S+ is not changed before \d\d:\d\d.*2 passwords were tried/);
      expect(proposed.waiting).toMatchObject({ why });
      const minutes = (proposed.waiting!.until - asked) / 60_000;
      expect(minutes).toBeGreaterThan(30);
      expect(minutes).toBeLessThanOrEqual(35.1);
      await home.runs.confirm(proposed.id, owner);
      await eventually("that it waits", () => home.runs.list()[0]?.waiting !== null);
      expect(home.runs.list()[0]).toMatchObject({ state: "applying", waiting: { why } });
      // Nothing is in doubt meanwhile: pictures go on, and the camera saw no third wrong one.
      expect(camera.knows("onvif", camera.facts.username, current)).toBe(true);
      expect((await home.cameras.snapshot(theCamera, {}, never)).jpeg.length).toBeGreaterThan(0);
      expect(wrongOf(camera, camera.facts.username)).toBe(2);
    });
  });

  it("tells both lists of users where the vendor's words are allowed, and shows that each refuses the old password", async () => {
    await withHome({ brand: "hikvision", weaknesses: administrator }, async (home, camera) => {
      const { username, password: old } = camera.facts;
      const run = await mend(home, "rotate-password", { vendor: true });
      expect(run).toMatchObject({ state: "done", error: null });
      const next = passwordIn(home);
      // As long as the maker takes, and no longer.
      expect(next).toHaveLength(16);
      for (const plane of ["onvif", "web"] as const) {
        expect([camera.knows(plane, username, next), camera.knows(plane, username, old)]).toEqual([true, false]);
      }
      const wrong = camera.counts.tries.filter(({ account }) => account === username);
      expect(wrong.map(({ protocol }) => protocol)).toEqual(["onvif", "rtsp"]);
      nowhere(home, camera, next);
    });
  });

  it("takes the factory's password from both lists of users", async () => {
    const weaknesses = { ...administrator, "CAM-PWD-DEFAULT": true };
    await withHome({ brand: "hikvision", weaknesses }, async (home, camera) => {
      expect(await mend(home, "rotate-password", { vendor: true })).toMatchObject({ state: "done", error: null });
      for (const plane of ["onvif", "web"] as const) expect(camera.knows(plane, "admin", "12345")).toBe(false);
      expect(home.secrets).toEqual([`camera/${theCamera}`]);
      expect(wrongOf(camera, "admin")).toBeLessThanOrEqual(2);
    });
  });

  it("changes the factory's password by itself where the gateway's account may not, and changes settings with it", async () => {
    await withHome({ brand: "axis", weaknesses: { "CAM-PWD-DEFAULT": true } }, async (home, camera) => {
      const run = await mend(home, "rotate-password");
      expect(run).toMatchObject({ state: "done", error: null });
      expect(camera.knows("web", "root", "pass")).toBe(false);
      const { username, password } = home.cameras.managementCredentials(theCamera)!;
      expect([username, camera.knows("onvif", username, password.reveal())]).toEqual(["root", true]);
      expect(home.cameras.credentials(theCamera)?.username).toBe(camera.facts.username);
      expect(home.secrets).toEqual([`camera/${theCamera}`, `camera/${theCamera}/management`]);
      expect(wrongOf(camera, "root")).toBeLessThanOrEqual(2);
    });
  });

  it("asks for a fitting account where the gateway's may not change any", async () => {
    await withHome({}, async (home) => {
      await expect(mend(home, "rotate-password")).rejects.toMatchObject({ code: "remedy-unfit" });
    });
  });
});

describe("streaming-user", () => {
  it("makes an account that may only watch, fetches pictures with it, and takes it back", async () => {
    await withHome({ weaknesses: administrator }, async (home, camera) => {
      const run = await mend(home, "streaming-user");
      expect(run).toMatchObject({ state: "done", error: null, undoable: true });
      const watching = home.cameras.credentials(theCamera);
      expect(watching?.username).toBe("gatehouse-view");
      expect(home.cameras.managementCredentials(theCamera)?.username).toBe(camera.facts.username);
      expect(camera.state.accounts.onvif).toContainEqual(
        expect.objectContaining({ username: "gatehouse-view", level: "User", password: watching?.password.reveal() }),
      );
      const { jpeg } = await home.cameras.snapshot(theCamera, {}, never);
      expect(jpeg.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
      home.runs.undo(run.id, owner);
      await home.runs.settled();
      expect(home.runs.list()[0]).toMatchObject({ state: "undone", error: null, left: null });
      expect(camera.state.accounts.onvif.map(({ username }) => username)).not.toContain("gatehouse-view");
      expect(home.cameras.credentials(theCamera)?.username).toBe(camera.facts.username);
      expect(home.secrets).toEqual([`camera/${theCamera}`]);
      expect(camera.counts.tries).toEqual([]);
    });
  });

  it("is all that watches: settings' account may be locked or gone, and nobody notices until settings are changed", async () => {
    await using camera = await FleetCamera.open({ weaknesses: administrator, video: true });
    const clock = new ImpatientClock();
    await adoptInto(data, clock, camera.facts);
    await using home = await RemedyHome.open({ data, clock });
    expect(await mend(home, "streaming-user")).toMatchObject({ state: "done" });
    const { username } = camera.facts;
    const others = camera.state.accounts.onvif.filter((account) => account.username !== "gatehouse-view");
    for (const account of others) account.password = "another-one-2";
    const log = new MemoryLogger();
    await using streams = Streams.create({
      endpoint: (id, tier, cancel) => home.cameras.endpoint(id, tier, cancel),
      openSource: createRtspSource({ clock: systemClock, log }),
      ...{ clock: systemClock, log, random: () => 0 },
    });
    const viewer = new RecordingViewer();
    streams.of(theCamera, "main").join(viewer).resume();
    await eventually("a picture", () => viewer.units.length > 0);
    expect((await home.cameras.snapshot(theCamera, {}, never)).jpeg.length).toBeGreaterThan(0);
    expect(camera.counts.tries).toEqual([]);
    // What changes settings logs in by the other.
    await expect(mend(home, "remove-users")).rejects.toMatchObject({ code: expect.any(String) });
    expect(camera.counts.tries.map(({ account }) => account)).toContain(username);
    expect(camera.counts.tries.map(({ account }) => account)).not.toContain("gatehouse-view");
  });

  it("leaves the settings to an account whose password is rotated afterwards", async () => {
    await withHome({ weaknesses: administrator }, async (home, camera) => {
      expect(await mend(home, "streaming-user")).toMatchObject({ state: "done" });
      const watching = passwordIn(home);
      expect(await mend(home, "rotate-password")).toMatchObject({ state: "done", error: null });
      expect(passwordIn(home)).toBe(watching);
      const next = home.cameras.managementCredentials(theCamera)?.password.reveal() ?? "";
      expect(camera.knows("onvif", camera.facts.username, next)).toBe(true);
      expect(next).not.toBe(camera.facts.password);
    });
  });
});

describe("remove-users", () => {
  it("removes those that were shown, and nobody else", async () => {
    await withHome({ weaknesses: { ...administrator, "CAM-USERS-EXTRA": true } }, async (home, camera) => {
      const proposed = await home.runs.propose(
        { camera: theCamera, remedy: "remove-users", vendor: false },
        owner,
        never,
      );
      expect(proposed.steps).toEqual(["Remove the account support."]);
      camera.state.accounts.onvif.push({ username: "late", password: "Late-1-comer", level: "Administrator" });
      await expect(home.runs.confirm(proposed.id, owner)).rejects.toMatchObject({ code: "remedy-conflict" });
      expect(camera.knows("onvif", "late", "Late-1-comer")).toBe(true);
      const shown = home.runs.list()[0]!;
      expect(shown).toMatchObject({ id: proposed.id, state: "proposed" });
      expect(shown.steps).toEqual(["Remove the account support.", "Remove the account late."]);
      await home.runs.confirm(proposed.id, owner);
      await home.runs.settled();
      expect(home.runs.list()[0]).toMatchObject({ state: "done", undoable: false });
      expect(camera.state.accounts.onvif.map(({ username }) => username)).toEqual(["admin", camera.facts.username]);
    });
  });
});

describe("initialise", () => {
  it("gives a camera its administrator, and asks everybody for a password from then on", async () => {
    await withHome({ brand: "axis", weaknesses: { "CAM-INIT": true } }, async (home, camera) => {
      const run = await mend(home, "initialise");
      expect(run).toMatchObject({ state: "done", error: null });
      expect(camera.state.initialised).toBe(true);
      const { username, password } = home.cameras.managementCredentials(theCamera)!;
      expect(camera.knows("onvif", username, password.reveal())).toBe(true);
      expect(home.cameras.credentials(theCamera)?.username).toBe(username);
    });
  });
});

describe("firmware-install", () => {
  const lay = async (name: string, content: Buffer): Promise<string> => {
    await mkdir(join(data, "firmware"), { recursive: true });
    await writeFile(join(data, "firmware", name), content);
    return createHash("sha256").update(content).digest("hex");
  };
  const install = async (home: RemedyHome, firmware: string): Promise<RemedyRun> => {
    const wish = { camera: theCamera, remedy: "firmware-install", vendor: false, firmware } as const;
    const { id } = await home.runs.propose(wish, owner, never);
    await home.runs.confirm(id, owner);
    await home.runs.settled();
    return home.runs.list()[0]!;
  };

  it("installs the very file that was chosen, keeps the settings before, and waits until the camera is back", async () => {
    await withHome({ brand: "axis", weaknesses: administrator, rebootMs: 50 }, async (home, camera) => {
      const { model, firmware: before } = camera.state.identity;
      const content = makeFirmware(model, "99.1.2", 3_000_000);
      const run = await install(home, await lay(`${model}_99.1.2.bin`, content));
      expect(run).toMatchObject({ state: "done", error: null, undoable: false });
      expect(run.evidence.join()).toContain(`${before} before, 99.1.2 now`);
      expect(camera.state.identity.firmware).toBe("99.1.2");
      expect(camera.counts.reboots).toBe(1);
      const kept = await readdir(join(data, "firmware/settings"));
      expect(kept).toHaveLength(1);
      expect((await stat(join(data, "firmware/settings", kept[0]!))).mode & 0o777).toBe(0o600);
    });
  });

  it("sends nothing that is not there, or does not say that it is for the model", async () => {
    await withHome({ brand: "axis", weaknesses: administrator }, async (home, camera) => {
      const other = makeFirmware("Another-Model", "99.1.2");
      for (const hash of ["0".repeat(64), await lay("other.bin", other)])
        await expect(install(home, hash)).rejects.toMatchObject({ code: "remedy-unfit" });
      expect(camera.counts.operations.get("StartFirmwareUpgrade")).toBeUndefined();
    });
  });

  it("fails where the camera does not take the file", async () => {
    await withHome({ brand: "axis", weaknesses: administrator }, async (home, camera) => {
      const { model, firmware: before } = camera.state.identity;
      const run = await install(home, await lay(`${model}.bin`, makeFirmware("Another-Model", "99.1.2")));
      expect(run).toMatchObject({ state: "failed", left: null });
      expect(run.error).toContain("does not take the file");
      expect(camera.state.identity.firmware).toBe(before);
    });
  });
});

describe("changes of cameras", () => {
  it("are one at a time for each camera, and decided on once", async () => {
    await withHome({ weaknesses: { ...administrator, "CAM-USERS-EXTRA": true } }, async (home) => {
      const proposal = (remedy: RemedyId): Promise<RemedyRun> =>
        home.runs.propose({ camera: theCamera, remedy, vendor: false }, owner, never);
      const [first, second] = [await proposal("remove-users"), await proposal("streaming-user")];
      const confirmed = home.runs.confirm(first.id, owner);
      await expect(home.runs.confirm(second.id, owner)).rejects.toMatchObject({ code: "remedy-conflict" });
      expect(await confirmed).toMatchObject({ state: "applying", confirmedBy: owner });
      await home.runs.settled();
      await expect(home.runs.confirm(first.id, owner)).rejects.toMatchObject({ code: "remedy-conflict" });
      expect(home.runs.decline(second.id, owner)).toMatchObject({ state: "declined" });
      const phases = home.audit.list().map(({ action, detail }) => [action, detail]);
      expect(phases.toReversed()).toEqual(
        [
          "remove-users: proposed",
          "streaming-user: proposed",
          "remove-users: remembering",
          "remove-users: applying",
          "remove-users: verifying",
          "remove-users: committing",
          "remove-users: done",
          "streaming-user: declined",
        ].map((detail) => ["remedy", detail]),
      );
    });
  });
});
