import { describe, expect, it, jest } from "@jest/globals";

import { wanIpv6 } from "../../gateway-bridge/src/posture/checks/wan-ipv6.ts";
import { wifiWeak } from "../../gateway-bridge/src/posture/checks/wifi-weak.ts";
import { Fleet } from "../simulator/fleet/fleet.ts";
import { lookAtFleet } from "../support/fleet-look.ts";

jest.setTimeout(90_000);

const isRoot = process.getuid?.() === 0;

(isRoot ? describe : describe.skip)("a check of all cameras beside each other", () => {
  it.each([wanIpv6, wifiWeak])(
    "tells $id of one, though another shows a changed key and is not asked",
    async (check) => {
      const weak = { [check.id]: true };
      await using fleet = await Fleet.open([
        { weaknesses: { ...weak, "TLS-PIN-CHANGED": true } },
        { weaknesses: weak },
      ]);
      const [changed, usual] = await lookAtFleet(fleet.cameras, [check]);
      expect(changed?.get(check.id)?.status).not.toBe("passed");
      expect(usual?.get(check.id)?.status).toBe("failed");
    },
  );
});
