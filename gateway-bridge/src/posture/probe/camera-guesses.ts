import type { GuessDecision } from "./guess-budget-policy.ts";
import type { CameraGate } from "./probe-budget.ts";
import type { GuessedLogin } from "./wrong-guesses.ts";

/** What may still be guessed at one camera, and what need not be. */
export interface CameraGuesses {
  /** Whether so many passwords may go to this account now that may be wrong. Spends nothing. */
  allowed(username: string, count: number): GuessDecision;
  /** Whether this very guess was wrong within the last 35 minutes. */
  wasWrong(login: GuessedLogin): boolean;
  noteWrong(login: GuessedLogin): void;
}

export const guessesThrough = ({ ledger, place }: Pick<CameraGate, "ledger" | "place">): CameraGuesses => ({
  allowed: (username, count) => ledger.judge({ ...place, username }, count),
  wasWrong: (login) => ledger.wrong.has(place.camera, login),
  noteWrong: (login) => ledger.wrong.add(place.camera, login),
});
