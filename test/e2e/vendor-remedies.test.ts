import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import type { RemedyId, RemedyRun } from "@gatehouse/shared";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { vendors } from "../../gateway-bridge/src/posture/probe/probed-camera.ts";
import { settingOf } from "../../gateway-bridge/src/posture/vendor/settings-of.ts";
import { settingNames, type SettingName } from "../../gateway-bridge/src/posture/vendor/vendor-setting.ts";
import { makeFirmware } from "../simulator/fleet/onvif/firmware.ts";
import { FleetHome } from "../support/fleet-home.ts";
import type { HomeCamera, Lie } from "../support/fleet-home-main.ts";
import { judgedIn } from "../support/judged-remedies.ts";
import { judgedSwitches, nameOf, remedyFor, type JudgedSwitch, type Maker } from "../support/judged-switches.ts";
import { Judges } from "../support/judges.ts";
import { describeWith } from "../support/needs.ts";
import { canMakeNetworks, NetworkNamespace } from "../support/network-namespace.ts";
import { RoutedHome, routedHome } from "../support/routed-home.ts";
import { VendorJudges } from "../support/vendor-judges.ts";

// Programs are started, one after the other.
jest.setTimeout(90_000);

const inAll = { "CAM-LEASTPRIV": true, "NET-HTTP": true, "CAM-P2P": true, "CAM-UPNP": true, "CAM-PUSH": true } as const;
const consoles = { "NET-TELNET": true, "NET-SSH": true } as const;
/** onvif-util finds a camera by multicast before it asks it, by HTTP alone, and draws the same nonce twice within a second. */
const forOnvifUtil = { "DISC-ON": true, "NET-HTTPS-OFF": true, "ONVIF-REPLAY": true } as const;

/** One of each maker; what is weak about it is what its maker has a switch for. */
const cameras: Readonly<Record<Maker, HomeCamera>> = {
  hikvision: {
    brand: "hikvision",
    weaknesses: { ...inAll, ...consoles, "RTSP-BASIC": true, "FW-AGE": true },
    // Hangs on no switch.
    beside: { port: 9_527, banner: "console> " },
    rebootMs: 20,
  },
  dahua: {
    brand: "dahua",
    weaknesses: { ...inAll, ...consoles, ...forOnvifUtil, "ONVIF-ANON-READ": true, "HTTP-SNAP-ANON": true },
    multicast: "127.0.0.1",
  },
  reolink: { brand: "reolink", weaknesses: { ...inAll, "FW-AUTO-OFF": true } },
  axis: {
    brand: "axis",
    weaknesses: { ...inAll, "NET-SSH": true, "NET-FTP": true, "RTSP-ANON": true, "ONVIF-REPLAY": true },
    video: true,
  },
};

const makers = Object.keys(cameras) as Maker[];

/** What a camera of each maker lies about: all that its maker's words reach, and what is seen without them. */
const lied: Readonly<Record<Exclude<Lie, "no">, Readonly<Record<Maker, SettingName>>>> = {
  refuses: { hikvision: "rtsp-login", dahua: "onvif-login", reolink: "auto-update", axis: "replay-protection" },
  feigns: { hikvision: "telnet", dahua: "ssh", reolink: "upnp", axis: "ftp" },
};
const rowOf = (maker: Maker, setting: SettingName): JudgedSwitch =>
  judgedSwitches.find((row) => row.maker === maker && row.setting === setting)!;

/** What was seen and said of one switch. */
interface Journey {
  readonly before: string;
  readonly done: RemedyRun;
  readonly after: string;
  readonly undone: RemedyRun;
  readonly atLast: string;
}

/** There and back. */
const travel = async (home: FleetHome, judges: VendorJudges, row: JudgedSwitch): Promise<Journey> => {
  const { maker, setting, judge } = row;
  const look = (): Promise<string> => judge(judges, home.facts(maker));
  const before = await look();
  const done = await home.mend(maker, remedyFor[setting]);
  const after = await look();
  const undone = await home.undo(maker, done);
  return { before, done, after, undone, atLast: await look() };
};

/** The camera says that it did as it was told, and did not. */
const deceive = async (home: FleetHome, judges: VendorJudges, row: JudgedSwitch, how: Lie) => {
  const { maker, setting, judge } = row;
  await home.lie(maker, how);
  const run = await home.mend(maker, remedyFor[setting]);
  await home.lie(maker, "no");
  return { run, seen: await judge(judges, home.facts(maker)) };
};

/** What the camera has asked its router for, and what the games console has. */
const openings = [
  { device: routedHome.camera, inside: 554, outside: 20_554 },
  { device: routedHome.console, inside: 554, outside: 23_074 },
] as const;

/** In a home with a router by miniupnpd, which forwards ports outside until it is told not to; what it holds is told by upnpc. */
const removeForwardings = async (secure: boolean) => {
  await using routed = await RoutedHome.open({ secure });
  for (const { device, ...ports } of openings) await routed.map(device, ports);
  const weaknesses = { "CAM-LEASTPRIV": true, "NET-HTTPS-OFF": true, IPFILTER: true } as const;
  await using home = await FleetHome.open(routed.home, { camera: { address: routedHome.camera, weaknesses } });
  const held = async (): Promise<readonly number[]> => {
    const list = await routed.home.run(`upnpc -u http://${routedHome.router.lan}:5000/rootDesc.xml -l`);
    return [...list.matchAll(/TCP +(\d+)->/g)].map(([, outside]) => Number(outside)).toSorted((a, b) => a - b);
  };
  const before = await held();
  const run = await home.mend("camera", "mapping-delete");
  return { before, run, after: await held() };
};

const inANetwork = canMakeNetworks() ? describe : describe.skip;

it("every switch of every maker is judged here, and so is everything else that is to be", () => {
  const known = vendors.flatMap((vendor) =>
    settingNames.filter((name) => settingOf(vendor, name) !== undefined).map((name) => `${vendor}: ${remedyFor[name]}`),
  );
  expect(judgedSwitches.map(nameOf).toSorted()).toEqual(known.toSorted());
  const others: readonly RemedyId[] = ["firmware-install", "mapping-delete"];
  const remedies = new Set([...judgedSwitches.map(({ setting }) => remedyFor[setting]), ...others]);
  expect([...remedies].toSorted()).toEqual(judgedIn("vendor-remedies"));
});

/** Cameras are simulated; what was done to them is judged by programs that know nothing of Gatehouse. */
describeWith(
  ["onvifTools", "ffmpeg", "curl", "netcat", "router"],
  "what is done in makers' words, as others see it",
  () => {
    inANetwork("in networks of its own", () => {
      const stack = new AsyncDisposableStack();
      const journeys = new Map<JudgedSwitch, Promise<Journey>>();
      const lies = new Map<string, ReturnType<typeof deceive>>();
      const routers = new Map<boolean, ReturnType<typeof removeForwardings>>();
      let home: FleetHome;
      let programs: Judges;
      let judges: VendorJudges;

      beforeAll(async () => {
        // They wait for answers most of the time.
        for (const secure of [true, false]) {
          const removal = removeForwardings(secure);
          removal.catch(() => undefined);
          routers.set(secure, removal);
        }
        const network = stack.use(await NetworkNamespace.make());
        await network.run("ip link set lo multicast on && ip route add 239.0.0.0/8 dev lo src 127.0.0.1");
        home = stack.use(await FleetHome.open(network, cameras));
        programs = new Judges(network.within);
        judges = new VendorJudges(programs);
        // Makers at the same time, and one change of a camera after the other.
        for (const [maker, rows] of Map.groupBy(judgedSwitches, (row) => row.maker)) {
          let before: Promise<unknown> = Promise.resolve();
          for (const row of rows) {
            const journey = before.then(() => travel(home, judges, row));
            before = journey.catch(() => undefined);
            journeys.set(row, journey);
          }
          for (const how of ["refuses", "feigns"] as const) {
            const lie = before.then(() => deceive(home, judges, rowOf(maker, lied[how][maker]), how));
            before = lie.catch(() => undefined);
            lies.set(`${maker} ${how}`, lie);
          }
        }
      });
      afterAll(async () => {
        await Promise.allSettled([...journeys.values(), ...lies.values(), ...routers.values()]);
        await stack.disposeAsync();
      });

      it.each(judgedSwitches.map((row) => [nameOf(row), row] as const))(
        "%s is done, and taken back",
        async (_, row) => {
          const { weak, sound, forgets = false } = row;
          const { before, done, after, undone, atLast } = await journeys.get(row)!;
          expect(before).toMatch(weak);
          expect(done).toMatchObject({ state: "done", plane: "vendor", proven: false, error: null });
          expect(after).toMatch(sound);
          expect(after).not.toMatch(weak);
          const gone = { state: "failed", left: expect.stringMatching(/is not as before/) };
          expect(undone).toMatchObject(forgets ? gone : { state: "undone", error: null, left: null });
          expect(atLast).toMatch(forgets ? sound : weak);
        },
      );

      it.each([
        ["refuses", "is set as before", /is set as before/],
        ["feigns", "is set as it was told, and answers as before", /still answers/],
      ] as const)("is said to have failed where the camera %s: it %s", async (how, _, why) => {
        for (const maker of makers) {
          const { run, seen } = await lies.get(`${maker} ${how}`)!;
          expect(run).toMatchObject({ state: "failed", left: null, error: expect.stringMatching(why) });
          expect(seen).toMatch(rowOf(maker, lied[how][maker]).weak);
        }
      });

      it("leaves open what hangs on another switch, says so, and does not open again for it what was shut", async () => {
        const saidOf = async (maker: Maker, setting: SettingName): Promise<string> => {
          const { done } = await journeys.get(rowOf(maker, setting))!;
          return done.evidence.join("\n");
        };
        expect(await saidOf("hikvision", "telnet")).toMatch(/port 23 any more[^]*Port 9527 stays open/);
        expect(await judges.banner(home.facts("hikvision"), 9_527)).toContain("console> ");
        expect(await saidOf("dahua", "onvif-login")).toMatch(/picture is still given without a login/);
        expect(await judges.openPage(home.facts("dahua"), "/cgi-bin/snapshot.cgi")).toBe("200 image/jpeg");
      });

      it("firmware that was not taken is said to have failed; what was taken is there, and no longer too old", async () => {
        await lies.get("hikvision feigns");
        const camera = home.facts("hikvision");
        const version = async (): Promise<string | undefined> =>
          /<firmwareVersion>(.+?)</.exec(await judges.page(camera, "/ISAPI/System/deviceInfo"))?.[1];
        const folder = join(home.data, "hikvision", "firmware");
        await mkdir(folder, { recursive: true });
        const today = new Date().toISOString().slice(2, 10).replaceAll("-", "");
        await writeFile(join(folder, "new.bin"), makeFirmware("DS-2CD2143G2-I", `V5.8.20 build ${today}`));
        const [sha256 = ""] = (await programs.run(["sha256sum", join(folder, "new.bin")])).stdout.split(" ");

        expect(await version()).toBe("V5.7.18");
        expect(await home.look("hikvision", "FW-AGE")).toEqual({ "FW-AGE": "failed" });
        await home.lie("hikvision", "refuses");
        expect(await home.mend("hikvision", "firmware-install", sha256)).toMatchObject({ state: "failed" });
        expect(await version()).toBe("V5.7.18");
        await home.lie("hikvision", "no");
        const done = await home.mend("hikvision", "firmware-install", sha256);
        expect(done).toMatchObject({ state: "done", undoable: false, error: null });
        expect(await version()).toBe("V5.8.20");
        expect(await home.look("hikvision", "FW-AGE")).toEqual({ "FW-AGE": "passed" });
      });

      it("forwardings to a camera are gone where the router lets go of them, and others' are not", async () => {
        const { before, run, after } = await routers.get(false)!;
        expect(before).toEqual([20_554, 23_074]);
        expect(run).toMatchObject({ state: "done", plane: "router", undoable: false, error: null });
        expect(after).toEqual([23_074]);
      });

      it("forwardings to a camera are still there where the router does not let go of them, and are said to be", async () => {
        const { before, run, after } = await routers.get(true)!;
        expect(before).toEqual([20_554, 23_074]);
        expect(run).toMatchObject({ state: "failed", error: expect.stringMatching(/20554.*606/) });
        expect(after).toEqual(before);
      });
    });
  },
);
