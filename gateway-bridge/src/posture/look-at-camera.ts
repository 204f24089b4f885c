import {
  GatehouseError,
  isGatehouseError,
  withDeadline,
  type Cancellable,
  type CheckId,
  type Clock,
  type Logger,
} from "@gatehouse/shared";

import { unknown, type CameraCheck, type Outcome } from "./check.ts";
import { lateOnes, spendsGuesses } from "./check-order-policy.ts";
import { behind, sightingOf, wantsSecondLook, type KnownFinding, type Sighting } from "./finding-policy.ts";
import type { OpenProbedCamera } from "./probe/open-probed-camera.ts";
import type { ProbedCamera } from "./probe/probed-camera.ts";
import { Turnstile } from "./probe/turnstile.ts";

/** What was seen of one thing: twice where it differs from what was known. */
export interface Seen {
  readonly first: Sighting;
  readonly second?: Sighting | undefined;
}

export interface CameraLook {
  /** Each after those that it depends on. */
  readonly checks: readonly CameraCheck[];
  readonly camera: Pick<OpenProbedCamera, "afresh"> & ProbedCamera;
  readonly known: (check: CheckId) => KnownFinding | undefined;
  /** Takes what was seen, and answers whether the weakness is there. */
  readonly seen: (check: CameraCheck, seen: Seen) => boolean;
  /** Tells that a check begins. */
  readonly begins: (check: CameraCheck) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

const mostAtOnce = 4;
/** Every question of a check has a shorter limit; this is for one that asks without end. */
const checkMs = 45_000;

/** Looks at one camera, at most four checks at a time, none before those that it depends on. Throws only the signal's reason. */
export const lookAtCamera = async (look: CameraLook, cancel: Cancellable): Promise<void> => {
  const late = lateOnes(look.checks);
  const places = new Turnstile(mostAtOnce);
  const lastOne = new Turnstile(1);
  /** Whether what depends on it is hidden: the weakness is there, or it is itself hidden. */
  const done = new Map<CheckId, Promise<boolean>>();
  const early: Promise<boolean>[] = [];
  for (const check of look.checks) {
    const isLate = late.has(check.id);
    const before: readonly Promise<boolean>[] = isLate ? [...early] : [];
    const run = async (): Promise<boolean> => {
      await Promise.allSettled(before);
      const parent = await failingParent(check, look, done);
      using _alone = isLate ? await lastOne.enter(cancel) : undefined;
      using _place = await places.enter(cancel);
      cancel.signal.throwIfAborted();
      look.begins(check);
      const first =
        parent === undefined ? await sight(check, look.camera, look, cancel) : behind(parent, check.severity);
      const fails = look.seen(check, { first, second: await again(check, first, look, cancel) });
      return fails || first.status === "behind";
    };
    const running = run();
    running.catch(() => undefined);
    done.set(check.id, running);
    if (!isLate) early.push(running);
  }
  const outcomes = await Promise.allSettled(done.values());
  cancel.signal.throwIfAborted();
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
};

/** What keeps others from being looked at. */
const hiding: ReadonlySet<unknown> = new Set(["failed", "behind"]);

/** The title of a weakness that it depends on; undefined where there is none. */
const failingParent = async (
  check: CameraCheck,
  { checks, known }: CameraLook,
  done: ReadonlyMap<CheckId, Promise<boolean>>,
): Promise<string | undefined> => {
  for (const parent of check.parents ?? []) {
    // One of the home's, or one that is not looked at this time, is as it was.
    const hides = (await done.get(parent)) ?? hiding.has(known(parent)?.status);
    if (hides) return checks.find(({ id }) => id === parent)?.title ?? parent;
  }
  return undefined;
};

const again = async (
  check: CameraCheck,
  first: Sighting,
  look: CameraLook,
  cancel: Cancellable,
): Promise<Sighting | undefined> => {
  if (spendsGuesses(check) || !wantsSecondLook(look.known(check.id), first)) return undefined;
  return sight(check, look.camera.afresh(), look, cancel);
};

const sight = (
  check: CameraCheck,
  camera: ProbedCamera,
  { clock, log }: Pick<CameraLook, "clock" | "log">,
  cancel: Cancellable,
): Promise<Sighting> =>
  trying(
    { check, clock, log },
    async (bounded) => sightingOf(await check.look(camera, bounded), check.severity),
    cancel,
  );

/** What cannot be found out is unknown, whatever the reason. Throws only the signal's reason. */
export const trying = async (
  {
    check,
    clock,
    log,
  }: { readonly check: Pick<CameraCheck, "id" | "severity">; readonly clock: Clock; readonly log: Logger },
  look: (cancel: Cancellable) => Promise<Sighting>,
  { signal }: Cancellable,
): Promise<Sighting> => {
  try {
    return await withDeadline({ clock, ms: checkMs, what: "the end of a check", signal }, look);
  } catch (error) {
    signal.throwIfAborted();
    return { ...sightingOf(failureOf(check.id, error, log), check.severity), refused: isRefusedByBudget(error) };
  }
};

const isRefusedByBudget = (error: unknown): boolean => isGatehouseError(error) && error.code === "probe-refused";

/** Why it could not be found out. */
export const failureOf = (check: CheckId, error: unknown, log: Logger): Outcome => {
  if (isGatehouseError(error)) return unknown(error.message);
  const { message } = new GatehouseError("internal", String(error));
  log.error("a check failed by a fault of its own", { check, error: message });
  return unknown("The check itself failed; the gateway's log says how.");
};
