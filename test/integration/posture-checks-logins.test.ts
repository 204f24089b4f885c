import { describe, expect, it } from "@jest/globals";
import type { CheckId } from "@gatehouse/shared";

import { catalogue } from "../../gateway-bridge/src/posture/catalogue.ts";
import { inOrder } from "../../gateway-bridge/src/posture/check-order-policy.ts";
import { mostWrongGuesses } from "../../gateway-bridge/src/posture/probe/guess-budget-policy.ts";
import { brands, faces, type Brand } from "../simulator/fleet/brands.ts";
import { drawFleet, Fleet } from "../simulator/fleet/fleet.ts";
import type { FleetCamera, FleetCameraOptions } from "../simulator/fleet/fleet-camera.ts";
import type { WeaknessId } from "../simulator/fleet/weaknesses.ts";
import { lookAtFleet, type Sightings } from "../support/fleet-look.ts";

/** What these checks look for; networks, clouds, firmware and clocks are looked for elsewhere. */
const looked = [
  "CAM-PWD-DEFAULT",
  "CAM-PWD-EMPTY",
  "CAM-PWD-REUSED",
  "CAM-INIT",
  "CAM-USERS-EXTRA",
  "CAM-LEASTPRIV",
  "ONVIF-ANON-READ",
  "ONVIF-ANON-SECRET",
  "ONVIF-REPLAY",
  "RTSP-ANON",
  "RTSP-BASIC",
  "RTSP-MD5",
  "HTTP-SNAP-ANON",
  "NET-HTTP",
  "NET-HTTPS-OFF",
  "TLS-WEAK",
  "TLS-PIN-CHANGED",
  "STREAM-CLEAR",
  "LOCKOUT-OFF",
] as const satisfies readonly WeaknessId[] & readonly CheckId[];
type Looked = (typeof looked)[number];

const checks = inOrder(catalogue.filter(({ id }) => (looked as readonly CheckId[]).includes(id)));

interface Look {
  readonly fleet: Fleet;
  readonly sightings: readonly Sightings[];
  /** Every way in which what was seen is not what is so. */
  readonly wrong: readonly string[];
}

const lookAt = async (options: readonly FleetCameraOptions[]): Promise<Look> => {
  await using fleet = await Fleet.open(options);
  const truths = fleet.truths();
  const sightings = await lookAtFleet(fleet.cameras, checks);
  const wrong = fleet.cameras.flatMap(({ facts }, index) => {
    const seen = sightings[index]!;
    return looked
      .filter((id) => !isRight(truths[index]![id], id, seen))
      .map((id) => `${facts.brand} ${id} is ${truths[index]![id]}, seen ${JSON.stringify(seen.get(id))}`);
  });
  return { fleet, sightings, wrong };
};

/** What is hidden behind a weakness that is there counts as found: it shows when that one is mended. */
const isRight = (truth: "weak" | "sound" | "cannot", id: Looked, seen: Sightings): boolean => {
  const status = seen.get(id)?.status;
  if (status === "behind") return true;
  if (truth === "weak") return status === "failed";
  return truth === "sound" ? status === "passed" || status === "not-applicable" : status !== "failed";
};

/** More wrong passwords of one account than the budget allows, over all protocols. */
const beyondBudget = ({ counts, facts }: FleetCamera): readonly string[] =>
  Object.entries(counts.wrongPasswords)
    .filter(([, { onvif, http, rtsp }]) => onvif + http + rtsp > mostWrongGuesses)
    .map(([account, tries]) => `${facts.brand} ${account}: ${JSON.stringify(tries)}`);

/** A brand that can have it: some have no factory password, some no TLS for streams. */
const brandFor = (id: Looked, index: number): Brand => {
  const able = brands.filter((brand) => {
    const { factoryPassword, rtsps } = faces[brand];
    return id === "CAM-PWD-DEFAULT" ? factoryPassword !== undefined : rtsps || id === "CAM-INIT";
  });
  return able[index % able.length]!;
};

const describeAsRoot = process.getuid?.() === 0 ? describe : describe.skip;

describeAsRoot("the checks of logins, streams and encryption, at simulated cameras", () => {
  it("find nothing at cameras that nothing is the matter with, and send no wrong password", async () => {
    const { fleet, sightings, wrong } = await lookAt(brands.map((brand) => ({ brand })));
    expect(wrong).toEqual([]);
    expect(fleet.cameras.map(({ counts }) => counts.wrongPasswords)).toEqual(brands.map(() => ({})));
    for (const seen of sightings) expect([...seen.values()].map(({ status }) => status)).not.toContain("behind");
  }, 90_000);

  it("find each weakness where it comes alone, and no other", async () => {
    // What is used twice needs a second camera beside the first.
    const twice = (id: Looked): readonly Looked[] => (id === "CAM-PWD-REUSED" ? [id, id] : [id]);
    const alone = looked.flatMap(twice).map((id, index) => ({
      id,
      one: { brand: brandFor(id, index), weaknesses: { [id]: true } },
    }));
    // A few at a time: on a busy machine twenty would wait for each other until they count as silent. The two of one password stay together.
    for (let from = 0; from < alone.length; from += 7) {
      const some = alone.slice(from, from + 7);
      const { fleet, sightings, wrong } = await lookAt(some.map(({ one }) => one));
      expect(wrong).toEqual([]);
      const found = some.map(({ id }, index) => [id, sightings[index]!.get(id)?.status]);
      expect(found).toEqual(some.map(({ id }) => [id, "failed"]));
      expect(fleet.cameras.flatMap(beyondBudget)).toEqual([]);
    }
  }, 90_000);

  it.each([3, 12])(
    "find what is so, and nothing else, where each weakness comes and goes by itself (seed %i)",
    async (seed) => {
      const { fleet, wrong } = await lookAt(drawFleet({ seed, likelihood: 0.4, cameras: 3 }));
      expect(wrong).toEqual([]);
      expect(fleet.cameras.flatMap(beyondBudget)).toEqual([]);
    },
    90_000,
  );

  it("know a camera that is not set up, and its maker's door, though it tells the gateway nothing", async () => {
    const weaknesses = { "CAM-INIT": true, "NET-VENDORPORT": true };
    const doors = catalogue.filter(({ id }) => id === "CAM-INIT" || id === "NET-VENDORPORT");
    const some = brands.filter((brand) => faces[brand].vendorPort !== undefined);
    await using fleet = await Fleet.open(some.map((brand) => ({ brand, weaknesses })));
    const seen = await lookAtFleet(fleet.cameras, doors, { strange: true });
    const told = seen.map((of) => [of.get("CAM-INIT")?.status, of.get("NET-VENDORPORT")?.status]);
    expect(Object.fromEntries(some.map((brand, index) => [brand, told[index]]))).toEqual(
      Object.fromEntries(some.map((brand) => [brand, ["failed", "failed"]])),
    );
    expect(fleet.cameras.flatMap(beyondBudget)).toEqual([]);
  }, 90_000);

  it("lock nobody out of a camera that locks after three wrong passwords", async () => {
    const weaknesses = { "CAM-USERS-EXTRA": true, "CAM-PWD-EMPTY": true, "ONVIF-REPLAY": true };
    const some = ["hikvision", "axis", "other"] as const;
    const { fleet, wrong } = await lookAt(some.map((brand) => ({ brand, weaknesses, locksOut: true })));
    expect(wrong).toEqual([]);
    expect(fleet.cameras.map(({ counts }) => counts.refusedWhileLocked)).toEqual([0, 0, 0]);
  }, 90_000);
});
