import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import type { CameraId, RouterMapping, RouterReport } from "@gatehouse/shared";
import { spawn } from "node:child_process";
import { once } from "node:events";

import type { Removal } from "../../gateway-bridge/src/posture/router/removal-policy.ts";
import { protocols, readCapture, tcpStreams } from "../support/capture.ts";
import { describeWith } from "../support/needs.ts";
import { canMakeNetworks } from "../support/network-namespace.ts";
import { RoutedHome, routedHome } from "../support/routed-home.ts";
import { RouterAsked } from "../support/router-asked.ts";
import { WireTap } from "../support/wire-tap.ts";

const { camera, console: games, gateway, router: routerAt } = routedHome;
const cameraId = "cam-aaaaaaaaaaaaaaaa" as CameraId;
/** What the devices have the router open: two for the camera, one by another device at the camera's port, one of the gateway's own. */
const openings = [
  { device: camera, inside: 554, outside: 20_554, seconds: 3_600 },
  { device: camera, inside: 80, outside: 20_080, seconds: 0 },
  { device: games, inside: 554, outside: 23_074, seconds: 0 },
] as const;

const variants = [
  { secure: true, igd: 1 },
  { secure: true, igd: 2 },
  { secure: false, igd: 1 },
  { secure: false, igd: 2 },
] as const;
const nameOf = ({ secure, igd }: (typeof variants)[number]): string =>
  `IGD ${igd}, secure_mode ${secure ? "on" : "off"}`;

/** Takes connections, as a camera does. */
const listener = `require("net").createServer((socket) => socket.on("error", () => {}).end()).listen(8554, () => console.log("ready"))`;
const spawnListener = (program: string, args: readonly string[]) => {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const gone = once(child, "exit");
  return {
    ready: once(child.stdout, "data"),
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill("SIGKILL");
      await gone;
    },
  };
};

/** The gateway waits a second and a half for a datagram. Beside three more of these, a router may be later than that once; never again and again. */
const untilAllTold = async (asked: RouterAsked): Promise<void> => {
  for (let looks = 1; looks <= 5; looks += 1) {
    const { routers } = await asked.ask<RouterReport>({ do: "fresh" });
    if (routers.some(({ natPmp, pcp, complete }) => natPmp && pcp && complete)) return;
  }
};

interface House {
  readonly home: RoutedHome;
  readonly asked: RouterAsked;
}

describeWith(["router", "captures"], "a router by miniupnpd", () => {
  (canMakeNetworks() ? describe : describe.skip)("in networks of their own", () => {
    const stack = new AsyncDisposableStack();
    const houses = new Map<string, House>();
    jest.setTimeout(90_000);
    beforeAll(async () => {
      // At the same time: each waits for answers most of the time.
      await Promise.all(
        variants.map(async (variant) => {
          const home = stack.use(await RoutedHome.open(variant));
          for (const { device, seconds, ...ports } of openings) await home.map(device, ports, seconds);
          const asked = stack.use(await RouterAsked.open(home.home, [{ id: cameraId, host: camera }]));
          await untilAllTold(asked);
          houses.set(nameOf(variant), { home, asked });
        }),
      );
    });
    afterAll(() => stack.disposeAsync());

    const houseOf = (variant: (typeof variants)[number]): House => {
      const house = houses.get(nameOf(variant));
      if (house === undefined) throw new Error(`no house with ${nameOf(variant)}`);
      return house;
    };
    const reportOf = ({ asked }: House): Promise<RouterReport> => asked.ask<RouterReport>({ do: "report" });
    const mappingsOf = async (house: House): Promise<readonly RouterMapping[]> =>
      (await reportOf(house)).routers.flatMap(({ mappings }) => mappings);
    const all = openings.map(({ device, inside, outside }) => `${outside} -> ${device}:${inside}`).sort();

    it.each(variants.map((variant) => [nameOf(variant), variant] as const))(
      "tells all mappings, and which are a camera's: %s",
      async (_, variant) => {
        const report = await reportOf(houseOf(variant));
        expect(report.routers).toHaveLength(1);
        expect(report.routers[0]).toMatchObject({
          address: routerAt.lan,
          igd: String(variant.igd),
          natPmp: true,
          pcp: true,
          externalAddress: "9.9.9.9",
          ipv6Firewall: variant.igd === 2 ? { enabled: true } : null,
          complete: true,
        });
        const told = report.routers[0]?.mappings ?? [];
        expect(
          told.map((each) => `${each.externalPort} -> ${each.internalClient}:${each.internalPort}`).sort(),
        ).toEqual(all);
        expect(told.filter((each) => each.camera === cameraId).map(({ externalPort }) => externalPort).sort()).toEqual([
          20_080, 20_554,
        ]); // prettier-ignore
        const leased = told.find(({ externalPort }) => externalPort === 20_554);
        expect(leased?.lease).toBeGreaterThan(3_000);
        expect(leased?.lease).toBeLessThanOrEqual(3_600);
      },
    );

    it.each(variants.filter(({ secure }) => !secure).map((variant) => [nameOf(variant), variant] as const))(
      "lets go of a camera's mappings, and keeps everybody else's: %s",
      async (_, variant) => {
        const house = houseOf(variant);
        for (const mapping of (await mappingsOf(house)).filter((each) => each.camera === cameraId)) {
          expect(await house.asked.ask<Removal>({ do: "delete", mapping })).toEqual({ kind: "gone" });
        }
        // What the router's own firewall holds, whatever it says.
        expect(await house.home.router.mappings()).toEqual([`23074 -> ${games}:554`]);
        expect(await mappingsOf(house)).toMatchObject([{ internalClient: games, camera: null }]);
      },
    );

    it.each(variants.filter(({ secure }) => secure).map((variant) => [nameOf(variant), variant] as const))(
      "refuses to give up what is the camera's own, which is explained: %s",
      async (_, variant) => {
        const house = houseOf(variant);
        const mappings = await mappingsOf(house);
        const mapping = mappings.find(({ externalPort }) => externalPort === 20_554)!;
        const removal = await house.asked.ask<Removal>({ do: "delete", mapping });
        const { kind, why, next } = { why: "", next: "", ...removal };
        expect([kind, why]).toEqual(["kept", expect.stringContaining("606")]);
        expect(next).toMatch(/UPnP off in the camera.*within (60|5\d) minutes/);
        expect([...(await house.home.router.mappings())].sort()).toEqual(all);
      },
    );

    it("does not touch what has come to stand in a mapping's place", async () => {
      const house = houseOf(variants[2]);
      const was = { protocol: "TCP", externalPort: 23_074, internalClient: camera, internalPort: 554 } as const;
      const mapping = { ...was, description: "", lease: 0, enabled: true, camera: cameraId };
      expect(await house.asked.ask<Removal>({ do: "delete", mapping })).toEqual({ kind: "changed" });
      expect(await house.home.router.mappings()).toContain(`23074 -> ${games}:554`);
    });

    it("is gone round by its outside address, which shows a forwarding that it tells nobody of", async () => {
      const { home, asked } = houseOf(variants[0]);
      const outside = "9.9.9.9";
      const [program, ...args] = [...home.home.within, process.execPath, "-e", listener];
      await using answering = spawnListener(program, args);
      await answering.ready;
      await home.router.forward({ address: outside, port: 8_554 }, `${camera}:8554`);
      // Here the router has a port of its own, so nobody can tell whose answer it is.
      await home.router.forward({ address: outside, port: 5_000 }, `${camera}:8554`);
      const knock = (port: number) => asked.ask({ do: "hairpin", outside, router: routerAt.lan, port });
      expect(await knock(8_554)).toBe(true);
      expect(await knock(5_000)).toBeNull();
      expect(await knock(8_555)).toBe(false);
      // Nothing comes back, as from a router that does not loop back: that is no sign that nothing is forwarded.
      await home.router.swallow({ address: outside, port: 8_556 });
      expect(await knock(8_556)).toBeNull();
      expect(await asked.ask({ do: "hairpin", outside: "203.0.113.2", router: routerAt.lan, port: 8_554 })).toBeNull();
    });

    it("is never asked for a mapping: what the gateway says is all on the wire", async () => {
      const house = houseOf(variants[3]);
      await house.home.map(camera, { inside: 8_554, outside: 28_554 });
      await using tap = await WireTap.open(house.home.home);
      const { routers } = await house.asked.ask<RouterReport>({ do: "fresh" });
      const mapping = routers[0]!.mappings.find(({ externalPort }) => externalPort === 28_554)!;
      expect(await house.asked.ask<Removal>({ do: "delete", mapping })).toEqual({ kind: "gone" });
      const packets = readCapture(await tap.stop());

      const said = [...tcpStreams(packets)]
        .filter(([name]) => name.startsWith(`${gateway}:`))
        .map(([, bytes]) => bytes);
      const actions = said.flatMap((bytes) => [...bytes.toString("latin1").matchAll(/^soapaction: .*#(\w+)"/gim)]);
      expect(new Set(actions.map(([, action]) => action))).toEqual(
        new Set([
          "GetExternalIPAddress",
          "GetGenericPortMappingEntry",
          "GetListOfPortMappings",
          "GetFirewallStatus",
          "GetSpecificPortMappingEntry",
          "DeletePortMapping",
        ]),
      );
      // Each body names the action that its header names, and no other.
      expect(said.join("").match(/<u:\w+/g)).toHaveLength(actions.length);
      expect(said.join("")).not.toMatch(/Add\w*PortMapping|Pinhole(?!Allowed)/);
      const datagrams = packets.filter((each) => each.protocol === protocols.udp && each.toPort === 5_351);
      expect(datagrams.length).toBeGreaterThanOrEqual(2);
      // NAT-PMP's question for the address, PCP's ANNOUNCE: opcode 0 of either.
      expect(new Set(datagrams.map(({ payload }) => payload.toString("hex", 0, 2)))).toEqual(new Set(["0000", "0200"]));
    });
  });
});
