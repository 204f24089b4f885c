/** Cameras lock an account, or whoever asks, for 30 minutes after as few as five wrong logins (Hikvision); some minutes are for their clocks. */
export const guessWindowMs: number = 35 * 60_000;
/** Of one account, over all protocols and programs. */
export const mostWrongGuesses = 2;

/** What became of passwords that were sent to one account, each by how many ms ago that was. */
export interface SentGuesses {
  /** Wrong ones, and those whose answer nobody has heard yet. */
  readonly wrong: readonly number[];
  /** Hints of the camera that it locks the account. */
  readonly locked: readonly number[];
}

export type GuessDecision =
  | { readonly kind: "allowed" }
  /** `why` completes "...". */
  | { readonly kind: "refused"; readonly why: string; readonly retryInMs: number };

/**
 * Whether one more password may be sent that may be wrong.
 * @param count so many of them, at most `mostWrongGuesses`
 */
export const decideGuess = ({ wrong, locked }: SentGuesses, count = 1): GuessDecision => {
  const recent = (ages: readonly number[]): number[] =>
    ages
      .map((age) => Math.max(0, age))
      .filter((age) => age < guessWindowMs)
      .sort((a, b) => a - b);
  const [lastLock] = recent(locked);
  if (lastLock !== undefined) {
    return { kind: "refused", why: "the camera hints that it locks this account", retryInMs: guessWindowMs - lastLock };
  }
  // The newest that count: there is room when the oldest of them that is too many is out of the window.
  const sent = recent(wrong);
  const counted = sent[mostWrongGuesses - count];
  if (counted === undefined) return { kind: "allowed" };
  const tried = sent.length === 1 ? "a password was" : `${sent.length} passwords were`;
  const why = `${tried} tried at this account within 35 minutes`;
  return { kind: "refused", why, retryInMs: guessWindowMs - counted };
};
