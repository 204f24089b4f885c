import type { Cancellable, Clock } from "@gatehouse/shared";

import { getDeviceInformation } from "../../../protocols/onvif/device.ts";
import type { MendedCamera } from "../../remedy.ts";
import { askOnvifAnew } from "../../questions/ask-onvif.ts";
import { askForPictures } from "../../questions/ask-pictures.ts";
import { describeAt, mainPath, rtspDoors, type RtspDoor } from "../../questions/ask-rtsp.ts";
import { searchUpnp } from "../../questions/call-upnp.ts";
import { streamRoutes } from "../../questions/stream-routes.ts";
import { judgeDoors } from "./doors-policy.ts";
import type { VendorSwitch } from "./vendor-remedy.ts";

/** Cameras take a few seconds until what they were told shows. */
const looks = 6;
const pauseMs = 2_000;

type Observe = VendorSwitch["observe"];

const itSays = "Asked anew, its settings say so.";

/** Looks until it is so, or has been looked at often enough. */
const becomes = async (isSo: () => Promise<boolean>, clock: Clock, cancel: Cancellable): Promise<boolean> => {
  for (let look = 1; ; look++) {
    if (await isSo()) return true;
    if (look === looks) return false;
    await clock.delay(pauseMs, cancel);
  }
};

/** Looks at doors until all are shut, or it has looked often enough; tells which of them are open then. */
const stillOpen = async (
  look: () => Promise<readonly string[]>,
  clock: Clock,
  cancel: Cancellable,
): Promise<readonly string[]> => {
  let open: readonly string[] = [];
  const allShut = async (): Promise<boolean> => {
    open = await look();
    return open.length === 0;
  };
  await becomes(allShut, clock, cancel);
  return open;
};

/** Nobody answers any more at these ports, of which some may hang on another switch. */
export const portsClosed = (...ports: readonly number[]): Pick<VendorSwitch, "openBefore" | "observe"> => {
  const openAmong = async (camera: MendedCamera, cancel: Cancellable): Promise<readonly string[]> => {
    const open: string[] = [];
    for (const port of ports) if ((await camera.ports.tcp(port, cancel)).kind === "open") open.push(String(port));
    return open;
  };
  return {
    openBefore: openAmong,
    observe: async (camera, { clock, before }, cancel) => {
      const now = await stillOpen(() => openAmong(camera, cancel), clock, cancel);
      const verdict = judgeDoors({ before, now });
      switch (verdict.kind) {
        case "shut":
          return { kind: "fixed", evidence: [itSays, `Nobody answers at port ${ports.join(", ")} any more.`] };
        case "partly":
          return { kind: "fixed", evidence: [itSays, ...partlyClosed(verdict)] };
        case "open":
          return { kind: "not-fixed", why: `The camera says that it is off, and still answers at port ${or(now)}.` };
      }
    },
  };
};

const partlyClosed = ({ shut, left }: { readonly shut: readonly string[]; readonly left: readonly string[] }) => [
  `Nobody answers at port ${shut.join(", ")} any more.`,
  `Port ${left.join(", ")} stays open: this switch does not reach it. Close it at the camera's own page, or keep the camera in a network of its own.`,
];

const or = (names: readonly string[]): string => names.join(" or ");

export const upnpSilent: Observe = async (camera, { clock }, cancel) =>
  (await becomes(async () => (await searchUpnp(camera, cancel)) === undefined, clock, cancel))
    ? { kind: "fixed", evidence: [itSays, "It keeps silent when it is called by UPnP."] }
    : { kind: "not-fixed", why: "The camera says that UPnP is off, and still answers when it is called." };

const byOnvif = "ONVIF";

/** What strangers are given without a login: what ONVIF tells, and pictures. */
const givenToStrangers = async (camera: MendedCamera, cancel: Cancellable): Promise<readonly string[]> => {
  const stranger = await askOnvifAnew(camera, { as: "nobody", ask: getDeviceInformation }, cancel);
  const pictures = await askForPictures(camera, cancel);
  const given = pictures.filter(({ outcome }) => outcome === "picture").map(({ name }) => name);
  return [...(stranger.kind === "answer" ? [byOnvif] : []), ...given];
};

/** Strangers are refused by ONVIF and get no picture, and the gateway is not refused. A picture's page may hang on another switch. */
export const onvifAsks: Pick<VendorSwitch, "openBefore" | "observe"> = {
  openBefore: givenToStrangers,
  observe: async (camera, { clock, before }, cancel) => {
    const now = await stillOpen(() => givenToStrangers(camera, cancel), clock, cancel);
    const own = await askOnvifAnew(camera, { as: "gateway", ask: getDeviceInformation }, cancel);
    if (own.kind !== "answer")
      return { kind: "not-fixed", why: "The camera no longer takes the gateway's own login by ONVIF." };
    const verdict = judgeDoors({ before, now });
    if (now.includes(byOnvif))
      return { kind: "not-fixed", why: "The camera still answers ONVIF's questions without a login." };
    if (verdict.kind === "open") return { kind: "not-fixed", why: `${or(now)} is still given without a login.` };
    const refuses = "By ONVIF it refuses whoever does not log in, and takes the gateway.";
    return { kind: "fixed", evidence: [itSays, refuses, ...now.map(stillGiven)] };
  },
};

const stillGiven = (name: string): string =>
  `${name} is still given without a login: this switch does not reach it. Ask for a login at the camera's own page, or keep the camera in a network of its own.`;

/** At each of its doors, strangers are refused every stream, by a login that is not readable; and the gateway is not refused. */
export const streamAsks: Observe = async (camera, _tools, cancel) => {
  const path = mainPath(camera);
  const doors = await rtspDoors(camera, cancel);
  const [first] = doors;
  if (first === undefined) return { kind: "not-fixed", why: "The camera's stream is no longer there." };
  const own = await describeAt(camera, { door: first, path, login: { kind: "gateway" } }, cancel);
  if (own.status !== 200)
    return { kind: "not-fixed", why: "The camera's stream no longer takes the gateway's own login." };
  for (const door of doors) {
    const why = await openTo(camera, door, cancel);
    if (why !== undefined) return { kind: "not-fixed", why };
  }
  return { kind: "fixed", evidence: [itSays, "Its stream refuses whoever does not log in, and takes the gateway."] };
};

/** What a stranger gets at a door; undefined for nothing. */
const openTo = async (camera: MendedCamera, door: RtspDoor, cancel: Cancellable): Promise<string | undefined> => {
  for (const { path, name } of streamRoutes(camera)) {
    const { status, challenges } = await describeAt(camera, { door, path }, cancel);
    if (status === 200) return `${name} still opens without a login at port ${door.port}.`;
    if (!door.secure && challenges.some((challenge) => /^\s*basic\b/i.test(challenge)))
      return `The camera's stream still takes a password that is sent readable at port ${door.port}.`;
  }
  return undefined;
};

const anHourMs = 3_600_000;

/** The same login is not taken twice, nor an old one. */
export const replayRefused: Observe = async (camera, _tools, cancel) => {
  const replayed = await camera.onvif.replay(anHourMs, cancel);
  if (replayed === undefined)
    return { kind: "not-fixed", why: "The camera says that it is protected, and nothing shows whether it is." };
  return !replayed.twice && !replayed.old
    ? { kind: "fixed", evidence: [itSays, "It refuses a login that it has taken before, and one of an hour ago."] }
    : { kind: "not-fixed", why: "The camera says that it is protected, and takes a login again that it took before." };
};

/** Where nothing else of it can be seen from here than what the camera says, over a new connection and login. */
export const saidAnew =
  (unseen: string): Observe =>
  () =>
    Promise.resolve({ kind: "fixed", evidence: [itSays, unseen] });
