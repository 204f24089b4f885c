import { GatehouseError, Secret, type Cancellable } from "@gatehouse/shared";
import { z } from "zod";

import type { Credentials } from "../../domain/camera.ts";
import { setUser } from "../../protocols/onvif/management/users.ts";
import type { LoginPlane } from "../probe/own-logins.ts";
import type { ProbeLogin } from "../probe/probed-camera.ts";
import type { Before, DrawPassword, MendedCamera, MendTools, Preview, Remedy, Unfit, Verdict } from "../remedy.ts";
import { isTooLong, passwordLengths } from "./draw-for-camera.ts";
import { LoginPlace, loginPlaces, planeNames, tryLogin, type LoginAnswer } from "./login-places.ts";
import { mostAccounts } from "./pending-logins.ts";
import { refusalProofs, type ToldPlanes } from "./refusal-proof-policy.ts";
import { accountsToRotate, RotatedAccount } from "./rotated-accounts.ts";
import { waitFor } from "./rotation-wait.ts";
import { hasPageByHand, hasTwoLists, setWebPassword } from "./web-users.ts";

/** Cameras say yes to a password before every part of them knows it. */
const settlingMs = 2_000;

const PlannedAccount = RotatedAccount.extend({
  /** Where it logged in before: the new password must be taken there. */
  places: z.array(LoginPlace),
  /** Whether page and stream may have passwords of their own, which only a person can change; kept, because a camera in doubt is not asked who made it. */
  perhapsApart: z.boolean().default(false),
});
type PlannedAccount = z.infer<typeof PlannedAccount>;
const Plan = z.strictObject({ accounts: z.array(PlannedAccount).min(1).max(mostAccounts) });

interface Turn {
  readonly camera: MendedCamera;
  readonly account: PlannedAccount;
  readonly purpose: string;
  readonly tools: MendTools;
  readonly cancel: Cancellable;
}

/**
 * Gives accounts passwords that the gateway draws: those that have the factory's password or none, else its own. The new password is in the
 * vault before the camera hears of it, and becomes the gateway's login when every plane has taken it.
 */
export class RotatePassword implements Remedy {
  readonly id = "rotate-password";
  readonly plane = "onvif";
  readonly proven = false;
  readonly changesLogin = true;
  readonly #draw: DrawPassword;

  constructor(draw: DrawPassword) {
    this.#draw = draw;
  }

  async preview(camera: MendedCamera, cancel: Cancellable): Promise<Preview | Unfit> {
    const accounts = await accountsToRotate(camera, cancel);
    if ("unfit" in accounts) return accounts;
    const wait = waitFor(camera, accounts.map(withLists));
    return {
      steps: [
        ...accounts.map(({ username, whose }) => `Give the account ${username} ${words[whose]}`),
        "Log in with it by ONVIF, on its page and at its stream, and show that the old one is refused.",
        ...(hasPageByHand(camera.identity.vendor) ? [tryingOnly] : []),
      ],
      stops: accounts.map(
        ({ username }) => `Whatever logs in to the camera as ${username}: its maker's app, a recorder, a browser.`,
      ),
      undoable: false,
      ...(wait !== undefined && { wait }),
    };
  }

  async remember(camera: MendedCamera, _tools: MendTools, cancel: Cancellable): Promise<Before> {
    const accounts = await accountsToRotate(camera, cancel);
    if ("unfit" in accounts) throw new GatehouseError("remedy-unfit", accounts.unfit);
    const wait = waitFor(camera, accounts.map(withLists));
    if (wait !== undefined) {
      const details = { retryInMs: wait.until - camera.clock.now() };
      throw new GatehouseError("probe-refused", wait.why, { details });
    }
    const places = await loginPlaces(camera, "administrator", cancel);
    const planned: PlannedAccount[] = [];
    const perhapsApart = hasPageByHand(camera.identity.vendor);
    for (const account of accounts)
      planned.push({ ...account, places: await placesOf(camera, account, places, cancel), perhapsApart });
    const blind = planned.find(({ places: own }) => own.length === 0);
    if (blind === undefined) return Plan.parse({ accounts: planned });
    const why = `Nothing at this camera asks for the password of ${blind.username}, so a new one could not be proved.`;
    throw new GatehouseError("remedy-unfit", why);
  }

  async apply(camera: MendedCamera, before: Before, tools: MendTools, cancel: Cancellable): Promise<void> {
    for (const turn of turnsOf(camera, before, tools, cancel)) await this.#rotate(turn);
  }

  async verify(camera: MendedCamera, before: Before, tools: MendTools, cancel: Cancellable): Promise<Verdict> {
    const evidence: string[] = [];
    for (const turn of turnsOf(camera, before, tools, cancel)) {
      const verdict = await verifyOne(turn);
      if (verdict.kind === "not-fixed") return verdict;
      evidence.push(...verdict.evidence);
    }
    return { kind: "fixed", evidence };
  }

  async commit(camera: MendedCamera, before: Before, tools: MendTools): Promise<void> {
    forEachPending(before, (purpose) => tools.pending.drop(camera.id, purpose));
  }

  async undo(camera: MendedCamera, before: Before, tools: MendTools, cancel: Cancellable): Promise<void> {
    // The gateway's own first: without it nothing else can be changed.
    for (const turn of turnsOf(camera, before, tools, cancel).toReversed()) await undoOne(turn, bringBack);
  }

  async #rotate(turn: Turn): Promise<void> {
    const { camera, account, purpose, tools, cancel } = turn;
    const resumed = tools.pending.get(camera.id, purpose);
    if (resumed === undefined && isCommitted(turn)) return;
    try {
      const next = await this.#tell(turn, resumed);
      await tools.clock.delay(settlingMs, cancel);
      await prove(turn, next);
    } catch (error) {
      // At once, while it is known which login works where: later that would have to be found out by wrong ones.
      if (!cancel.signal.aborted) await undoOne(turn, takeFromIt).catch(leaveToUndo);
      throw error;
    }
    if (account.whose === "own") tools.pending.commit(camera.id, purpose);
    if (account.whose === "seized") tools.pending.commit(camera.id, purpose, "settings");
  }

  /** Tells every list of users that does not have it yet; shorter ones, where the camera finds it too long. */
  async #tell(turn: Turn, resumed: Credentials | undefined): Promise<Credentials> {
    const { camera, account, purpose, tools, cancel } = turn;
    if (resumed !== undefined) {
      await tellAll(turn, resumed, { asked: true });
      return resumed;
    }
    const { username } = account;
    const lengths = await passwordLengths(await camera.onvif.as(gateway, cancel), camera.identity.vendor, cancel);
    for (const [index, longest] of lengths.entries()) {
      const next = { username, password: this.#draw({ longest, kinds: 2 }) };
      tools.pending.put(camera.id, purpose, next);
      try {
        await tellAll(turn, next, { asked: false });
        return next;
      } catch (error) {
        if (!isTooLong(error) || index === lengths.length - 1) throw error;
      }
    }
    throw new GatehouseError("remedy-failed", "The camera finds every password too long.");
  }
}

const gateway = { kind: "gateway" } as const satisfies ProbeLogin;
const words: Readonly<Record<RotatedAccount["whose"], string>> = {
  own: "a password of its own, drawn by chance and known to this gateway alone.",
  other: "a password drawn by chance that nobody knows: the gateway's account stays to give it another.",
  seized: "a password drawn by chance in place of the factory's; the gateway keeps it, to change settings with.",
};

const tryingOnly =
  "This maker's newer cameras have passwords of their own for page and stream: if those do not take the new one, put the old one back.";
const twoByHand =
  "This camera keeps two lists of passwords, so the old one is put back. By hand: choose Setup, System, Account on its page, then the page ONVIF User, and give the account the same new password on both; then add the camera to Gatehouse anew with it.";

const guessOf = ({ username, password }: Credentials): ProbeLogin => ({
  kind: "guess",
  username,
  password,
  secret: true,
});
const oldOf = ({ username, old }: RotatedAccount): Credentials => ({ username, password: Secret.of(old) });
const purposeOf = ({ whose }: PlannedAccount, index: number): string =>
  whose === "other" ? `rotate-password/${index}` : "rotate-password";

const forEachPending = (before: Before, run: (purpose: string) => void): void => {
  for (const [index, account] of Plan.parse(before).accounts.entries()) run(purposeOf(account, index));
};

const turnsOf = (camera: MendedCamera, before: Before, tools: MendTools, cancel: Cancellable): readonly Turn[] =>
  Plan.parse(before).accounts.map((account, index) => ({
    ...{ camera, account, tools, cancel },
    purpose: purposeOf(account, index),
  }));

const planesOf = ({ places }: PlannedAccount): readonly LoginPlane[] => places.map(({ plane }) => plane);

/** What the camera answers to this login on that plane; undefined where there is nothing to ask. */
const attempt = async (
  turn: Turn,
  plane: LoginPlane | undefined,
  login: ProbeLogin,
): Promise<LoginAnswer | undefined> => {
  const { camera, account, cancel } = turn;
  const place = account.places.find((one) => one.plane === plane);
  return place === undefined ? undefined : tryLogin(camera, place, login, cancel);
};

/** Where the account logs in now. */
const placesOf = async (
  camera: MendedCamera,
  account: RotatedAccount,
  places: readonly LoginPlace[],
  cancel: Cancellable,
): Promise<LoginPlace[]> => {
  const told = toldPlanes(account);
  const login = loginByOld(camera, account);
  const own: LoginPlace[] = [];
  for (const place of places) {
    if (place.plane === "onvif" ? !told.includes("onvif") : told.length === 1 && isApart(camera, told)) continue;
    if ((await tryLogin(camera, place, login, cancel)) === "taken") own.push(place);
  }
  return own;
};

/**
 * Whether the page and the stream are known to have other accounts than the one that is told of. Where nobody knows, they are asked: a login that was
 * right there before has to be right afterwards.
 */
const isApart = ({ identity }: MendedCamera, told: ToldPlanes): boolean =>
  hasTwoLists(identity.vendor) && !hasPageByHand(identity.vendor) && !told.includes("web");

/**
 * The old password, as a login. The gateway's own is known to be right, and takes nothing from what may be guessed; but streams may be opened with
 * another account than settings are changed with.
 */
const loginByOld = (camera: MendedCamera, account: RotatedAccount): ProbeLogin =>
  account.whose === "own" && camera.streamUsername === account.username ? gateway : guessOf(oldOf(account));

const toldPlanes = ({ level, web }: RotatedAccount): ToldPlanes => [
  ...(level === null ? [] : (["onvif"] as const)),
  ...(web === null ? [] : (["web"] as const)),
];

const withLists = (account: RotatedAccount): { readonly username: string; readonly lists: number } => ({
  username: account.username,
  lists: toldPlanes(account).length,
});

/** Nothing is pending, and the gateway changes settings with this account and another password than the old one. */
const isCommitted = ({ camera, account }: Turn): boolean =>
  account.whose !== "other" && camera.username === account.username && !camera.ownPasswordIs(oldOf(account).password);

/** @param asked whether the camera may have it already */
const tellAll = async (turn: Turn, next: Credentials, { asked }: { readonly asked: boolean }): Promise<void> => {
  for (const list of toldPlanes(turn.account)) {
    // Another's account is told by the gateway's own login, which works whatever that one's password is.
    if (asked && turn.account.whose !== "other" && (await hasTaken(turn, list, next))) continue;
    const as = turn.account.whose === "seized" ? guessOf(oldOf(turn.account)) : gateway;
    await tellList(turn, list, { credentials: next, as });
  }
};

const hasTaken = async (turn: Turn, list: ToldPlanes[number], next: Credentials): Promise<boolean> =>
  (await attempt(turn, showing(turn, list), guessOf(next))) === "taken";

/** Where it shows what that list of users holds. */
const showing = ({ account }: Turn, list: ToldPlanes[number]): LoginPlane | undefined => {
  const planes: readonly LoginPlane[] = list === "onvif" ? ["onvif", "rtsp", "http"] : ["http", "rtsp"];
  return planes.find((one) => planesOf(account).includes(one));
};

const tellList = async (
  { camera, account, cancel }: Turn,
  list: ToldPlanes[number],
  { credentials, as }: { readonly credentials: Credentials; readonly as: ProbeLogin },
): Promise<void> => {
  const { username, level, web } = account;
  const { password } = credentials;
  if (list === "onvif" && level !== null) {
    await setUser(await camera.onvif.as(as, cancel), { username, level, password }, cancel);
  }
  if (list === "web" && web !== null) await setWebPassword(camera, { id: web, username, password }, as, cancel);
};

/** @throws GatehouseError `remedy-failed` where a plane does not take it that took the old one */
const prove = async (turn: Turn, next: Credentials): Promise<void> => {
  for (const plane of planesOf(turn.account)) {
    if ((await attempt(turn, plane, guessOf(next))) === "taken") continue;
    await forgetIfRefused(turn, plane);
    const why = `The camera said yes, but ${planeNames[plane]} does not take the new password.`;
    const apart = plane !== "onvif" && turn.account.perhapsApart;
    throw new GatehouseError("remedy-failed", apart ? `${why} ${twoByHand}` : why);
  }
};

/** What cannot be taken back now is the engine's to take back, as often as that takes. */
const leaveToUndo = (): void => undefined;

/** Where the camera did nothing at all, its old password is right still: nothing is in doubt, and nothing needs undoing. */
const forgetIfRefused = async (turn: Turn, plane: LoginPlane): Promise<void> => {
  const { camera, account, purpose, tools } = turn;
  if (account.whose === "other" || plane !== planesOf(account)[0]) return;
  if ((await attempt(turn, plane, loginByOld(camera, account))) === "taken") tools.pending.drop(camera.id, purpose);
};

/** @throws GatehouseError `probe-refused` while so many wrong passwords would be more than the camera is sent in a while */
const assertRoom = ({ camera, account: { username } }: Turn, guesses: number): void => {
  const wait = waitFor(camera, [{ username, lists: guesses }]);
  if (wait === undefined) return;
  const details = { retryInMs: wait.until - camera.clock.now() };
  throw new GatehouseError("probe-refused", wait.why, { details });
};

const verifyOne = async (turn: Turn): Promise<Verdict> => {
  const { camera, account, purpose, tools } = turn;
  const { username } = account;
  const planes = planesOf(account);
  const next = account.whose === "other" ? tools.pending.get(camera.id, purpose) : camera.credentials;
  const login = next === undefined ? gateway : guessOf(next);
  for (const plane of planes) {
    if ((await attempt(turn, plane, login)) === "taken") continue;
    return { kind: "not-fixed", why: `The new password of ${username} is not taken at ${planeNames[plane]}.` };
  }
  const proofs = refusalProofs(toldPlanes(account), planes);
  // For all of them at once: each time that it is begun anew it would spend what the next one lacks.
  assertRoom(turn, proofs.length);
  for (const plane of proofs) {
    const answer = await attempt(turn, plane, guessOf(oldOf(account)));
    if (answer === "refused") continue;
    const what = answer === "taken" ? "is still taken" : "could not be tried";
    return { kind: "not-fixed", why: `The old password of ${username} ${what} at ${planeNames[plane]}.` };
  }
  const named = (list: readonly LoginPlane[]): string => list.map((plane) => planeNames[plane]).join(", ");
  return {
    kind: "fixed",
    evidence: [
      `${username}: the new password is taken by ${named(planes)}; the old one is refused by ${named(proofs)}.`,
    ],
  };
};

/** Has one list of users have the old password again. @param pending the new one, which the list may have */
type BringBack = (turn: Turn, list: ToldPlanes[number], pending: Credentials) => Promise<void>;

const undoOne = async (turn: Turn, back: BringBack): Promise<void> => {
  const { camera, account, purpose, tools, cancel } = turn;
  const pending = tools.pending.get(camera.id, purpose);
  if (pending === undefined && isCommitted(turn)) {
    const what = `The gateway logs in as ${account.username} with the new password.`;
    throw new GatehouseError("remedy-failed", what);
  }
  if (pending === undefined) return;
  for (const list of toldPlanes(account).toReversed()) {
    if (account.whose === "other") await tellList(turn, list, { credentials: oldOf(account), as: gateway });
    else await back(turn, list, pending);
  }
  await tools.clock.delay(settlingMs, cancel);
  if (!(await takesOld(turn))) {
    const message = "The camera takes neither the old password nor the new one now.";
    throw new GatehouseError("camera-credentials", message);
  }
  tools.pending.drop(camera.id, purpose);
};

/** Just after it was told: most likely it has the new one, and that costs no wrong guess. */
const takeFromIt: BringBack = async (turn, list, pending) => {
  if (!(await hasTaken(turn, list, pending))) return;
  await tellList(turn, list, { credentials: oldOf(turn.account), as: guessOf(pending) });
};

/**
 * Later, when nobody knows which it has. The old one is tried first, because a list that has it back costs nothing when all of this is begun
 * again; and only while there is room for one that is wrong and another that is right: else each time would spend what the next needs, for ever.
 */
const bringBack: BringBack = async (turn, list, pending) => {
  const { account } = turn;
  assertRoom(turn, 2);
  if ((await attempt(turn, showing(turn, list), guessOf(oldOf(account)))) !== "refused") return;
  await tellList(turn, list, { credentials: oldOf(account), as: guessOf(pending) });
};

/** The gateway's own login may stand refused from when the new password was in force: then the old one is tried like any other. */
const takesOld = async (turn: Turn): Promise<boolean> => {
  const { camera, account } = turn;
  const [first] = planesOf(account);
  const login = loginByOld(camera, account);
  if ((await attempt(turn, first, login)) === "taken") return true;
  return login.kind === "gateway" && (await attempt(turn, first, guessOf(oldOf(account)))) === "taken";
};
