import { describe, expect, it } from "@jest/globals";
import type { CheckId } from "@gatehouse/shared";

import { catalogue } from "../../gateway-bridge/src/posture/catalogue.ts";
import { brands } from "../simulator/fleet/brands.ts";
import { Fleet } from "../simulator/fleet/fleet.ts";
import type { FleetCameraOptions } from "../simulator/fleet/fleet-camera.ts";
import { weaknessIds, type WeaknessId } from "../simulator/fleet/weaknesses.ts";
import { lookAtFleet } from "../support/fleet-look.ts";
import { seeded } from "../support/seeded.ts";

/** What these checks look for; logins, streams and encryption are looked for elsewhere. */
const looked = [
  "NET-TELNET",
  "NET-FTP",
  "NET-SSH",
  "NET-VENDORPORT",
  "NET-SNMP",
  "NET-DEBUG",
  "DISC-ON",
  "DISC-WAN",
  "DISC-INFO",
  "CAM-UPNP",
  "CAM-P2P",
  "CAM-DDNS",
  "CAM-PUSH",
  "CALLSTRANGER",
  "EGRESS",
  "FW-CVE",
  "FW-KEV",
  "FW-AGE",
  "FW-AUTO-OFF",
  "TIME",
  "IPFILTER",
  "WIFI-WEAK",
  "WIFI-DEFAULT-SSID",
] as const satisfies readonly WeaknessId[] & readonly CheckId[];

const checks = catalogue.filter(({ id }) => (looked as readonly CheckId[]).includes(id));

/** Every way in which what was seen is not what is so. */
const wrong = async (options: readonly FleetCameraOptions[]): Promise<readonly string[]> => {
  await using fleet = await Fleet.open(options);
  const truths = fleet.truths();
  const sightings = await lookAtFleet(fleet.cameras, checks);
  return fleet.cameras.flatMap((camera, index) =>
    looked.flatMap((id) => {
      const [truth, seen] = [truths[index]![id], sightings[index]!.get(id)];
      const right =
        truth === "weak"
          ? seen?.status === "failed" || seen?.status === "behind"
          : truth === "sound"
            ? seen?.status !== "failed" && seen?.status !== "unknown"
            : seen?.status !== "failed";
      return right ? [] : [`${camera.facts.brand} ${id} is ${truth}, seen ${JSON.stringify(seen)}`];
    }),
  );
};

const describeAsRoot = process.getuid?.() === 0 ? describe : describe.skip;

describeAsRoot("the checks of networks, clouds, firmware and clocks, at simulated cameras", () => {
  it("find nothing at cameras that nothing is the matter with", async () => {
    expect(await wrong(brands.map((brand) => ({ brand, prefix: 24 })))).toEqual([]);
  });

  it.each([1])(
    "find what is so, and nothing else, where each weakness comes and goes by itself (seed %i)",
    async (seed) => {
      const random = seeded(seed);
      const draw = (): Readonly<Record<string, boolean>> =>
        Object.fromEntries(
          weaknessIds.filter((id) => (looked as readonly string[]).includes(id)).map((id) => [id, random() < 0.5]),
        );
      const options = brands.flatMap((brand) => [{ brand, prefix: 24, weaknesses: draw() }]);
      expect(await wrong(options)).toEqual([]);
    },
  );
});
