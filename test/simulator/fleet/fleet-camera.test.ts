import { describe, expect, it } from "@jest/globals";
import { once } from "node:events";
import { connect } from "node:net";

import { brands, faces, type Brand } from "./brands.ts";
import { FleetCamera } from "./fleet-camera.ts";
import { drawFleet, Fleet, openFleet } from "./fleet.ts";
import { initialState } from "./initial-state.ts";
import { looks } from "./testing/look.ts";
import { Stranger } from "./testing/stranger.ts";
import { truthOf } from "./truth.ts";
import { weaknessIds, type WeaknessId, type Weaknesses } from "./weaknesses.ts";

/** The ports of cameras are below 1024. */
const describeAsRoot = process.getuid?.() === 0 ? describe : describe.skip;

/** Cameras without TLS for streams never hide them. */
const always = (brand: Brand): WeaknessId[] => (faces[brand].rtsps ? [] : ["STREAM-CLEAR"]);

/** What comes with a weakness, because it is the same thing seen from two sides. */
const along = (brand: Brand): Partial<Record<WeaknessId, WeaknessId[]>> => ({
  "NET-HTTPS-OFF": ["NET-HTTP", "STREAM-CLEAR"],
  "FW-KEV": ["FW-CVE", "FW-AGE"],
  "FW-CVE": ["FW-AGE"],
  "CAM-PWD-DEFAULT": faces[brand].factoryPassword === "" ? ["CAM-PWD-EMPTY"] : [],
  "CAM-INIT":
    faces[brand].uninitialised === "profile-q"
      ? ["ONVIF-ANON-READ", "ONVIF-ANON-SECRET", "RTSP-ANON", "HTTP-SNAP-ANON"]
      : [],
});

/** What such a camera cannot have, or what is not there without another weakness. */
const nothing = (brand: Brand): Partial<Record<WeaknessId, boolean>> => {
  const { factoryPassword, canSwitch, vendorPort, firmware } = faces[brand];
  return {
    "CAM-PWD-DEFAULT": factoryPassword === undefined,
    "CAM-P2P": !canSwitch.p2p,
    "CAM-PUSH": !canSwitch.push,
    "FW-AUTO-OFF": !canSwitch.autoUpdate,
    "NET-VENDORPORT": vendorPort === undefined,
    "FW-CVE": firmware.cve === undefined,
    "FW-KEV": firmware.kev === undefined,
    "DISC-WAN": true,
    CALLSTRANGER: true,
    "TLS-PIN-CHANGED": true,
  };
};

const weakOnes = (brand: Brand, weaknesses: Weaknesses): string[] => {
  const gateway = {
    username: "gatehouse",
    password: weaknesses["CAM-PWD-REUSED"] === true ? "Harbour-7-lane" : "x-Y-1",
  };
  const level = weaknesses["CAM-LEASTPRIV"] === true ? "Administrator" : "User";
  const state = initialState({
    ...{ address: "127.77.1.1", prefix: 8, brand, weaknesses, gateway: { ...gateway, level }, now: Date.now() },
    ...{ router: "192.168.1.1", tlsFlaw: "old-protocol", anonymousRtsp: "all", wired: false },
  });
  const clear = weaknesses["STREAM-CLEAR"] === true || !state.rtsps.enabled;
  const rtspUrl = clear ? "rtsp://x/" : "rtsps://x/";
  const truth = truthOf({ state, now: Date.now(), ...gateway, administrator: gateway, pin: null, rtspUrl });
  return weaknessIds.filter((id) => truth[id] === "weak");
};

describe.each(brands)("the settings of a camera of %s", (brand) => {
  it("hold no weakness that nobody asked for", () => {
    expect(weakOnes(brand, {})).toEqual(always(brand));
  });

  it.each(weaknessIds)("hold %s alone where it is asked for, and what is the same thing", (id) => {
    const expected = nothing(brand)[id] === true ? [] : [id, ...(along(brand)[id] ?? [])];
    expect(weakOnes(brand, { [id]: true }).sort()).toEqual([...new Set([...expected, ...always(brand)])].sort());
  });
});

describeAsRoot("what somebody else sees of a camera", () => {
  /** Others hide nearly everything. */
  const without = ["CAM-INIT", "TLS-PIN-CHANGED"] as const;

  it.each([1, 2])("is what its settings say, of every brand (seed %s)", async (seed) => {
    await using fleet = await Fleet.open(
      brands.flatMap((brand) =>
        drawFleet({ seed: seed * 100 + brands.indexOf(brand), cameras: 1, brands: [brand], without }),
      ),
    );
    for (const camera of fleet.cameras) {
      const { truth, facts } = camera;
      const seen: Partial<Record<WeaknessId, string>> = {};
      for (const id of weaknessIds.filter((id) => looks[id] !== undefined && truth[id] !== "cannot")) {
        if (camera.tlsFlaw === "shared-key" && id === "TLS-WEAK") continue;
        seen[id] = (await looks[id]?.(camera, new Stranger(camera), facts.administrator)) === true ? "weak" : "sound";
      }
      expect({ facts, ...seen }).toEqual({
        facts,
        ...Object.fromEntries(Object.keys(seen).map((id) => [id, truth[id as WeaknessId]])),
      });
    }
  });
});

describeAsRoot("a fleet", () => {
  it("is the same whenever its seed is drawn", async () => {
    expect(drawFleet({ seed: 7 })).toEqual(drawFleet({ seed: 7 }));
    expect(drawFleet({ seed: 7 })).not.toEqual(drawFleet({ seed: 8 }));
    await using fleet = await openFleet({ seed: 7 });
    expect(fleet.cameras).toHaveLength(drawFleet({ seed: 7 }).length);
  });

  it("has a reused password only where two cameras have it", async () => {
    const one = { weaknesses: { "CAM-PWD-REUSED": true } };
    await using alone = await Fleet.open([one, {}]);
    expect(alone.truths().map((truth) => truth["CAM-PWD-REUSED"])).toEqual(["cannot", "sound"]);
    await using together = await Fleet.open([one, {}, one]);
    expect(together.truths().map((truth) => truth["CAM-PWD-REUSED"])).toEqual(["weak", "sound", "weak"]);
  });
});

describeAsRoot("a camera that asks nobody for a login", () => {
  const open = { "ONVIF-ANON-READ": true, "ONVIF-ANON-SECRET": true, "RTSP-ANON": true, "HTTP-SNAP-ANON": true };

  it.each([
    ["the gateway's own account has", "tapo", "CAM-PWD-EMPTY", "weak"],
    ["another account has, which nobody can see", "other", "CAM-PWD-EMPTY", "cannot"],
    ["the gateway's own account has", "other", "CAM-PWD-DEFAULT", "weak"],
  ] as const)("has a bad password that %s (%s, %s)", async (_, brand, id, how) => {
    await using camera = await FleetCamera.open({ brand, weaknesses: { ...open, [id]: true } });
    expect(camera.truth[id]).toBe(how);
  });
});

describeAsRoot("a camera", () => {
  it("opens the ports that its settings want, and no others", async () => {
    await using camera = await FleetCamera.open({ brand: "hikvision", weaknesses: { "NET-HTTP": true } });
    const page = `http://${camera.facts.address}/`;
    expect((await fetch(page)).status).toBe(200);
    camera.state.protocols.HTTP.enabled = false;
    await camera.settle();
    await expect(fetch(page)).rejects.toThrow();
  });

  it("ends the connections of whoever its filter shuts out, and answers those it lets in", async () => {
    await using camera = await FleetCamera.open({ brand: "axis", weaknesses: { "NET-HTTP": true, IPFILTER: true } });
    const { address } = camera.facts;
    const visit = (localAddress: string) => {
      const socket = connect({ host: address, port: 80, localAddress }).on("error", () => undefined);
      return { socket, ended: new Promise((resolve) => socket.once("close", resolve)) };
    };
    const [out, inside] = [visit("127.66.0.1"), visit("127.77.200.1")];
    await Promise.all([once(out.socket, "connect"), once(inside.socket, "connect")]);
    camera.state.filter = { type: "Allow", addresses: ["127.77.200.1/32"] };
    await camera.settle();
    await out.ended;
    inside.socket.write("GET / HTTP/1.1\r\nHost: camera\r\n\r\n");
    expect(String((await once(inside.socket, "data"))[0])).toMatch(/^HTTP\/1\.1 200 /);
    inside.socket.destroy();
    await visit("127.66.0.1").ended;
  });
});
