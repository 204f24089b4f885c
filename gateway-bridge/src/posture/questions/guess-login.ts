import { isGatehouseError, Secret, type Cancellable } from "@gatehouse/shared";

import { getDeviceInformation } from "../../protocols/onvif/device.ts";
import { getUsers } from "../../protocols/onvif/management/users.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";
import type { ProbedCamera, ProbeLogin } from "../probe/probed-camera.ts";
import type { DefaultLogin } from "../rules/default-logins.ts";
import { vendorRoutes } from "../rules/vendor-routes.ts";
import { accountsOf, askOnvif } from "./ask-onvif.ts";
import { reolinkDoor, tryReolink } from "./reolink-login.ts";
import { describeAt, mainPath, rtspDoors } from "./ask-rtsp.ts";

/** Whether a login opens the camera. */
export type Guess =
  | { readonly kind: "right"; readonly where: string }
  | { readonly kind: "wrong" }
  /** Nothing at the camera tells right from wrong, because it lets everybody in. */
  | { readonly kind: "open"; readonly why: string }
  /** It may not be tried now. */
  | { readonly kind: "untried"; readonly why: string };

/**
 * Tries one login, at one place: the first that refuses those who do not log in, because a place that lets everybody in tells nothing
 * about a password. The gateway's own account needs no guess. Each login is tried once a look.
 */
export const guessLogin = (camera: ProbedCamera, login: DefaultLogin, cancel: Cancellable): Promise<Guess> =>
  camera.once(`guess ${login.username}:${login.password}`, async () => {
    const password = Secret.of(login.password);
    if (login.username === camera.username) {
      return camera.ownPasswordIs(password) ? { kind: "right", where: "Gatehouse itself" } : { kind: "wrong" };
    }
    try {
      const guess = await tryAtOnePlace(camera, { kind: "guess", username: login.username, password }, cancel);
      if (guess.kind === "wrong") camera.guesses.noteWrong(login);
      return guess;
    } catch (error) {
      if (isGatehouseError(error) && error.code === "probe-refused") return { kind: "untried", why: error.message };
      throw error;
    }
  });

type GuessedLogin = ProbeLogin & { readonly kind: "guess" };

/** `unclear`: the place does not tell whether the login was right. */
type Attempt = "right" | "wrong" | "unclear";

interface Place {
  readonly name: string;
  /** Something to ask there that nobody may have without a login; undefined where there is nothing such. */
  readonly guarded: (
    camera: ProbedCamera,
    cancel: Cancellable,
  ) => Promise<((login: GuessedLogin) => Promise<Attempt>) | undefined>;
}

const tryAtOnePlace = async (camera: ProbedCamera, login: GuessedLogin, cancel: Cancellable): Promise<Guess> => {
  for (const { name, guarded } of placesOf(camera)) {
    const attempt = await unlessUnspoken(guarded(camera, cancel));
    const outcome = await attempt?.(login);
    if (outcome === "right") return { kind: "right", where: name };
    if (outcome === "wrong") return { kind: "wrong" };
  }
  return { kind: "open", why: "Passwords can be tried only once the camera asks everybody for a login." };
};

/** A place that cannot be spoken to is no place to try at. */
const unlessUnspoken = async <T>(asked: Promise<T | undefined>): Promise<T | undefined> => {
  try {
    return await asked;
  } catch (error) {
    if (isGatehouseError(error) && error.code !== "probe-refused" && error.code !== "aborted") return undefined;
    throw error;
  }
};

/**
 * Hikvision and Dahua keep accounts of ONVIF apart from those of their page and stream, and the factory's is one of the latter; others have one
 * list, and ONVIF tells best.
 */
const placesOf = ({ kind, identity }: ProbedCamera): readonly Place[] => {
  if (kind !== "onvif") return [stream, page];
  const own = identity.vendor === "reolink" ? reolinkPage : page;
  return ["hikvision", "dahua"].includes(identity.vendor)
    ? [stream, own, onvif, accounts]
    : [onvif, stream, own, accounts];
};

const onvif: Place = {
  name: "ONVIF",
  guarded: async (camera, cancel) => {
    const question = { as: "nobody", what: "GetDeviceInformation", ask: getDeviceInformation } as const;
    const asked = await askOnvif(camera, question, cancel);
    if (asked.kind !== "refused") return undefined;
    return (login) => tryOnvif(camera, login, (caller) => getDeviceInformation(caller, cancel), cancel);
  },
};

/** Only administrators get an answer there, and many cameras refuse the others in the words of a wrong password. */
const accounts: Place = {
  name: "ONVIF",
  guarded: async (camera, cancel) => {
    const asked = await askOnvif(camera, { as: "nobody", what: "GetUsers", ask: getUsers }, cancel);
    if (asked.kind !== "refused") return undefined;
    return async (login) => {
      const attempt = await tryOnvif(camera, login, (caller) => getUsers(caller, cancel), cancel);
      return attempt !== "wrong" || (await isAdministrator(camera, login, cancel)) ? attempt : "unclear";
    };
  },
};

const isAdministrator = async (camera: ProbedCamera, login: GuessedLogin, cancel: Cancellable): Promise<boolean> => {
  const listed = await accountsOf(camera, cancel);
  if (listed.kind !== "answer") return false;
  return listed.value.some(({ username, level }) => username === login.username && level === "Administrator");
};

const tryOnvif = async (
  camera: ProbedCamera,
  login: GuessedLogin,
  ask: (caller: OnvifCaller) => Promise<unknown>,
  cancel: Cancellable,
): Promise<Attempt> => {
  try {
    await ask(await camera.onvif.as(login, cancel));
    return "right";
  } catch (error) {
    return judgeFailure(error);
  }
};

const page: Place = {
  name: "its page",
  guarded: async (camera, cancel) => {
    const { guarded, pictures } = vendorRoutes(camera.identity.vendor);
    // Pictures first: accounts that may only watch may have those.
    for (const path of [...pictures, ...guarded, "/"]) {
      const asked = await camera.once(`http nobody ${path}`, () =>
        camera.http.request({ method: "GET", path }, { kind: "nobody" }, cancel),
      );
      if (asked.status === 401) return (login) => tryPage(camera, path, { login, cancel });
    }
    return undefined;
  },
};

const tryPage = async (
  camera: ProbedCamera,
  path: string,
  { login, cancel }: { login: GuessedLogin; cancel: Cancellable },
): Promise<Attempt> => {
  try {
    const { status } = await camera.http.request({ method: "GET", path }, login, cancel);
    if (status === 401) return "wrong";
    // 403 is said to those who are locked, and to those who may not have it: that tells nothing of the password.
    return status >= 200 && status < 300 ? "right" : "unclear";
  } catch (error) {
    return judgeFailure(error);
  }
};

const reolinkPage: Place = {
  name: "its page",
  guarded: async (camera, cancel) => {
    const door = await reolinkDoor(camera, cancel);
    return door === undefined ? undefined : async (login) => tryReolink(camera, door, { login, cancel });
  },
};

const stream: Place = {
  name: "its stream",
  guarded: async (camera, cancel) => {
    const path = mainPath(camera);
    for (const door of await rtspDoors(camera, cancel)) {
      const { status } = await describeAt(camera, { door, path }, cancel);
      if (status !== 401) continue;
      return async (login) => {
        try {
          const answer = await describeAt(camera, { door, path, login }, cancel);
          if (answer.status === 401) return "wrong";
          return answer.status === 200 ? "right" : "unclear";
        } catch (error) {
          return judgeFailure(error);
        }
      };
    }
    return undefined;
  },
};

const judgeFailure = (error: unknown): Attempt => {
  if (!isGatehouseError(error)) throw error;
  if (error.code === "camera-credentials") return error.details["known"] === true ? "right" : "wrong";
  // The second: it was not asked for, so it was not sent.
  if (error.code === "camera-basic-refused" || error.details["unasked"] === true) return "unclear";
  throw error;
};
