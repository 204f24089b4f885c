import { setTimeout as delay } from "node:timers/promises";

import { codeAt, nextStep } from "../../gateway-bridge/src/access/people/testing/authenticator.ts";

/** How long somebody takes at most from looking at the authenticator to the gateway's answer, ms. */
const typingMs = 8_000;

/** What an authenticator shows, as people take it: the next code, where this one is about to be over. */
export const freshCode = async (secret: string): Promise<string> => {
  const due = nextStep(Date.now());
  if (due - Date.now() < typingMs) while (Date.now() < due) await delay(due - Date.now());
  return codeAt(secret, Date.now());
};
