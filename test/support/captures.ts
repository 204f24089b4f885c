import { describe } from "@jest/globals";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Captures of real cameras lie beside a checkout, where there are any; they are others' and never part of the project. */
export const captures = fileURLToPath(new URL("../../../shared/data/", import.meta.url));

/** A `describe` that is skipped, and counted as skipped, where the captures are absent. */
export const describeWithCaptures = (title: string, tests: () => void): void => {
  if (existsSync(captures)) describe(title, tests);
  else describe.skip(title, tests);
};
