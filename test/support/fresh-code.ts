import { systemClock, type Clock } from "@gatehouse/shared";
import { setTimeout as delay } from "node:timers/promises";

import { codeAt, nextStep } from "../../gateway-bridge/src/access/people/testing/authenticator.ts";

/** How long somebody takes at most from looking at the authenticator to the gateway's answer, ms. */
const typingMs = 8_000;

/** What an authenticator shows, as people take it: the next code, where this one is about to be over. `clock` is the gateway's. */
export const freshCode = async (secret: string, clock: Pick<Clock, "now"> = systemClock): Promise<string> => {
  const due = nextStep(clock.now());
  if (due - clock.now() < typingMs) while (clock.now() < due) await delay(due - clock.now());
  return codeAt(secret, clock.now());
};
