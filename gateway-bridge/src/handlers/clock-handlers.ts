import type { Clock } from "@gatehouse/shared";

import type { ClockSense } from "../access/clock-sense.ts";
import type { Handlers } from "../api/handlers.ts";

export const clockHandlers = ({
  clockSense,
  clock,
}: {
  readonly clockSense: ClockSense;
  readonly clock: Clock;
}): Pick<Handlers, "confirmClock"> => ({
  confirmClock: async () => {
    clockSense.confirm();
    return { now: clock.now() };
  },
});
