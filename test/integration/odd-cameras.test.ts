/** Cameras that are odd in the ways of real ones: found of them is what an expert would find, and nothing else. */
import { describe, expect, it } from "@jest/globals";

import { catalogue } from "../../gateway-bridge/src/posture/catalogue.ts";
import type { Sighting } from "../../gateway-bridge/src/posture/finding-policy.ts";
import { lookAtFleet, type Sightings } from "../support/fleet-look.ts";
import { FleetCamera, type FleetCameraOptions } from "../simulator/fleet/fleet-camera.ts";
import { Fleet } from "../simulator/fleet/fleet.ts";

/** Without those of the home's router, which there is none of here. */
const checks = catalogue.filter(({ id, scope }) => scope !== "stated" && !/^(?:IGD|WAN-HAIRPIN)/.test(id));
const those = (seen: Sightings | undefined, wanted: Sighting["status"]): readonly string[] =>
  [...(seen ?? [])].filter(([, { status }]) => status === wanted).map(([check]) => check).toSorted(); // prettier-ignore

const sinceTheFactory = -Date.now();
interface Odd extends FleetCameraOptions {
  readonly way: string;
  readonly offMs?: number;
  /** What an expert would find. */
  readonly weak: readonly string[];
  /** What nobody could find out. */
  readonly unknown?: readonly string[];
}

const odd: readonly Odd[] = [
  { way: "hangs up after each answer", brand: "hikvision", quirks: { hangsUp: true }, weak: [] },
  // By no wire of these do streams come encrypted.
  { way: "shows its login page whatever is asked for", brand: "other", quirks: { pageForAll: true }, weak: ["STREAM-CLEAR"] },
  { way: "thinks before it answers", brand: "axis", quirks: { thinksMs: 60 }, weak: [] },
  { way: "takes Digest alone", brand: "axis", quirks: { digestOnly: true }, weak: [] },
  { way: "lives in 1970", brand: "dahua", offMs: sinceTheFactory, weak: ["TIME"] },
  { way: "has ONVIF at port 2020, and nothing at port 80", brand: "tapo", weaknesses: { "NET-HTTP": true }, weak: ["NET-HTTP", "STREAM-CLEAR"], unknown: ["CAM-P2P"] },
  { way: "is to be had by HTTPS alone", brand: "reolink", weak: ["STREAM-CLEAR"] },
]; // prettier-ignore

const describeAsRoot = process.getuid?.() === 0 ? describe : describe.skip;

describeAsRoot("odd cameras", () => {
  // A few at a time: on a busy machine more would wait for each other until they count as silent.
  it.each([
    ["in what they say", odd.slice(0, 4)],
    ["in where and when they are", odd.slice(4)],
  ])(
    "have no weakness by that, and hide none, %s",
    async (_, some) => {
      await using fleet = await Fleet.open(some);
      for (const [index, { offMs = 0 }] of some.entries()) fleet.cameras[index]!.state.clock.offsetMs = offMs;
      const seen = await lookAtFleet(fleet.cameras, checks);
      const found = some.map(({ way }, index) => [way, those(seen[index], "failed"), those(seen[index], "unknown")]);
      expect(found).toEqual(some.map(({ way, weak, unknown = [] }) => [way, weak, unknown]));
      for (const { counts } of fleet.cameras) expect(counts.connections.peak).toBeLessThanOrEqual(4);
    },
    90_000,
  );

  it("share nothing with themselves, as a recorder whose channels are cameras", async () => {
    await using recorder = await FleetCamera.open({ brand: "dahua" });
    const seen = await lookAtFleet([recorder, recorder], checks);
    expect(seen.map((channel) => those(channel, "failed"))).toEqual([[], []]);
    expect(recorder.counts.connections.peak).toBeLessThanOrEqual(4);
  }, 90_000);
});
