import type { Cancellable } from "@gatehouse/shared";

import { failed, passed, unknown, type HomeCheck } from "../check.ts";
import { routerGuide } from "../guides/router-guide.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import type { ProbedHome } from "../probe/probed-home.ts";

/** Where cameras are forwarded to most often, beside the ports that the home's own have: RTSP, web pages, makers' own protocols. */
const usualPorts = [554, 8_554, 80, 443, 8_000, 8_080, 37_777, 34_567, 9_000];
const mostPorts = 20;

export const wanHairpin: HomeCheck = {
  id: "WAN-HAIRPIN",
  scope: "home",
  severity: "critical",
  title: "A camera's port is open at your internet address",
  why: [
    "Something at your home's own internet address answers where cameras answer, so the router seems to forward that port for good.",
    "Anybody on the internet can then reach the camera, and no password lasts for ever.",
  ],
  provision: "5.6-1",
  ncsc: "remote-viewing-off",
  remedies: [],
  guide: routerGuide("forwardings"),
  look: async (home, cancel) => {
    const knocks = await knock(home, cancel);
    const open = knocks.filter(({ open: answer }) => answer === true);
    if (open.length > 0) return [{ camera: null, ...failed(...open.map((each) => describe(each.port, home.cameras))) }];
    const told = knocks.filter(({ open: answer }) => answer === false).length;
    return [
      {
        camera: null,
        ...(told > 0
          ? passed(`From inside, ${told} of ${knocks.length} ports of it were refused.`)
          : unknown(cannotTell)),
      },
    ];
  },
};

const cannotTell =
  "Nobody can tell from inside: the home's internet address is not known or not its own, or the router answers nothing there.";

interface Knocked {
  readonly port: number;
  readonly open: boolean | undefined;
}

/** One after the other: a router that sees many connections at once takes them for an attack. */
const knock = async (home: ProbedHome, cancel: Cancellable): Promise<readonly Knocked[]> => {
  const ports = [...new Set([...home.cameras.flatMap(portsOf), ...usualPorts])].slice(0, mostPorts);
  const knocked: Knocked[] = [];
  for (const port of ports) knocked.push({ port, open: await home.hairpin(port, cancel) });
  return knocked;
};

const defaults: Readonly<Record<string, number>> = { "http:": 80, "https:": 443, "rtsp:": 554, "rtsps:": 322 };

const portsOf = ({ device, streams, snapshot }: ProbedCamera): readonly number[] =>
  [device, ...streams.map(({ url }) => url), ...(snapshot === undefined ? [] : [snapshot])].flatMap(
    ({ port, protocol }) => (port === "" ? (defaults[protocol] ?? []) : Number(port)),
  );

const describe = (port: number, cameras: readonly ProbedCamera[]): string => {
  const names = cameras.filter((camera) => portsOf(camera).includes(port)).map(({ name }) => name);
  const whose =
    names.length === 0 ? "where cameras of some makers answer" : `where ${names.join(", ")} answers at home`;
  return `TCP port ${port} of your internet address is open: ${whose}.`.slice(0, 500);
};
