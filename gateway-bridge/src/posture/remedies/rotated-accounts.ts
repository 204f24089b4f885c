import { GatehouseError, isGatehouseError, Secret, type Cancellable } from "@gatehouse/shared";
import { z } from "zod";

import type { Credentials } from "../../domain/camera.ts";
import { getUsers, type CameraUser } from "../../protocols/onvif/management/users.ts";
import { accountsOf } from "../questions/ask-onvif.ts";
import { guessLogin } from "../questions/guess-login.ts";
import type { MendedCamera, Unfit } from "../remedy.ts";
import { builtInAccounts, defaultLogins, type DefaultLogin } from "../rules/default-logins.ts";
import { getWebUsers, hasPageByHand, hasTwoLists, type WebUser } from "./web-users.ts";

/** An account that is to have another password. */
export const RotatedAccount = z.strictObject({
  username: z.string(),
  /**
   * `own` is the one that the gateway changes settings with. `other` is changed by that. `seized` is an administrator whose factory password still
   * works, where the gateway's account may not change any: it is changed by its own password, and the gateway changes settings with it from then on.
   */
  whose: z.enum(["own", "other", "seized"]),
  /** As the camera lists it by ONVIF; null where it does not. */
  level: z.string().nullable(),
  /** The number of the account of that name on the camera's page, where that has a list of its own. */
  web: z.string().nullable(),
  old: z.string(),
});
export type RotatedAccount = z.infer<typeof RotatedAccount>;

/** Other accounts than the gateway's whose password is looked for empty, as many as a look does. */
const mostEmpty = 3;

/**
 * Which accounts need another password: those that still have the factory's, or none; and where there are no such, the gateway's own.
 * @throws GatehouseError where the camera cannot be spoken to
 */
export const accountsToRotate = async (
  camera: MendedCamera,
  cancel: Cancellable,
): Promise<readonly RotatedAccount[] | Unfit> => {
  const { credentials } = camera;
  if (camera.kind !== "onvif") return { unfit: "Only by ONVIF can the passwords of a camera be changed." };
  if (credentials === undefined) return { unfit: "The gateway has no account at this camera that could change one." };
  const listed = await accountsOf(camera, cancel);
  if (listed.kind === "refused") return accountsToSeize(camera, cancel);
  if (listed.kind === "fault") return { unfit: "The camera does not tell which accounts it has." };
  const web = await webUsersOf(camera, cancel);
  if ("unfit" in web) return web;
  const known: Known = { camera, listed: listed.value, web };
  const own = accountOf(known, { ...credentials, whose: "own" });
  if (own === undefined) return { unfit: `The camera does not list the account ${credentials.username}.` };
  const weak = await weakAccounts(known, cancel);
  return weak.length > 0 ? weak : [own];
};

/** Whoever has the factory's password may change it: so may the gateway, whose owner confirmed that it does. */
const accountsToSeize = async (
  camera: MendedCamera,
  cancel: Cancellable,
): Promise<readonly RotatedAccount[] | Unfit> => {
  const unfit = { unfit: `The account ${camera.username ?? ""} may not change accounts.` };
  if (hasTwoLists(camera.identity.vendor)) return unfit;
  for (const login of defaultLogins(camera.identity)) {
    if (login.username === camera.username) continue;
    if (!(await isRight(camera, login, cancel))) continue;
    const credentials = { username: login.username, password: Secret.of(login.password) };
    const onvif = await camera.onvif.as({ kind: "guess", ...credentials }, cancel);
    const account = accountOf({ listed: await getUsers(onvif, cancel), web: [] }, { ...credentials, whose: "seized" });
    if (account?.level?.toLowerCase() === "administrator") return [account];
  }
  return unfit;
};

const twoLists =
  "This maker keeps the passwords of its page and its stream apart from those of ONVIF: they are changed in the vendor's own words alone.";
const perhapsTwoLists =
  "This maker's newer cameras keep the passwords of their page and their stream apart from those of ONVIF, and take them by hand only; with older ones ONVIF's may be tried as if they were the vendor's own words.";

const webUsersOf = async (camera: MendedCamera, cancel: Cancellable): Promise<readonly WebUser[] | Unfit> => {
  const { identity, options } = camera;
  if (!hasTwoLists(identity.vendor)) return [];
  const byHand = hasPageByHand(identity.vendor);
  if (!options.vendor) return { unfit: byHand ? perhapsTwoLists : twoLists };
  if (byHand) return [];
  try {
    return await getWebUsers(camera, { kind: "gateway" }, cancel);
  } catch (error) {
    if (!isGatehouseError(error) || error.code === "camera-unreachable") throw error;
    return { unfit: "The camera's page does not let the gateway's account change passwords." };
  }
};

interface Known {
  readonly camera: MendedCamera;
  readonly listed: readonly CameraUser[];
  readonly web: readonly WebUser[];
}

const accountOf = (
  { listed, web }: Pick<Known, "listed" | "web">,
  { username, password, whose }: Credentials & Pick<RotatedAccount, "whose">,
): RotatedAccount | undefined => {
  const level = listed.find((user) => user.username === username)?.level ?? null;
  const id = web.find((user) => user.username === username)?.id ?? null;
  if (level === null && id === null) return undefined;
  return { username, whose, level, web: id, old: password.reveal() };
};

/** The gateway's own password costs no guess; a factory password that is right costs none either, and no other is tried then. */
const weakAccounts = async (known: Known, cancel: Cancellable): Promise<readonly RotatedAccount[]> => {
  const { camera } = known;
  const factory = defaultLogins(camera.identity);
  const own = [...factory, ""].some((one) => {
    if (typeof one !== "string" && one.username !== camera.username) return false;
    return camera.ownPasswordIs(Secret.of(typeof one === "string" ? one : one.password));
  });
  const found = await rightOnes(known, factory, cancel);
  const others = found.length > 0 || own ? found : await rightOnes(known, emptyLogins(known), cancel);
  const mine = own && camera.credentials && accountOf(known, { ...camera.credentials, whose: "own" });
  // The gateway's own last: until then its login is the old one.
  return mine ? [...others, mine] : others;
};

const emptyLogins = ({ camera, listed, web }: Known): readonly DefaultLogin[] => {
  const builtIn = builtInAccounts(camera.identity);
  const names = [...new Set([...listed, ...web].map(({ username }) => username))];
  return names
    .toSorted((a, b) => Number(builtIn.includes(b)) - Number(builtIn.includes(a)))
    .filter((name) => name !== camera.username && name !== camera.streamUsername)
    .slice(0, mostEmpty)
    .map((username) => ({ username, password: "" }));
};

const rightOnes = async (
  known: Known,
  logins: readonly DefaultLogin[],
  cancel: Cancellable,
): Promise<readonly RotatedAccount[]> => {
  const { camera } = known;
  const right: RotatedAccount[] = [];
  for (const login of logins) {
    const { username } = login;
    const account = accountOf(known, { username, password: Secret.of(login.password), whose: "other" });
    if (account === undefined || username === camera.username || username === camera.streamUsername) continue;
    if (await isRight(camera, login, cancel)) right.push(account);
  }
  return right;
};

/**
 * What a look has found wrong a while ago is not sent again.
 * @throws GatehouseError `probe-refused` where it may not be tried now: what is to be changed cannot be told then
 */
const isRight = async (camera: MendedCamera, login: DefaultLogin, cancel: Cancellable): Promise<boolean> => {
  if (camera.guesses.wasWrong(login)) return false;
  const guess = await guessLogin(camera, login, cancel);
  if (guess.kind !== "untried") return guess.kind === "right";
  const decision = camera.guesses.allowed(login.username, 1);
  const details = decision.kind === "refused" ? { retryInMs: decision.retryInMs } : {};
  throw new GatehouseError("probe-refused", guess.why, { details });
};
