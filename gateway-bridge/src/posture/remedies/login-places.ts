import { isGatehouseError, type Cancellable } from "@gatehouse/shared";
import { z } from "zod";

import { getDeviceInformation } from "../../protocols/onvif/device.ts";
import { getUsers } from "../../protocols/onvif/management/users.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";
import type { LoginPlane } from "../probe/own-logins.ts";
import type { ProbedCamera, ProbeLogin } from "../probe/probed-camera.ts";
import { pathOf } from "../questions/ask-rtsp.ts";
import { vendorRoutes } from "../rules/vendor-routes.ts";

/** How a camera takes a login; `unclear` where its answer tells neither. */
export type LoginAnswer = "taken" | "refused" | "unclear";

const server = { path: z.string().startsWith("/"), port: z.int(), secure: z.boolean() };

/** Where a camera tells right passwords from wrong ones. Plain JSON, for a remedy that must find it again while it cannot log in. */
export const LoginPlace = z.discriminatedUnion("plane", [
  z.strictObject({ plane: z.literal("onvif"), question: z.enum(["GetDeviceInformation", "GetUsers"]) }),
  z.strictObject({ plane: z.literal("http"), ...server }),
  z.strictObject({ plane: z.literal("rtsp"), ...server }),
]);
export type LoginPlace = z.infer<typeof LoginPlace>;

export const planeNames: Readonly<Record<LoginPlane, string>> = {
  onvif: "ONVIF",
  http: "its page",
  rtsp: "its stream",
};

/**
 * One place a plane, ONVIF first: each refuses whoever does not log in. A plane without one lets everybody in, or is not there.
 * @param who an account that may only watch is refused more than one that may change everything
 * @throws GatehouseError where the camera cannot be spoken to: `camera-unreachable`, `probe-refused`, ...
 */
export const loginPlaces = async (
  camera: ProbedCamera,
  who: "viewer" | "administrator",
  cancel: Cancellable,
): Promise<readonly LoginPlace[]> => {
  const found: LoginPlace[] = [];
  for (const place of candidates(camera, who)) {
    if (found.some(({ plane }) => plane === place.plane)) continue;
    if ((await tryLogin(camera, place, { kind: "nobody" }, cancel)) === "refused") found.push(place);
  }
  return found;
};

/** @throws GatehouseError where the camera cannot be spoken to, or must not be asked now */
export const tryLogin = (
  camera: ProbedCamera,
  place: LoginPlace,
  login: ProbeLogin,
  cancel: Cancellable,
): Promise<LoginAnswer> =>
  judged(async () => {
    switch (place.plane) {
      case "onvif":
        await onvifQuestions[place.question](await camera.onvif.as(login, cancel), cancel);
        return "taken";
      case "http": {
        const { path, port, secure } = place;
        return byStatus((await camera.http.request({ method: "GET", path, port, secure }, login, cancel)).status);
      }
      case "rtsp": {
        const { path, port, secure } = place;
        return byStatus((await camera.rtsp.describe({ path, port, secure }, login, cancel)).status);
      }
    }
  });

type OnvifQuestion = (caller: OnvifCaller, cancel: Cancellable) => Promise<unknown>;

const onvifQuestions: Readonly<Record<"GetDeviceInformation" | "GetUsers", OnvifQuestion>> = {
  GetDeviceInformation: getDeviceInformation,
  GetUsers: getUsers,
};

const candidates = (camera: ProbedCamera, who: "viewer" | "administrator"): readonly LoginPlace[] => {
  const { kind, snapshot, streams, identity, device } = camera;
  const questions =
    who === "viewer" ? (["GetDeviceInformation"] as const) : (["GetDeviceInformation", "GetUsers"] as const);
  // Elsewhere the page may know other accounts than those of ONVIF, to which this login would be a wrong one.
  const guarded = identity.vendor === "hikvision" ? vendorRoutes("hikvision").guarded : [];
  const [main] = streams;
  return [
    ...(kind === "onvif" ? questions.map((question) => ({ plane: "onvif", question }) as const) : []),
    ...(snapshot === undefined ? [] : [{ plane: "http", ...serverOf(snapshot) } as const]),
    ...guarded.map((path) => ({ plane: "http", ...serverOf(device), path }) as const),
    ...(main === undefined ? [] : [{ plane: "rtsp", ...serverOf(main.url) } as const]),
  ];
};

const usualPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443, "rtsp:": 554, "rtsps:": 322 };

/** An address, as a probe asks for it. */
export const serverOf = (url: URL): { readonly path: string; readonly port: number; readonly secure: boolean } => ({
  path: pathOf(url),
  port: url.port === "" ? (usualPorts[url.protocol] ?? 80) : Number(url.port),
  secure: url.protocol === "https:" || url.protocol === "rtsps:",
});

const byStatus = (status: number): LoginAnswer => {
  if (status === 401 || status === 403) return "refused";
  return status >= 200 && status < 300 ? "taken" : "unclear";
};

/** What a camera answers wrongly, or a server that is not there, tells nothing; what stands in the way of asking is thrown. */
const judged = async (ask: () => Promise<LoginAnswer>): Promise<LoginAnswer> => {
  try {
    return await ask();
  } catch (error) {
    if (!isGatehouseError(error)) throw error;
    if (error.code === "camera-credentials") return "refused";
    if (["camera-fault", "camera-answer-malformed", "camera-basic-refused"].includes(error.code)) return "unclear";
    throw error;
  }
};
