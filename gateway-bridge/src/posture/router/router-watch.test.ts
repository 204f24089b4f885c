import { GatehouseError, type CameraId, type RouterReport } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { describe, expect, it } from "@jest/globals";

import { Database } from "../../store/database.ts";
import { MappingMemory } from "./mapping-memory.ts";
import { RouterWatch } from "./router-watch.ts";
import type { Sighting } from "./watch-policy.ts";

const camera = "cam-aaaaaaaaaaaaaaaa" as CameraId;
const everyMs = 60_000;
const reportOf = (ports: readonly number[], complete = true): RouterReport => ({
  at: 1,
  routers: [
    {
      ...{ name: "r", address: "192.168.1.1", igd: "1", natPmp: false, pcp: false, externalAddress: null, page: null },
      ...{ ipv6Firewall: null, complete },
      mappings: ports.map((internalPort) => ({
        ...{ protocol: "TCP", externalPort: 20_000, internalClient: "192.168.1.20", internalPort, description: "" },
        ...{ lease: 0, enabled: true, camera },
      })),
    },
  ],
});

const home = (first: RouterReport) => {
  const state = { report: first as RouterReport | GatehouseError, needed: true, asked: 0 };
  const clock = new TestClock();
  const sightings: Sighting[] = [];
  const memory = new MappingMemory(Database.openInMemory());
  const open = () =>
    RouterWatch.open({
      ...{ clock, memory, everyMs, log: new MemoryLogger(), random: () => 0.5, isNeeded: () => state.needed },
      onSighting: (sighting) => sightings.push(sighting),
      router: {
        report: async () => {
          state.asked += 1;
          if (state.report instanceof GatehouseError) throw state.report;
          return state.report;
        },
      },
    });
  return { state, clock, sightings, open };
};
const told = (sightings: readonly Sighting[]): string[] =>
  sightings.map(({ mapping, again }) => `${mapping.internalPort}${again ? " again" : ""}`);

describe("RouterWatch", () => {
  it("tells of each mapping to a camera once, and when one comes back, also after a restart", async () => {
    const { state, clock, sightings, open } = home(reportOf([554]));
    {
      await using _watch = open();
      await clock.advance(2 * everyMs);
      expect(told(sightings)).toEqual(["554"]);
      state.report = reportOf([554, 80]);
      await clock.advance(everyMs);
      expect(told(sightings)).toEqual(["554", "80"]);
      state.report = reportOf([80]);
      await clock.advance(everyMs);
    }
    await using _watch = open();
    await clock.advance(everyMs);
    expect(told(sightings)).toEqual(["554", "80"]);
    state.report = reportOf([80, 554]);
    await clock.advance(everyMs);
    expect(told(sightings)).toEqual(["554", "80", "554 again"]);
  });

  it("takes no silence for an end", async () => {
    const { state, clock, sightings, open } = home(reportOf([554]));
    await using _watch = open();
    await clock.advance(everyMs);
    for (const silent of [reportOf([], false), { routers: [], at: 1 }]) {
      state.report = silent;
      await clock.advance(everyMs);
    }
    state.report = reportOf([554]);
    await clock.advance(everyMs);
    expect(told(sightings)).toEqual(["554"]);
  });

  it("goes on after a failure, and leaves the router in peace where nothing is to be watched for", async () => {
    const { state, clock, sightings, open } = home(reportOf([554]));
    state.report = new GatehouseError("router-unreachable", "away");
    await using _watch = open();
    await clock.advance(everyMs);
    expect(state.asked).toBeGreaterThan(0);
    state.report = reportOf([554]);
    await clock.advance(10 * everyMs);
    expect(told(sightings)).toEqual(["554"]);
    state.needed = false;
    const { asked } = state;
    await clock.advance(10 * everyMs);
    expect(state.asked).toBe(asked);
  });

  it("takes account of what another look found", async () => {
    const { sightings, open } = home(reportOf([]));
    await using watch = open();
    watch.note(reportOf([554]));
    watch.note(reportOf([554]));
    expect(told(sightings)).toEqual(["554"]);
  });
});
