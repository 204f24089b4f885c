import { afterEach, expect, it, jest } from "@jest/globals";

import { PullPoint } from "./pull-point.ts";

afterEach(() => {
  jest.useRealTimers();
});

const open = (): PullPoint => new PullPoint(() => undefined);
const patient = { timeoutMs: 60_000, signal: new AbortController().signal };

it("hands out what has come, in order and up to the limit", async () => {
  using point = open();
  for (const message of ["a", "b", "c"]) point.push(message);
  expect(await point.pull(2, patient)).toEqual(["a", "b"]);
  expect(await point.pull(2, patient)).toEqual(["c"]);
});

it("keeps the newest hundred when nobody pulls", async () => {
  using point = open();
  for (let count = 0; count < 150; count += 1) point.push(String(count));
  const messages = await point.pull(1_000, patient);
  expect([messages.length, messages[0], messages.at(-1)]).toEqual([100, "50", "149"]);
});

it("ends a waiting pull empty when another takes its place", async () => {
  using point = open();
  const first = point.pull(1, patient);
  const second = point.pull(1, patient);
  point.push("a");
  expect(await Promise.all([first, second])).toEqual([[], ["a"]]);
});

it("keeps a message for the next pull when the waiting one is gone", async () => {
  using point = open();
  const gone = new AbortController();
  const waiting = point.pull(1, { ...patient, signal: gone.signal });
  gone.abort();
  point.push("a");
  expect(await waiting).toEqual([]);
  expect(await point.pull(1, patient)).toEqual(["a"]);
});

it("lasts for as long as its renewal says", () => {
  jest.useFakeTimers();
  let ended = false;
  const point = new PullPoint(() => (ended = true));
  point.renew(1_000);
  jest.advanceTimersByTime(999);
  point.renew(60_000);
  jest.advanceTimersByTime(59_999);
  expect([ended, point.remainingMs]).toEqual([false, 1]);
  jest.advanceTimersByTime(1);
  expect(ended).toBe(true);
});

it("reports its end once, by time or by command", async () => {
  const ended = Promise.withResolvers<string>();
  new PullPoint(() => ended.resolve("by time")).renew(1);
  expect(await ended.promise).toBe("by time");
  let ends = 0;
  const point = new PullPoint(() => (ends += 1));
  point.renew(60_000);
  const waiting = point.pull(1, patient);
  point[Symbol.dispose]();
  expect(await waiting).toEqual([]);
  expect(ends).toBe(1);
});
