import { expect, it } from "@jest/globals";

import { judgeKnock, type Knock } from "./knock-policy.ts";

const good: Knock = { admitted: true, signed: true, outOfTurn: false, draining: false };

it.each<[Partial<Knock>, string]>([
  [{}, "open"],
  [{ draining: true }, "draining"],
  [{ admitted: false }, "refused"],
  [{ signed: false }, "refused"],
  [{ outOfTurn: true }, "refused"],
  // How the relay is tells nobody anything who did not prove a key.
  [{ admitted: false, draining: true }, "refused"],
  [{ signed: false, draining: true }, "refused"],
  [{ outOfTurn: true, draining: true }, "refused"],
  [{ admitted: false, signed: false }, "refused"],
])("answers to a knock that differs in %j with %s", (over, verdict) => {
  expect(judgeKnock({ ...good, ...over })).toBe(verdict);
});
