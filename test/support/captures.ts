import { describe, it } from "@jest/globals";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Captures of real cameras lie beside a checkout, where there are any; they are others' and never part of the project. */
export const captures = fileURLToPath(new URL("../../../shared/data/", import.meta.url));

/**
 * A `describe` that is skipped, and counted as one skipped test, where the captures are absent. Its body does not run
 * then: it may read them to know what to test.
 */
export const describeWithCaptures = (title: string, tests: () => void): void => {
  if (existsSync(captures)) describe(title, tests);
  else it.skip(`${title} (needs the captures of real cameras)`, () => undefined);
};
