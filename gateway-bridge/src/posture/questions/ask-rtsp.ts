import type { Cancellable } from "@gatehouse/shared";

import { parseChallenges, type Challenge } from "../../protocols/auth/challenge.ts";
import type { ProbedCamera, ProbeLogin, RtspAnswer } from "../probe/probed-camera.ts";
import { openPorts } from "./open-ports.ts";

/** An RTSP server of the camera. */
export interface RtspDoor {
  readonly port: number;
  readonly secure: boolean;
}

export type Description = RtspAnswer & { readonly setUp: boolean };

/** What everybody may be told: the path of the stream that the gateway opens, without the login that some cameras put into it. */
export const pathOf = (url: URL): string => `${url.pathname}${url.search}`;

/** The stream to ask for; the root where none is known. */
export const mainPath = (camera: ProbedCamera): string => {
  const [main] = camera.streams;
  return main === undefined ? "/" : pathOf(main.url);
};

const usualPort = 554;

/** The door that the gateway goes in by, and the unencrypted one where it is another and open. Empty where there is none. */
export const rtspDoors = (camera: ProbedCamera, cancel: Cancellable): Promise<readonly RtspDoor[]> =>
  camera.once("rtsp doors", async () => {
    const [main] = camera.streams;
    const own = main === undefined ? [] : [doorOf(main.url)];
    if (own.some(({ secure }) => !secure)) return own;
    const open = await openPorts(camera, [usualPort], cancel);
    return [...own, ...open.map(({ port }) => ({ port, secure: false }))];
  });

const doorOf = (url: URL): RtspDoor => {
  const secure = url.protocol === "rtsps:";
  return { port: url.port === "" ? (secure ? 322 : usualPort) : Number(url.port), secure };
};

/** Asks for a stream at a door; nobody's questions are asked once a look. */
export const describeAt = (
  camera: ProbedCamera,
  { door, path, login = { kind: "nobody" } }: { door: RtspDoor; path: string; login?: ProbeLogin },
  cancel: Cancellable,
): Promise<Description> => {
  const ask = (): Promise<Description> => camera.rtsp.describe({ path, ...door }, login, cancel);
  return login.kind === "nobody" ? camera.once(`rtsp nobody ${door.port} ${path}`, ask) : ask();
};

/** What is offered for logging in, where a login is wanted. */
export const loginsOffered = ({ challenges }: RtspAnswer): readonly Challenge[] => parseChallenges(challenges);

/** The algorithm of a Digest challenge; RFC 7616 3.3: MD5 where it is not said. */
export const digestAlgorithm = ({ parameters }: Challenge): string =>
  (parameters.get("algorithm") ?? "MD5").toUpperCase().replace(/-SESS$/, "");
