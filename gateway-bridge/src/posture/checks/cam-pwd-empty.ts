import type { Cancellable } from "@gatehouse/shared";

import { behindAnother, failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import { accountsOf } from "../questions/ask-onvif.ts";
import { guessLogin } from "../questions/guess-login.ts";
import { builtInAccounts, defaultLogins } from "../rules/default-logins.ts";

/**
 * Accounts that are tried in one look. Some cameras lock an address out after five wrong logins over all accounts (Hikvision's manual), and
 * the factory password costs one, too.
 */
const mostAccounts = 3;

export const camPwdEmpty: CameraCheck = {
  id: "CAM-PWD-EMPTY",
  scope: "camera",
  severity: "critical",
  title: "An account has no password",
  why: [
    "Anybody who reaches the camera can log in by leaving the password empty.",
    "It is the first thing that programs try which search for cameras.",
  ],
  provision: "5.1-1",
  ncsc: "change-default-password",
  remedies: [{ remedy: "rotate-password", plane: "onvif" }],
  guide: (camera) => guideFor("CAM-PWD-EMPTY", camera),
  look: async (camera, cancel) => {
    const accounts = await accountsToTry(camera, cancel);
    if (accounts.length === 0) return notApplicable("It has no account but those that Gatehouse made.");
    const untried: string[] = [];
    let open: string | undefined;
    for (const username of accounts) {
      const guess = await guessLogin(camera, { username, password: "" }, cancel);
      if (guess.kind === "right") return failed(`The account ${username} has no password: ${guess.where} takes it.`);
      if (guess.kind === "untried") untried.push(guess.why);
      if (guess.kind === "open") open = guess.why;
    }
    if (open !== undefined) return behindAnother(open);
    const [why] = untried;
    return why === undefined ? passed(`${accounts.join(", ")}: an empty password was refused.`) : unknown(why);
  },
};

/** The gateway's own first, which costs no guess; then those that the camera lists, or the factory's where it lists none. */
const accountsToTry = async (camera: ProbedCamera, cancel: Cancellable): Promise<readonly string[]> => {
  const own = camera.username === undefined ? [] : [camera.username];
  const asked = camera.kind === "onvif" ? await accountsOf(camera, cancel) : undefined;
  const listed = asked?.kind === "answer" ? asked.value.map(({ username }) => username) : [];
  const factory = defaultLogins(camera.identity).map(({ username }) => username);
  // Hikvision and Dahua list the accounts of ONVIF alone; the factory's is not among them.
  const apart = ["hikvision", "dahua"].includes(camera.identity.vendor);
  const others =
    listed.length === 0 || apart ? [...factory, ...listed] : inOrder(listed, builtInAccounts(camera.identity));
  const foreign = [...new Set(others)].filter((name) => name !== camera.username && name !== camera.streamUsername);
  return [...own, ...foreign.slice(0, mostAccounts)];
};

/** The built-in ones first: everybody knows their names. */
const inOrder = (listed: readonly string[], builtIn: readonly string[]): readonly string[] => [
  ...listed.filter((name) => builtIn.includes(name)),
  ...listed.filter((name) => !builtIn.includes(name)),
];
