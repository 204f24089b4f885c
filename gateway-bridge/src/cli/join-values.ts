import type { ParseArgsConfig } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;

/**
 * What follows an option that takes a value is its value, also where it begins with a dash, as one fingerprint in 64 does; but the name of
 * another option tells that the value was forgotten. Node asks in either case, and leaves it to people to join the two.
 */
export const joinValues = (words: readonly string[], options: Options): string[] => {
  const joined: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const [word = "", next = ""] = words.slice(index, index + 2);
    if (word === "--") return [...joined, ...words.slice(index)];
    if (takesValue(word, options) && next.startsWith("-") && !isOption(next, options)) {
      joined.push(`${word}=${next}`);
      index += 1;
    } else joined.push(word);
  }
  return joined;
};

const takesValue = (word: string, options: Options): boolean =>
  Object.entries(options).some(([name, { type }]) => type === "string" && word === `--${name}`);

/** `--name`, `--name=value`, `-n`, or the end of options. */
const isOption = (word: string, options: Options): boolean => {
  const [head = ""] = word.split("=", 1);
  const names = Object.entries(options).flatMap(([name, { short }]) => [`--${name}`, ...(short ? [`-${short}`] : [])]);
  return ["--", ...names].includes(head);
};
