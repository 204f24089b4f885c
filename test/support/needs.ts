import { describe } from "@jest/globals";

import { have, needs, type NeedName } from "./packages.ts";

/** A `describe` that is skipped, and counted as skipped, where a program is missing. */
export const describeWith = (names: readonly NeedName[], title: string, tests: () => void): void => {
  if (have(...names)) describe(title, tests);
  else describe.skip(`${title} (install: ${names.flatMap((name) => needs[name].packages).join(" ")})`, tests);
};
