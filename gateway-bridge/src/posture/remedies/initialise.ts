import { GatehouseError, type Cancellable } from "@gatehouse/shared";
import { z } from "zod";

import type { Credentials } from "../../domain/camera.ts";
import { getScopes } from "../../protocols/onvif/management/discovery.ts";
import { createUser, getUsers, setUser } from "../../protocols/onvif/management/users.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";
import type { ProbeLogin } from "../probe/probed-camera.ts";
import { askOnvif } from "../questions/ask-onvif.ts";
import type { Before, DrawPassword, MendedCamera, MendTools, Preview, Remedy, Unfit, Verdict } from "../remedy.ts";
import { builtInAccounts } from "../rules/default-logins.ts";
import { isTooLong, passwordLengths } from "./draw-for-camera.ts";
import { loginPlaces, planeNames, tryLogin } from "./login-places.ts";

const purpose = "initialise";
const administrator = "Administrator";
const settlingMs = 2_000;
/** ONVIF Profile Q 7.2: whoever comes first may give it an administrator. */
const factoryScope = /^onvif:\/\/www\.onvif\.org\/Profile\/Q\/FactoryDefault$/i;

const Found = z.strictObject({
  username: z.string(),
  /** Whether the camera lists the account, only without a password. */
  listed: z.boolean(),
});

/** Gives a camera that is as it left the factory an administrator with a drawn password, which becomes the gateway's login. */
export class Initialise implements Remedy {
  readonly id = purpose;
  readonly plane = "onvif";
  readonly proven = false;
  readonly changesLogin = true;
  readonly #draw: DrawPassword;

  constructor(draw: DrawPassword) {
    this.#draw = draw;
  }

  async preview(camera: MendedCamera, cancel: Cancellable): Promise<Preview | Unfit> {
    const found = await find(camera, cancel);
    if ("unfit" in found) return found;
    return {
      steps: [
        `Give the camera its administrator, ${found.username}, with a password drawn by chance and known to this gateway alone.`,
        "Log in with it, and show that nobody else is let in.",
      ],
      stops: ["Its maker's app cannot set the camera up any more, unless it is reset to the factory's settings first."],
      undoable: false,
    };
  }

  async remember(camera: MendedCamera, _tools: MendTools, cancel: Cancellable): Promise<Before> {
    const found = await find(camera, cancel);
    if ("unfit" in found) throw new GatehouseError("remedy-unfit", found.unfit);
    return found;
  }

  async apply(camera: MendedCamera, before: Before, tools: MendTools, cancel: Cancellable): Promise<void> {
    const { username, listed } = Found.parse(before);
    const pending = tools.pending.get(camera.id, purpose);
    if (pending === undefined && camera.username === username && !(await asksNobody(camera, cancel))) return;
    const next = pending ?? (await this.#first(camera, username, tools, cancel));
    if (await asksNobody(camera, cancel)) await this.#tell(camera, { next, listed }, tools, cancel);
    await tools.clock.delay(settlingMs, cancel);
    const current = tools.pending.get(camera.id, purpose) ?? next;
    if (!(await takesEverywhere(camera, guessOf(current), cancel))) {
      throw new GatehouseError("remedy-failed", "The camera said yes, but does not ask for the new password.");
    }
    tools.pending.commit(camera.id, purpose, "everything");
  }

  async verify(camera: MendedCamera, _before: Before, _tools: MendTools, cancel: Cancellable): Promise<Verdict> {
    const places = await loginPlaces(camera, "administrator", cancel);
    if (places.every(({ plane }) => plane !== "onvif"))
      return { kind: "not-fixed", why: "It still lets everybody in." };
    for (const place of places) {
      if ((await tryLogin(camera, place, { kind: "gateway" }, cancel)) === "taken") continue;
      return { kind: "not-fixed", why: `${planeNames[place.plane]} does not take the new login.` };
    }
    const where = places.map(({ plane }) => planeNames[plane]).join(", ");
    return { kind: "fixed", evidence: [`Refused to whoever has no login, and taken with it: ${where}.`] };
  }

  async undo(camera: MendedCamera, _before: Before, tools: MendTools, cancel: Cancellable): Promise<void> {
    const pending = tools.pending.get(camera.id, purpose);
    if (pending === undefined && camera.credentials === undefined) return;
    if (await asksNobody(camera, cancel)) {
      tools.pending.drop(camera.id, purpose);
      return;
    }
    // A password that the camera took is kept: without one it would be anybody's again.
    if (pending !== undefined && (await takesEverywhere(camera, guessOf(pending), cancel))) {
      tools.pending.commit(camera.id, purpose, "everything");
    }
    throw new GatehouseError("remedy-failed", "The camera has its administrator now, and the gateway its password.");
  }

  async #first(camera: MendedCamera, username: string, tools: MendTools, cancel: Cancellable): Promise<Credentials> {
    const [longest = 16] = await passwordLengths(await nobody(camera, cancel), camera.identity.vendor, cancel);
    const next = { username, password: this.#draw({ longest, kinds: 2 }) };
    tools.pending.put(camera.id, purpose, next);
    return next;
  }

  async #tell(
    camera: MendedCamera,
    { next, listed }: { readonly next: Credentials; readonly listed: boolean },
    tools: MendTools,
    cancel: Cancellable,
  ): Promise<void> {
    const onvif = await nobody(camera, cancel);
    const put = listed ? setUser : createUser;
    try {
      await put(onvif, { ...next, level: administrator }, cancel);
    } catch (error) {
      if (!isTooLong(error)) throw error;
      const shorter = { ...next, password: this.#draw({ longest: 16, kinds: 2 }) };
      tools.pending.put(camera.id, purpose, shorter);
      await put(onvif, { ...shorter, level: administrator }, cancel);
    }
  }
}

const guessOf = ({ username, password }: Credentials): ProbeLogin => ({
  kind: "guess",
  username,
  password,
  secret: true,
});

const nobody = (camera: MendedCamera, cancel: Cancellable): Promise<OnvifCaller> =>
  camera.onvif.as({ kind: "nobody" }, cancel);

const find = async (camera: MendedCamera, cancel: Cancellable): Promise<z.infer<typeof Found> | Unfit> => {
  if (camera.kind !== "onvif") return { unfit: "Only by ONVIF can a camera be set up." };
  const scopes = await askOnvif(camera, { as: "nobody", what: "GetScopes", ask: getScopes }, cancel);
  const users = await askOnvif(camera, { as: "nobody", what: "GetUsers", ask: getUsers }, cancel);
  const fresh = scopes.kind === "answer" && scopes.value.some(({ uri }) => factoryScope.test(uri));
  if (!fresh || users.kind !== "answer")
    return { unfit: "The camera is not in the state in which it left the factory, or does not say so by ONVIF." };
  const known = users.value.find(({ level }) => level.toLowerCase() === administrator.toLowerCase());
  const [name = "admin"] = builtInAccounts(camera.identity);
  return { username: known?.username ?? name, listed: known !== undefined };
};

/** Whether it still shows its accounts to whoever asks. */
const asksNobody = async (camera: MendedCamera, cancel: Cancellable): Promise<boolean> =>
  (await loginPlaces(camera, "administrator", cancel)).every(({ plane }) => plane !== "onvif");

const takesEverywhere = async (camera: MendedCamera, login: ProbeLogin, cancel: Cancellable): Promise<boolean> => {
  const places = await loginPlaces(camera, "administrator", cancel);
  if (places.length === 0) return false;
  for (const place of places) if ((await tryLogin(camera, place, login, cancel)) !== "taken") return false;
  return true;
};
