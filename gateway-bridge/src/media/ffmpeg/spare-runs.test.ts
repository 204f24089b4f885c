import { afterEach, describe, expect, it } from "@jest/globals";
import { systemClock } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { setImmediate as turn } from "node:timers/promises";

import { FfmpegRun } from "./ffmpeg-run.ts";
import { SpareRuns } from "./spare-runs.ts";

const cancel = { signal: new AbortController().signal };
/** Answers with its own name once it has read its input. */
const named = (name: string): readonly string[] => ["/bin/sh", "-c", `cat >/dev/null; echo ${name}`];
const [anna, bert, carl] = [named("anna"), named("bert"), named("carl")];

let opened = new AsyncDisposableStack();
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

const open = () => {
  const clock = new TestClock();
  const begun: FfmpegRun[] = [];
  let broken = false;
  const begin = (command: readonly string[]): FfmpegRun => {
    if (broken) throw new Error("no memory");
    const run = new FfmpegRun({ command, maxOutput: 100, clock: systemClock });
    begun.push(run);
    return opened.use(run);
  };
  const spares = opened.use(new SpareRuns({ begin, clock }));
  const breakIt = (): void => void (broken = true);
  /** Until what was kept has been started. */
  const settle = (): Promise<void> => clock.advance(50);
  return { clock, begun, spares, settle, breakIt };
};

const untilEnded = async (run: FfmpegRun | undefined): Promise<void> => {
  while (run?.ended !== true) await turn();
};

const work = async (run: FfmpegRun): Promise<string> =>
  (await run.finish({ input: Buffer.alloc(100_000), ms: 60_000 }, cancel)).toString();

describe("A spare transcoder", () => {
  it("does the work of its command, once", async () => {
    const { spares, begun, settle } = open();
    spares.keep(anna);
    await settle();
    const [waiting] = begun;
    const taken = spares.take(anna);
    expect(taken).toBe(waiting);
    await expect(work(taken)).resolves.toBe("anna\n");
    expect(spares.take(anna)).not.toBe(waiting);
    expect(begun).toHaveLength(2);
  });

  it("is not started before what was made has gone out", async () => {
    const { clock, spares, begun } = open();
    spares.keep(anna);
    await clock.advance(49);
    expect(begun).toHaveLength(0);
    const taken = spares.take(anna);
    await clock.advance(100);
    expect(begun).toEqual([taken]);
  });

  it("is not taken for another command, or when it has ended", async () => {
    const { spares, begun, settle } = open();
    spares.keep(anna);
    spares.keep(["/bin/true"]);
    await settle();
    await expect(work(spares.take(bert))).resolves.toBe("bert\n");
    await untilEnded(begun[1]);
    expect(spares.take(["/bin/true"])).toBe(begun[3]);
    expect(spares.take(anna)).toBe(begun[0]);
  });

  it("waits beside one other at most: the oldest has to go", async () => {
    const { spares, begun, settle } = open();
    spares.keep(anna);
    spares.keep(bert);
    await settle();
    spares.keep(carl);
    await settle();
    await untilEnded(begun[0]);
    expect(begun.slice(1).map(({ ended }) => ended)).toEqual([false, false]);
    expect(spares.take(bert)).toBe(begun[1]);
    expect(spares.take(carl)).toBe(begun[2]);
  });

  it("waits for half a minute", async () => {
    const { clock, spares, begun, settle } = open();
    spares.keep(anna);
    await settle();
    await clock.advance(29_999);
    expect(begun[0]?.ended).toBe(false);
    await clock.advance(1);
    await untilEnded(begun[0]);
    expect(clock.pending).toBe(0);
  });

  it("ends with the gateway, and none is started after that", async () => {
    const { clock, spares, begun, settle } = open();
    spares.keep(anna);
    await settle();
    spares.keep(bert);
    await spares[Symbol.asyncDispose]();
    expect(begun.map(({ ended }) => ended)).toEqual([true]);
    spares.keep(carl);
    await clock.advance(60_000);
    expect(begun).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it("is done without where it cannot be started", async () => {
    const { clock, spares, settle, breakIt } = open();
    breakIt();
    spares.keep(anna);
    await settle();
    expect(clock.pending).toBe(0);
    expect(() => spares.take(anna)).toThrow("no memory");
  });
});
