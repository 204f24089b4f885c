import type { Cancellable, Clock } from "@gatehouse/shared";

import { getDeviceInformation } from "../../../protocols/onvif/device.ts";
import type { MendedCamera, MendTools, Verdict } from "../../remedy.ts";
import { askOnvif } from "../../questions/ask-onvif.ts";
import { describeAt, mainPath, rtspDoors, type RtspDoor } from "../../questions/ask-rtsp.ts";
import { searchUpnp } from "../../questions/call-upnp.ts";
import { streamRoutes } from "../../questions/stream-routes.ts";

/** Cameras take a few seconds until what they were told shows. */
const looks = 6;
const pauseMs = 2_000;

type Observe = (camera: MendedCamera, tools: Pick<MendTools, "clock">, cancel: Cancellable) => Promise<Verdict>;

const itSays = "Asked anew, its settings say so.";

/** Looks until it is so, or has been looked at often enough. */
const becomes = async (isSo: () => Promise<boolean>, clock: Clock, cancel: Cancellable): Promise<boolean> => {
  for (let look = 1; ; look++) {
    if (await isSo()) return true;
    if (look === looks) return false;
    await clock.delay(pauseMs, cancel);
  }
};

/** Nobody answers at these ports any more. */
export const portsClosed =
  (...ports: readonly number[]): Observe =>
  async (camera, { clock }, cancel) => {
    const allClosed = async (): Promise<boolean> => {
      for (const port of ports) if ((await camera.ports.tcp(port, cancel)).kind === "open") return false;
      return true;
    };
    return (await becomes(allClosed, clock, cancel))
      ? { kind: "fixed", evidence: [itSays, `Nobody answers at port ${ports.join(", ")} any more.`] }
      : { kind: "not-fixed", why: `The camera says that it is off, and still answers at port ${ports.join(" or ")}.` };
  };

export const upnpSilent: Observe = async (camera, { clock }, cancel) =>
  (await becomes(async () => (await searchUpnp(camera, cancel)) === undefined, clock, cancel))
    ? { kind: "fixed", evidence: [itSays, "It keeps silent when it is called by UPnP."] }
    : { kind: "not-fixed", why: "The camera says that UPnP is off, and still answers when it is called." };

/** Strangers are refused by ONVIF, and the gateway is not. */
export const onvifAsks: Observe = async (camera, _tools, cancel) => {
  const what = "GetDeviceInformation";
  const stranger = await askOnvif(camera, { as: "nobody", what, ask: getDeviceInformation }, cancel);
  const own = await askOnvif(camera, { as: "gateway", what, ask: getDeviceInformation }, cancel);
  if (own.kind !== "answer")
    return { kind: "not-fixed", why: "The camera no longer takes the gateway's own login by ONVIF." };
  return stranger.kind === "answer"
    ? { kind: "not-fixed", why: "The camera still answers ONVIF's questions without a login." }
    : { kind: "fixed", evidence: [itSays, "By ONVIF it refuses whoever does not log in, and takes the gateway."] };
};

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
