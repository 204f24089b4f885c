import { GatehouseError, type CheckId } from "@gatehouse/shared";

import type { Check } from "./check.ts";

/**
 * Checks that may spend an account's wrong passwords, or send what a camera may count as one. They come last, when it is known of the gateway's
 * own login that it is right wherever the other checks use it. What they see needs no second look, which would spend as much again: a password
 * is taken or refused in so many words.
 */
const spending: ReadonlySet<CheckId> = new Set(["CAM-PWD-DEFAULT", "CAM-PWD-EMPTY", "ONVIF-REPLAY"]);

export const spendsGuesses = ({ id }: Pick<Check, "id">): boolean => spending.has(id);

/** Those that come last: what spends guesses, and what depends on that. */
export const lateOnes = (ordered: readonly Check[]): ReadonlySet<CheckId> => {
  const late = new Set<CheckId>();
  for (const check of ordered) {
    if (spendsGuesses(check) || check.parents?.some((parent) => late.has(parent)) === true) late.add(check.id);
  }
  return late;
};

/** The wanted checks and all that they depend on; every check after those that it depends on. */
export const inOrder = <C extends Check>(checks: readonly C[], wanted?: readonly CheckId[]): readonly C[] => {
  const byId = new Map(checks.map((check) => [check.id, check]));
  const ordered = new Set<C>();
  const visit = (id: CheckId, path: readonly CheckId[]): void => {
    if (path.includes(id)) {
      throw new GatehouseError("internal", `checks depend on each other in a circle: ${[...path, id].join(", ")}`);
    }
    const check = byId.get(id);
    if (check === undefined || ordered.has(check)) return;
    for (const parent of check.parents ?? []) visit(parent, [...path, id]);
    ordered.add(check);
  };
  for (const id of wanted ?? byId.keys()) visit(id, []);
  return [...ordered];
};
