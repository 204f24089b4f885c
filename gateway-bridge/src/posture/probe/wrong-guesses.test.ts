import { fakeCameraId, TestClock } from "@gatehouse/shared/testing";
import { expect, it } from "@jest/globals";

import { guessWindowMs } from "./guess-budget-policy.ts";
import { WrongGuesses } from "./wrong-guesses.ts";

it("remembers a wrong guess for as long as cameras count it, of that camera and that very login", async () => {
  const clock = new TestClock();
  const wrong = new WrongGuesses(clock);
  const [front, garden] = [fakeCameraId("a"), fakeCameraId("b")];
  const login = { username: "admin", password: "12345" };
  wrong.add(front, login);
  expect(wrong.has(front, login)).toBe(true);
  expect(wrong.has(garden, login)).toBe(false);
  for (const other of [
    { ...login, password: "" },
    { ...login, username: "root" },
    { username: "admin:1", password: "2345" },
  ])
    expect(wrong.has(front, other)).toBe(false);
  await clock.advance(guessWindowMs - 1);
  expect(wrong.has(front, login)).toBe(true);
  await clock.advance(1);
  expect(wrong.has(front, login)).toBe(false);
});
