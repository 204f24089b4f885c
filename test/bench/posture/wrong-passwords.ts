import type { WrongPassword } from "../fleet-farm/farm.ts";

/** The budget: so many wrong passwords at most, in any such time, for one account of one camera, over all protocols. */
export const allowed = { most: 2, withinMs: 35 * 60_000 } as const;

/** The most that one account of this camera was sent within the budget's time. */
export const mostWrong = (tries: readonly WrongPassword[]): number =>
  Math.max(
    0,
    ...tries.map(
      ({ account, at }) =>
        tries.filter((other) => other.account === account && other.at >= at && other.at < at + allowed.withinMs).length,
    ),
  );
