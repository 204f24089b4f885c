import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";

import { describe, expect, it } from "@jest/globals";

import type { Report } from "../bench/harness.ts";
import {
  boundMedian,
  boundSlope,
  comparePercentile,
  compareRounds,
  judge,
  judgeAll,
  notMeasured,
  percentile,
  slope,
  summarize,
  type Point,
} from "../bench/statistics.ts";
import { root } from "../support/repository.ts";

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const bench = async (...args: readonly string[]): Promise<Outcome> => {
  const child = spawn(process.execPath, ["--conditions=source", "--expose-gc", "test/bench/main.ts", ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { code, stdout, stderr };
};

const number = expect.any(Number);

let started = 0;
const lanes: Promise<unknown>[] = Array.from({ length: 3 }, () => Promise.resolve());
/** Does it at once or after one that was begun before, three at a time. */
const quick = (run: () => Promise<Outcome>): Promise<Outcome> => {
  const lane = started++ % lanes.length;
  const outcome = lanes[lane]!.then(run);
  lanes[lane] = outcome;
  return outcome;
};

describe("npm run bench", () => {
  it("prints the report as one line of JSON, and a table for people", async () => {
    const { code, stdout, stderr } = await bench("srtp", "--json", "--rounds", "1");
    const metric = { median: number, p10: number, p90: number, n: 1, unit: "us" };
    expect(JSON.parse(stdout)).toEqual({
      name: "srtp",
      host: {
        cpu: expect.any(String),
        cores: number,
        memoryMiB: number,
        platform: expect.any(String),
        node: process.version,
        load: [number, number],
        steal: process.platform === "linux" ? number : null,
      },
      rounds: 1,
      metrics: { cpuPerPacket: metric },
      competitors: { werift: { version: expect.stringMatching(/^\d+\./), metrics: { cpuPerPacket: metric } } },
      ratios: {
        "cpuPerPacket/werift": {
          value: number,
          low: number,
          high: number,
          limit: 0.25,
          stretch: 0.12,
          verdict: "inconclusive",
        },
      },
      verdict: "inconclusive",
    });
    expect(code).toBe(2);
    expect(stderr).toContain("cpuPerPacket/werift");
  }, 90_000);

  describe.each<readonly [string, string]>([
    ["live", "srtp.warm.firstKeyMs"],
    ["soak", "mse.pictures"],
    ["cameras", "ingest.cpuPerCamera"],
    ["snapshot", "camera.ms"],
    ["relay", "bulk.cpuPerGiB"],
    ["fanout", "srtp.cpuPerViewer"],
    // Simulated cameras have the ports that real ones have, below 1024.
    ...(process.getuid?.() === 0 ? [["posture", "fleet.seconds"] as const] : []),
  ])("runs %s over few viewers", (name, metric) => {
    // They wait for pictures most of the time.
    const outcome = quick(() => bench(name, "--json", "--quick"));

    it("and concludes nothing from that", async () => {
      const { code, stdout, stderr } = await outcome;
      // What it complained of, where it has no report.
      expect([code, stdout === "" ? stderr : ""]).toEqual([2, ""]);
      const report = JSON.parse(stdout) as Report;
      expect(report).toMatchObject({ name, rounds: 1, verdict: "inconclusive" });
      expect(report.metrics[metric]).toEqual({
        median: number,
        p10: number,
        p90: number,
        n: 1,
        unit: expect.any(String),
      });
      expect(Object.keys(report.ratios)).not.toHaveLength(0);
    }, 180_000);
  });

  it("lists the benchmarks when none is named, and refuses unknown ones", async () => {
    const [listed, unknown, wrong] = await Promise.all([bench(), bench("nothing"), bench("srtp", "--rounds", "0")]);
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining("srtp") });
    expect(unknown).toMatchObject({ code: 64, stdout: "", stderr: expect.stringContaining("nothing") });
    expect(wrong).toMatchObject({ code: 64, stdout: "", stderr: expect.stringContaining("--rounds") });
  }, 90_000);
});

describe("the benchmarks' statistics", () => {
  it("interpolates percentiles", () => {
    expect(percentile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(percentile([5], 0.9)).toBe(5);
    expect(percentile([], 0.5)).toBeNaN();
    expect(summarize([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100], "us")).toEqual({
      median: 50,
      p10: 10,
      p90: 90,
      n: 11,
      unit: "us",
    });
  });

  it.each([
    ["passes when the whole interval lies at or below the limit", { low: 0.1, high: 0.25 }, 7, "pass"],
    ["fails when the whole interval lies above", { low: 0.26, high: 0.3 }, 7, "fail"],
    ["concludes nothing when it lies on both sides", { low: 0.2, high: 0.3 }, 99, "inconclusive"],
    ["concludes nothing from too few rounds", { low: 0.1, high: 0.1 }, 6, "inconclusive"],
    ["concludes nothing from no number", { low: Number.NaN, high: Number.NaN }, 7, "inconclusive"],
  ] as const)("%s", (_, interval, rounds, verdict) => {
    expect(judge(interval, 0.25, rounds)).toBe(verdict);
  });

  it("fails when any ratio fails, and passes only when all do", () => {
    expect(judgeAll(["pass", "inconclusive", "fail"])).toBe("fail");
    expect(judgeAll(["pass", "inconclusive"])).toBe("inconclusive");
    expect(judgeAll(["pass", "pass"])).toBe("pass");
  });

  it("compares round by round, so that a busy machine shifts nothing", () => {
    const theirs = [10, 20, 40, 80, 10, 20, 40, 80];
    const ratio = compareRounds(
      theirs.map((value) => value * 0.2),
      theirs,
      { limit: 0.25, stretch: 0.1 },
    );
    expect(ratio).toMatchObject({ limit: 0.25, stretch: 0.1, verdict: "pass" });
    for (const value of [ratio.value, ratio.low, ratio.high]) expect(value).toBeCloseTo(0.2);
  });

  it("gives an interval that holds the median and widens with the spread", () => {
    const ratio = compareRounds([1, 2, 3, 4, 5, 6, 7, 8, 9], Array<number>(9).fill(10), { limit: 0.5 });
    expect(ratio.value).toBe(0.5);
    expect(ratio.low).toBeLessThan(0.4);
    expect(ratio.high).toBeGreaterThan(0.6);
    expect(ratio.verdict).toBe("inconclusive");
  });

  it("judges a quantity that has a limit of its own", () => {
    expect(boundMedian([1, 2, 3, 4, 5, 6, 7], { limit: 8 })).toMatchObject({ value: 4, limit: 8, verdict: "pass" });
    expect(boundMedian([9, 9, 9, 9, 9, 9, 9], { limit: 8 })).toMatchObject({ value: 9, low: 9, verdict: "fail" });
    expect(boundMedian([1], { limit: 8 }).verdict).toBe("inconclusive");
  });

  it("compares a percentile of ours with the median of theirs", () => {
    const theirs = Array<number>(20).fill(100);
    const ours = theirs.map((_, index) => index);
    const ratio = comparePercentile(ours, theirs, { share: 0.95, limits: { limit: 0.25 } });
    expect(ratio.value).toBeCloseTo(0.1805);
    expect(ratio.verdict).toBe("pass");
  });

  it("finds how much each one more takes, and how sure that is", () => {
    const straight: Point[] = [0, 1, 10, 40, 100].map((x) => [x, 3 + 0.5 * x]);
    expect(slope(straight)).toBeCloseTo(0.5);
    const noisy: Point[] = Array.from({ length: 20 }, (_, x) => [x, x % 2 === 0 ? 10 : 12]);
    const flat = boundSlope(noisy, { limit: 1 });
    expect(flat.low).toBeLessThan(0);
    expect(flat.high).toBeGreaterThan(0);
    expect(flat.verdict).toBe("pass");
    expect(boundSlope(straight.concat(straight), { limit: 0.4 }).verdict).toBe("fail");
  });

  it("concludes nothing of what was not measured", () => {
    expect(notMeasured({ limit: 1 })).toMatchObject({ limit: 1, value: Number.NaN, verdict: "inconclusive" });
  });
});
