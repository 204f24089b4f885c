import type { Vendor } from "../probe/probed-camera.ts";
import { openPortCheck } from "./open-port-check.ts";

/**
 * Ports of the makers' own programs, from their lists of ports. 8000 and 9000 mean something else with other makers, Reolink's ONVIF among
 * them; 34567 (XMeye) and 37777 (Dahua) are also found in cameras that bear neither name.
 */
const own: Readonly<Partial<Record<Vendor, readonly number[]>>> = {
  hikvision: [8_000, 9_010],
  dahua: [37_777],
  reolink: [9_000],
  tapo: [8_800],
  foscam: [88],
};
const builtForOthers = [34_567, 37_777];

export const netVendorport = openPortCheck(
  {
    id: "NET-VENDORPORT",
    severity: "low",
    title: "The door for the maker's own program is open",
    why: [
      "The maker's program speaks a language of its own to the camera here, beside the ways that Gatehouse guards.",
      "Faults in such languages were used to break into cameras before, and nobody else can check them.",
    ],
    provision: "5.6-1, 5.6-5",
    ncsc: null,
    remedies: [],
  },
  (vendor) => own[vendor] ?? builtForOthers,
);
