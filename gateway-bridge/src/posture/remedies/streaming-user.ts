import { GatehouseError, isGatehouseError, type Cancellable } from "@gatehouse/shared";
import { z } from "zod";

import type { Credentials } from "../../domain/camera.ts";
import { unlessUnsupported } from "../../protocols/onvif/management/ask.ts";
import { getDiscoveryMode, setDiscoveryMode } from "../../protocols/onvif/management/discovery.ts";
import { createUser, deleteUser, getUsers, setUser } from "../../protocols/onvif/management/users.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";
import type { ProbeLogin } from "../probe/probed-camera.ts";
import { accountsOf } from "../questions/ask-onvif.ts";
import type { Before, DrawPassword, MendedCamera, MendTools, Preview, Remedy, Unfit, Verdict } from "../remedy.ts";
import { isTooLong, passwordLengths } from "./draw-for-camera.ts";
import { LoginPlace, loginPlaces, planeNames, tryLogin } from "./login-places.ts";
import { hasTwoLists } from "./web-users.ts";

const purpose = "streaming-user";
/** The gateway's own account for pictures. */
export const streamingUsername = "gatehouse-view";
const level = "User";
const settlingMs = 2_000;

const Accounts = z.strictObject({
  /** Where the account before was let in. */
  places: z.array(LoginPlace),
});

/**
 * Makes an account that may only watch, and has the gateway fetch pictures with it. The one before goes on to change settings. It is
 * in the vault before the camera hears of it, and in use when every plane has taken it.
 */
export class StreamingUser implements Remedy {
  readonly id = purpose;
  readonly plane = "onvif";
  readonly proven = false;
  readonly #draw: DrawPassword;

  constructor(draw: DrawPassword) {
    this.#draw = draw;
  }

  async preview(camera: MendedCamera, cancel: Cancellable): Promise<Preview | Unfit> {
    const unfit = await whyUnfit(camera, cancel);
    if (unfit !== undefined) return { unfit };
    return {
      steps: [
        `Make the account ${streamingUsername}, which may watch and change nothing.`,
        "Log in with it by ONVIF, on the camera's page and at its stream, and see that it is refused to change a setting.",
        `Fetch pictures with it from then on; ${camera.username ?? "the account before"} is used for settings alone.`,
      ],
      stops: [],
      undoable: true,
    };
  }

  async remember(camera: MendedCamera, _tools: MendTools, cancel: Cancellable): Promise<Before> {
    const places: LoginPlace[] = [];
    for (const place of await loginPlaces(camera, "viewer", cancel)) {
      if ((await tryLogin(camera, place, gateway, cancel)) === "taken") places.push(place);
    }
    return Accounts.parse({ places });
  }

  async apply(camera: MendedCamera, before: Before, tools: MendTools, cancel: Cancellable): Promise<void> {
    const pending = tools.pending.get(camera.id, purpose);
    if (pending === undefined && camera.streamUsername === streamingUsername) return;
    const next = await this.#make(camera, pending, tools, cancel);
    await tools.clock.delay(settlingMs, cancel);
    const refused = await firstRefusal(camera, { before, login: guessOf(next) }, cancel);
    if (refused !== undefined) throw new GatehouseError("remedy-failed", `${refused} does not let the new account in.`);
    if (await mayChange(camera, guessOf(next), cancel)) {
      throw new GatehouseError("remedy-failed", "The camera lets the new account change settings, whatever its level.");
    }
    tools.pending.commit(camera.id, purpose);
  }

  async verify(camera: MendedCamera, before: Before, _tools: MendTools, cancel: Cancellable): Promise<Verdict> {
    const users = await getUsers(await camera.onvif.as(gateway, cancel), cancel);
    const own = users.find(({ username }) => username === streamingUsername);
    if (own === undefined || camera.streamUsername !== streamingUsername) {
      return { kind: "not-fixed", why: `The camera does not list the account ${streamingUsername}.` };
    }
    if (own.level.toLowerCase() !== level.toLowerCase()) {
      return { kind: "not-fixed", why: `The camera gave the account the level ${own.level}.` };
    }
    const where = Accounts.parse(before)
      .places.map(({ plane }) => planeNames[plane])
      .join(", ");
    const evidence = `${streamingUsername}, of the level ${own.level}, is let in by ${where}.`;
    // Seen before it came into use: its password is with those who watch by now.
    return { kind: "fixed", evidence: [evidence, "It was not let change a setting."] };
  }

  async undo(camera: MendedCamera, _before: Before, tools: MendTools, cancel: Cancellable): Promise<void> {
    if (camera.streamUsername === streamingUsername) tools.pending.watchAsBefore(camera.id);
    const onvif = await camera.onvif.as(gateway, cancel);
    const users = await getUsers(onvif, cancel);
    if (users.some(({ username }) => username === streamingUsername))
      await deleteUser(onvif, streamingUsername, cancel);
    tools.pending.drop(camera.id, purpose);
  }

  async #make(
    camera: MendedCamera,
    pending: Credentials | undefined,
    tools: MendTools,
    cancel: Cancellable,
  ): Promise<Credentials> {
    const onvif = await camera.onvif.as(gateway, cancel);
    if (pending !== undefined) {
      await putUser(onvif, pending, cancel);
      return pending;
    }
    const lengths = await passwordLengths(onvif, camera.identity.vendor, cancel);
    for (const [index, longest] of lengths.entries()) {
      const next = { username: streamingUsername, password: this.#draw({ longest, kinds: 2 }) };
      tools.pending.put(camera.id, purpose, next);
      try {
        await putUser(onvif, next, cancel);
        return next;
      } catch (error) {
        if (!isTooLong(error) || index === lengths.length - 1) throw error;
      }
    }
    throw new GatehouseError("remedy-failed", "The camera finds every password too long.");
  }
}

const gateway = { kind: "gateway" } as const satisfies ProbeLogin;

const guessOf = ({ username, password }: Credentials): ProbeLogin => ({
  kind: "guess",
  username,
  password,
  secret: true,
});

/** Made, or given this password where an earlier try made it. */
const putUser = async (onvif: OnvifCaller, credentials: Credentials, cancel: Cancellable): Promise<void> => {
  const users = await getUsers(onvif, cancel);
  const there = users.some(({ username }) => username === credentials.username);
  await (there ? setUser : createUser)(onvif, { ...credentials, level }, cancel);
};

const whyUnfit = async (camera: MendedCamera, cancel: Cancellable): Promise<string | undefined> => {
  if (camera.kind !== "onvif") return "Only by ONVIF can an account be made at a camera.";
  if (camera.credentials === undefined) return "The gateway has no account at this camera that could make another.";
  if (camera.streamUsername !== camera.username) return "Pictures are fetched with an account of its own already.";
  if (hasTwoLists(camera.identity.vendor)) {
    return "This maker keeps the accounts of its page and its stream apart from those of ONVIF: make one by hand.";
  }
  const users = await accountsOf(camera, cancel);
  if (users.kind !== "answer") return "The gateway's account may not make others.";
  if (users.value.some(({ username }) => username === streamingUsername)) {
    return `There is an account ${streamingUsername} already, whose password the gateway does not know.`;
  }
  return undefined;
};

/** The first plane that lets the old account in and not the new one. */
const firstRefusal = async (
  camera: MendedCamera,
  { before, login }: { readonly before: Before; readonly login: ProbeLogin },
  cancel: Cancellable,
): Promise<string | undefined> => {
  for (const place of Accounts.parse(before).places) {
    if ((await tryLogin(camera, place, login, cancel)) !== "taken") return planeNames[place.plane];
  }
  return undefined;
};

/** Whether it may write: it is told to say what the camera says already, so that nothing changes where it may. */
const mayChange = async (camera: MendedCamera, login: ProbeLogin, cancel: Cancellable): Promise<boolean> => {
  const mode = await unlessUnsupported(getDiscoveryMode(await camera.onvif.as(gateway, cancel), cancel));
  if (mode !== "Discoverable" && mode !== "NonDiscoverable") return false;
  try {
    await setDiscoveryMode(await camera.onvif.as(login, cancel), mode, cancel);
    return true;
  } catch (error) {
    if (isGatehouseError(error) && ["camera-credentials", "camera-fault"].includes(error.code)) return false;
    throw error;
  }
};
