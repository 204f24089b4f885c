import {
  getSystemDateAndTime,
  setSystemDateAndTime,
  type CameraClock,
} from "../../protocols/onvif/management/clock.ts";
import { settingRemedy } from "./setting-remedy.ts";

/** Cameras show whole seconds, and take a moment to answer. */
const toleranceMs = 5_000;

/** How the clock is set, and how far it is off; not what it showed, which would be wrong to bring back. */
interface ClockSetting extends Pick<CameraClock, "type" | "daylightSavings" | "zone"> {
  readonly offMs: number | null;
}

/** Sets a camera's clock by the gateway's. */
export const clockSet = settingRemedy<ClockSetting>({
  id: "clock-set",
  async read({ onvif, camera, ...cancel }) {
    const asked = camera.clock.now();
    const { utc, type, daylightSavings, zone } = await getSystemDateAndTime(onvif, cancel);
    const answered = camera.clock.now();
    // Whatever lies between question and answer may be what the camera's clock showed.
    const offMs = utc === undefined ? null : utc < asked ? utc - asked : Math.max(0, utc - answered);
    return { type, daylightSavings, zone, offMs };
  },
  wish: (was) => ({ ...was, type: "Manual", offMs: 0 }),
  holds: ({ offMs }) => offMs !== null && Math.abs(offMs) <= toleranceMs,
  write: ({ daylightSavings, zone }, { onvif, camera, ...cancel }) =>
    setSystemDateAndTime(onvif, { type: "Manual", daylightSavings, zone, utc: camera.clock.now() }, cancel),
  restore: async ({ type, daylightSavings, zone }, { onvif, camera, ...cancel }) => {
    const kind = type === "NTP" ? "NTP" : "Manual";
    await setSystemDateAndTime(onvif, { type: kind, daylightSavings, zone, utc: camera.clock.now() }, cancel);
  },
  describe: ({ type }) => ({
    steps: ["Set the camera's clock to the time of this gateway", "Ask the camera for its time, and compare"],
    stops:
      type === "NTP"
        ? [
            "The camera no longer asks its time server, which gave it a wrong time or none: its clock may drift by seconds a day",
          ]
        : [],
    undoable: type === "NTP",
  }),
  async observe({ offMs }) {
    await Promise.resolve();
    return { kind: "fixed", evidence: [`Its clock differs from the gateway's by ${Math.abs(offMs ?? 0)} ms at most.`] };
  },
});
