import { failed, passed, type CameraCheck, type CheckFacts } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import type { Vendor } from "../probe/probed-camera.ts";
import { openPorts, portEvidence } from "../questions/open-ports.ts";

/** A check that fails where any of these ports is open. */
export const openPortCheck = (facts: CheckFacts, ports: (vendor: Vendor) => readonly number[]): CameraCheck => ({
  ...facts,
  scope: "camera",
  guide: (camera) => guideFor(facts.id, camera),
  look: async (camera, cancel) => {
    const looked = ports(camera.identity.vendor);
    const open = await openPorts(camera, looked, cancel);
    return open.length === 0
      ? passed(`Nobody answers at ${looked.length === 1 ? "port" : "the ports"} ${looked.join(", ")}.`)
      : failed(...open.map(portEvidence));
  },
});
