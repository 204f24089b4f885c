import { clockTime } from "../clock-time.ts";
import type { MendedCamera, Wait } from "../remedy.ts";

/** An account, and in how many lists of users its password is changed. */
interface ChangedAccount {
  readonly username: string;
  readonly lists: number;
}

/**
 * How long these accounts have to be left alone before their passwords are changed. That the old one is refused is shown once for each list, and
 * the camera counts that as a wrong password; so there has to be room for it before anything is changed, not when the password is in doubt
 * already. Undefined where there is.
 */
export const waitFor = (
  { guesses, clock }: Pick<MendedCamera, "guesses" | "clock">,
  accounts: readonly ChangedAccount[],
): Wait | undefined => {
  let longest: Wait | undefined;
  for (const { username, lists } of accounts) {
    const decision = guesses.allowed(username, Math.max(1, lists));
    if (decision.kind === "allowed") continue;
    const until = clock.now() + decision.retryInMs;
    if (longest !== undefined && longest.until >= until) continue;
    const why = `The password of ${username} is not changed before ${clockTime(until)}, so that the camera does not lock the account: ${decision.why}.`;
    longest = { until, why };
  }
  return longest;
};
