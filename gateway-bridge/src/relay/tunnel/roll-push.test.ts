import { describe, expect, it } from "@jest/globals";
import { FromGateway, type GatehouseError, type Thumbprint } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { Writable } from "node:stream";

import { EnforcedRoll } from "./enforced-roll.ts";
import { enforceMs, RollPush } from "./roll-push.ts";

/** A control stream whose other side reads when it is told to. */
const makeControl = () => {
  const frames: unknown[] = [];
  let reading = true;
  let held: (() => void) | undefined;
  const control = new Writable({
    highWaterMark: 1,
    write: (frame: Buffer, _encoding, done) => {
      frames.push(FromGateway.parse(JSON.parse(frame.subarray(2).toString("utf8"))));
      if (reading) process.nextTick(done);
      else held = done;
    },
  });
  const read = (now: boolean): void => {
    reading = now;
    if (now) held?.();
  };
  return { control, frames, read };
};

const start = () => {
  const clock = new TestClock();
  const enforced = new EnforcedRoll();
  const roll = { epoch: 5, devices: ["a".repeat(43)] as Thumbprint[] };
  const broken: GatehouseError[] = [];
  const channel = makeControl();
  const push = new RollPush({
    control: channel.control,
    roll: {
      get epoch() {
        return roll.epoch;
      },
      thumbprints: () => roll.devices,
      find: () => undefined,
      onChanged: () => ({ [Symbol.dispose]: () => undefined }),
    },
    salt: () => "s".repeat(22),
    enforced,
    clock,
    onBroken: (why) => broken.push(why),
  });
  return { clock, enforced, roll, broken, push, ...channel };
};

const { signal } = new AbortController();
const isSettled = async (promise: Promise<unknown>): Promise<boolean> => {
  let settled = false;
  promise.then(() => (settled = true)).catch(() => undefined);
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return settled;
};

describe("RollPush", () => {
  it("tells of the whole roll, and learns when the relay keeps to it", async () => {
    const { push, frames, enforced, clock } = start();
    push.push();
    expect(frames).toEqual([{ kind: "admit", epoch: 5, salt: "s".repeat(22), devices: ["a".repeat(43)] }]);
    const reached = enforced.reached(5, { signal });
    expect(await isSettled(reached)).toBe(false);
    push.confirmed(5);
    await reached;
    expect(clock.pending).toBe(0);
  });

  it("does not take an older roll's confirmation for the newest one's", async () => {
    const { push, roll, enforced } = start();
    push.push();
    roll.epoch = 6;
    push.push();
    const reached = enforced.reached(6, { signal });
    push.confirmed(5);
    expect(await isSettled(reached)).toBe(false);
    push.confirmed(6);
    await reached;
  });

  it("keeps one roll, the newest, for a relay that does not read", async () => {
    const { push, roll, frames, read, control } = start();
    read(false);
    for (roll.epoch = 6; roll.epoch < 500; roll.epoch += 1) push.push();
    expect(frames).toHaveLength(1);
    expect(control.writableLength).toBeLessThan(1_000);
    read(true);
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(frames.map((frame) => (frame as { epoch: number }).epoch)).toEqual([6, 500]);
  });

  it("gives a relay up that does not say that it keeps to a roll", async () => {
    const { push, clock, broken, roll } = start();
    push.push();
    push.confirmed(5);
    roll.epoch = 6;
    push.push();
    await clock.advance(enforceMs - 1);
    expect(broken).toEqual([]);
    await clock.advance(1);
    expect(broken).toMatchObject([{ code: "relay-unreachable" }]);
  });

  it("gives a relay up that says it keeps to a roll which it was never told of", () => {
    const { push, broken, enforced } = start();
    push.push();
    push.confirmed(6);
    expect(broken).toMatchObject([{ code: "relay-answer-malformed" }]);
    expect(enforced.isReached(6)).toBe(false);
  });
});

describe("EnforcedRoll", () => {
  it("is reached where no relay was told of anything, and where the tunnel is gone", async () => {
    const enforced = new EnforcedRoll();
    await enforced.reached(9, { signal });
    enforced.told();
    const reached = enforced.reached(9, { signal });
    expect(await isSettled(reached)).toBe(false);
    enforced.gone();
    await reached;
  });

  it("is not waited for longer than the caller wants", async () => {
    const enforced = new EnforcedRoll();
    enforced.told();
    const stop = new AbortController();
    const reached = enforced.reached(1, { signal: stop.signal });
    stop.abort(new Error("enough"));
    await expect(reached).rejects.toThrow("enough");
  });
});
