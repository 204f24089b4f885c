import { describe, expect, it } from "@jest/globals";
import { TestClock } from "@gatehouse/shared/testing";
import fc from "fast-check";

import { Intake, type Readable } from "./intake.ts";

interface Reading {
  readonly bytes: number;
  readonly cameAt: number;
  readonly at: number;
  readonly prompt: boolean;
}

/** A socket as the system has it: what comes while it is not read waits, and is read in pieces as soon as it is. */
class Network implements Readable {
  /** Of a second that is not heard closely. */
  readonly clock = new TestClock(5_000);
  readonly intake = new Intake(this, this.clock);
  readonly readings: Reading[] = [];
  paused = false;
  #waiting: { readonly bytes: number; readonly cameAt: number }[] = [];

  come(bytes: number): void {
    this.#waiting.push({ bytes, cameAt: this.clock.monotonic() });
    this.#read();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#read();
  }

  #read(): void {
    if (this.paused) return;
    for (const { bytes, cameAt } of this.#waiting.splice(0)) {
      const { at, prompt } = this.intake.arrived(bytes);
      this.readings.push({ bytes, cameAt, at, prompt });
    }
  }
}

const times = (network: Network): (number | string)[] =>
  network.readings.map(({ cameAt, at, prompt }) => (prompt ? at : `${cameAt} at ${at}`));

describe("Intake", () => {
  it("reads what comes at once while somebody waits for it", async () => {
    const network = new Network();
    for (let piece = 0; piece < 3; piece += 1) {
      network.come(1_000);
      await network.clock.advance(40);
    }
    expect(times(network)).toEqual([5_000, 5_040, 5_080]);
  });

  it("reads it in turns while nobody does, and does not believe that it came only then", async () => {
    const network = new Network();
    network.intake.awaited = false;
    for (let piece = 0; piece < 8; piece += 1) {
      network.come(1_000);
      await network.clock.advance(40);
    }
    expect(times(network)).toEqual([5_000, "5040 at 5200", "5080 at 5200", "5120 at 5200", "5160 at 5200"]);
    await network.clock.advance(100);
    expect(times(network).slice(5)).toEqual(["5200 at 5400", "5240 at 5400", "5280 at 5400"]);
  });

  it("reads what has come as soon as somebody waits for it, and goes on so", async () => {
    const network = new Network();
    network.intake.awaited = false;
    network.come(1_000);
    await network.clock.advance(10);
    network.come(1_000);
    await network.clock.advance(10);
    network.intake.awaited = true;
    expect(times(network)).toEqual([5_000, "5010 at 5020"]);
    await network.clock.advance(10);
    network.come(1_000);
    await network.clock.advance(300);
    network.come(1_000);
    expect(times(network).slice(2)).toEqual([5_030, 5_330]);
  });

  it("does not rest while more comes than a window may hold, so that no camera is held up", async () => {
    const network = new Network();
    network.intake.awaited = false;
    for (let piece = 0; piece < 10; piece += 1) {
      network.come(40_000);
      await network.clock.advance(3);
      expect(network.paused).toBe(false);
    }
    network.come(10_000);
    await network.clock.advance(8);
    expect(network.paused).toBe(true);
  });

  it("listens closely for half a second in thirty", async () => {
    const network = new Network();
    network.intake.awaited = false;
    network.come(1);
    await network.clock.advance(24_900);
    for (let piece = 0; piece < 50; piece += 1) {
      network.come(1_000);
      await network.clock.advance(40);
    }
    const prompt = network.readings.filter(({ at, prompt }) => prompt && at >= 30_000);
    expect(prompt.length).toBeGreaterThan(10);
    expect(prompt.every(({ at, cameAt }) => at === cameAt && at < 30_600)).toBe(true);
  });

  it("touches a connection no more when it is over", async () => {
    const network = new Network();
    network.intake.awaited = false;
    network.come(1);
    network.intake[Symbol.dispose]();
    await network.clock.advance(1_000);
    expect(network.paused).toBe(false);
  });

  it("reads every byte once and in order, a fifth of a second late at most, and says which ones were", async () => {
    const step = fc.record({ size: fc.integer({ min: 1, max: 65_536 }), ms: fc.nat(300), awaited: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const network = new Network();
        for (const { size, ms, awaited } of steps) {
          network.intake.awaited = awaited;
          network.come(size);
          await network.clock.advance(ms);
        }
        await network.clock.advance(200);
        expect(network.readings.map(({ bytes }) => bytes)).toEqual(steps.map(({ size }) => size));
        for (const { cameAt, at, prompt } of network.readings) {
          expect(at - cameAt).toBeLessThanOrEqual(200);
          if (prompt) expect(at).toBe(cameAt);
        }
      }),
      { numRuns: 200 },
    );
  });
});
