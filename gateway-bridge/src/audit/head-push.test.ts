import { afterEach, describe, expect, it } from "@jest/globals";
import { GatehouseError, untilAborted, type Cancellable } from "@gatehouse/shared";

import { HeadPush } from "./head-push.ts";
import type { HeadSink } from "./head-sink.ts";
import { headEveryMs } from "./signed-heads.ts";
import { LogWorld } from "./testing/log-world.ts";

const never = { signal: new AbortController().signal };

/** Keeps notes in memory; fails or never answers when told to. */
class Sink implements HeadSink {
  readonly notes: string[] = [];
  broken = false;
  stuck = false;
  async newest(cancel: Cancellable): Promise<string | undefined> {
    await this.#answer(cancel);
    return this.notes.at(-1);
  }
  async push(note: string, cancel: Cancellable): Promise<void> {
    await this.#answer(cancel);
    this.notes.push(note);
  }
  async #answer({ signal }: Cancellable): Promise<void> {
    if (this.stuck) await untilAborted(signal, new Promise(() => undefined));
    if (this.broken) throw new GatehouseError("heads-unreachable", "broken");
  }
}

let opened: HeadPush[] = [];
afterEach(async () => {
  for (const push of opened) await push[Symbol.asyncDispose]();
  opened = [];
});

const open = (world: LogWorld, sink: Sink): HeadPush => {
  const { heads, audit, clock, log } = world;
  const push = HeadPush.open({ sink, heads, audit, clock, log, random: () => 0.5 });
  opened.push(push);
  return push;
};
const deeds = (world: LogWorld): string[] =>
  world.audit
    .list()
    .map(({ action, outcome, detail }) => `${action} ${outcome} ${detail}`.trim())
    .filter((text) => !text.startsWith("live"));

describe("HeadPush", () => {
  it("pushes what was signed before it began, and each head that is signed later", async () => {
    const [world, sink] = [new LogWorld(), new Sink()];
    world.fill(2);
    const first = world.heads.sign();
    const push = open(world, sink);
    await world.clock.advance(0);
    expect(sink.notes).toEqual([first?.note]);
    world.append("more");
    expect(await push.verify(never)).toBe("current");
    await world.clock.advance(headEveryMs);
    expect(sink.notes).toEqual([first?.note, world.heads.newest?.note]);
    expect(deeds(world)).toEqual([]);
  });

  it("pushes where the log ended when the gateway closes", async () => {
    const [world, sink] = [new LogWorld(), new Sink()];
    const push = open(world, sink);
    await world.clock.advance(0);
    world.append("the last");
    await push[Symbol.asyncDispose]();
    expect(world.heads.locate(sink.notes.at(-1) ?? "")).toEqual({ sequence: 1 });
  });

  it("does not hold up the close for a place that does not answer", async () => {
    const [world, sink] = [new LogWorld(), new Sink()];
    const push = open(world, sink);
    await world.clock.advance(0);
    sink.stuck = true;
    world.append("the last");
    const closing = push[Symbol.asyncDispose]();
    await world.clock.advance(2_000);
    await closing;
    expect(world.log.lines.at(-1)).toMatchObject({ message: "the last head could not be pushed" });
    sink.stuck = false;
  });

  it("tries again where it fails, and writes down the failure and the recovery, not every try", async () => {
    const [world, sink] = [new LogWorld(), new Sink()];
    sink.broken = true;
    world.fill(1);
    world.heads.sign();
    const push = open(world, sink);
    await world.clock.advance(5 * 60_000);
    expect(await push.verify(never)).toBe("unreachable");
    expect(deeds(world)).toEqual(["headPushed failed heads-unreachable"]);
    sink.broken = false;
    expect(await push.verify(never)).toBe("behind");
    await world.clock.advance(60_000);
    expect(sink.notes).toHaveLength(1);
    expect(deeds(world)).toEqual(["headPushed done", "headPushed failed heads-unreachable"]);
  });

  it.each<[string, (world: LogWorld) => unknown, RegExp]>([
    ["rows that are missing", () => undefined, /row 5, .* is missing/],
    ["rows that are others", (world) => world.fill(5), /row 5, .* is another/],
  ])("says that what lies there contradicts the log: %s", async (_, prepare, why) => {
    const sink = new Sink();
    const before = new LogWorld();
    before.fill(5);
    sink.notes.push(before.heads.sign()?.note ?? "");
    // The same keys, and another log.
    const world = new LogWorld(undefined, before.secrets);
    prepare(world);
    const push = open(world, sink);
    await world.clock.advance(0);
    expect(push.contradiction).toMatch(why);
    expect(await push.verify(never)).toBe("contradicts");
    expect(deeds(world)).toEqual([expect.stringMatching(/^auditContradicted failed pushed: row 5/)]);
    expect(world.log.lines.filter(({ level }) => level === "error")).toMatchObject([
      { fields: { code: "audit-contradicted" } },
    ]);
  });

  it("leaves the evidence where it lies, and goes on once its owner has moved it away", async () => {
    const [world, other, sink] = [new LogWorld(), new LogWorld(), new Sink()];
    other.fill(1);
    const evidence = other.heads.sign()?.note ?? "";
    sink.notes.push(evidence);
    world.fill(3);
    const push = open(world, sink);
    await world.clock.advance(20 * 60_000);
    world.heads.sign();
    await world.clock.advance(5 * 60_000);
    expect(sink.notes).toEqual([evidence]);
    expect(push.contradiction).toMatch(/was not signed by this gateway's key/);
    expect(deeds(world).filter((text) => text.startsWith("auditContradicted"))).toHaveLength(1);
    sink.notes.length = 0;
    await world.clock.advance(2 * 60_000);
    expect(push.contradiction).toBeUndefined();
    expect(sink.notes).toEqual([world.heads.newest?.note]);
  });

  it("pushes nothing at its close where what lies there was never seen, or contradicts", async () => {
    const [world, sink] = [new LogWorld(), new Sink()];
    sink.broken = true;
    world.fill(1);
    const push = open(world, sink);
    await world.clock.advance(0);
    sink.broken = false;
    await push[Symbol.asyncDispose]();
    expect(sink.notes).toEqual([]);
  });
});
