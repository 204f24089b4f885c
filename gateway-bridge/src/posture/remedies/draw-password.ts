import { Secret } from "@gatehouse/shared";
import { randomInt } from "node:crypto";

import type { DrawPassword, PasswordLimits } from "../remedy.ts";

const kinds = ["abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", "._-"] as const;
const all = kinds.join("");
const eachKind = kinds.map((kind) => new RegExp(`[${kind}]`));
/** 36 bits beside the words' 38: a password that was overheard as an MD5 digest falls to no graphics card. */
const charactersBehindWords = 6;
/** Shorter ones than this leave no room for three words of usual length. */
const shortestWithWords = 22;
const mostDraws = 200;
/** Of what a camera takes: fewer characters, whatever they are, could be guessed offline. */
export const shortestPassword = 8;

/**
 * Draws passwords that cameras take: three random words and random characters, or random characters alone where they would not fit. Only
 * `[A-Za-z0-9._-]`, because cameras mend other signs; all four kinds are in each.
 * @param proposeWords draws three words: `acid-burner-trimming`
 */
export const createDrawPassword =
  (proposeWords: () => string): DrawPassword =>
  ({ longest }: PasswordLimits) => {
    if (longest < shortestPassword) throw new RangeError(`a camera that takes no more than ${longest} characters`);
    const words =
      longest >= shortestWithWords ? wordsWithin(proposeWords, longest - charactersBehindWords - 1) : undefined;
    return Secret.of(
      words === undefined ? drawCharacters(longest) : `${words}.${drawCharacters(charactersBehindWords)}`,
    );
  };

const wordsWithin = (propose: () => string, longest: number): string | undefined => {
  for (let draw = 0; draw < mostDraws; draw += 1) {
    const words = propose();
    if (words.length <= longest && /^[a-z-]+$/.test(words)) return words;
  }
  return undefined;
};

/** Drawn anew until every kind is there: each that has them all is as likely as any other. */
const drawCharacters = (count: number): string => {
  for (;;) {
    const text = Array.from({ length: count }, () => all.charAt(randomInt(all.length))).join("");
    if (eachKind.every((kind) => kind.test(text))) return text;
  }
};
