import { getSystemDateAndTime, type CameraClock } from "../../protocols/onvif/management/clock.ts";
import { failed, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { askOptional } from "../questions/ask-network.ts";
import { notAnswered } from "../questions/not-answered.ts";

/** More, and logins that carry the time are refused by strict cameras, or taken again by lax ones. */
const mostOffMs = 60_000;

export const time: CameraCheck = {
  id: "TIME",
  scope: "camera",
  severity: "low",
  title: "Its clock is wrong",
  why: [
    "The camera writes a wrong time into its pictures and its log, so nobody can tell later when something happened.",
    "Logins and certificates count by the clock, too, and fail or last too long where it is wrong.",
  ],
  provision: "5.5-1",
  ncsc: null,
  remedies: [{ remedy: "clock-set", plane: "onvif" }],
  guide: (camera) => guideFor("TIME", camera),
  look: async (camera, cancel) => {
    const asked = camera.clock.now();
    const reply = await askOptional(camera, "GetSystemDateAndTime", getSystemDateAndTime, cancel);
    if (reply.kind !== "answer") return notAnswered(reply, "The camera tells nobody its time.");
    return judge(reply.value, { asked, answered: camera.clock.now() });
  },
};

/** Whatever lies between question and answer may be what the camera's clock showed. */
const judge = ({ utc, type }: CameraClock, { asked, answered }: { asked: number; answered: number }) => {
  if (utc === undefined) return failed("It tells a time that does not exist.");
  if (answered < asked) return unknown("The gateway's own clock was set while the camera was asked.");
  const offMs = utc < asked ? utc - asked : Math.max(0, utc - answered);
  const byServer = type === "NTP";
  const setBy = byServer ? "It says that a time server sets it." : "It is set by hand.";
  if (Math.abs(offMs) <= mostOffMs) return passed("Its clock is right.", setBy);
  const off = `Its clock is ${durationOf(Math.abs(offMs))} ${offMs < 0 ? "slow" : "fast"}.`;
  return failed(
    off,
    byServer ? "It says that a time server sets it, so it reaches none, or one that is wrong." : setBy,
  );
};

const durationOf = (ms: number): string => {
  const units = [
    [86_400_000, "days"],
    [3_600_000, "hours"],
    [60_000, "minutes"],
  ] as const;
  const [size, name] = units.find(([unit]) => ms >= 2 * unit) ?? [1_000, "seconds"];
  return `${Math.round(ms / size)} ${name}`;
};
