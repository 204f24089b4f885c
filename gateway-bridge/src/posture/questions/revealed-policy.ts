import type { CameraIdentity } from "../probe/probed-camera.ts";
import { parseFirmware } from "../rules/firmware-version-policy.ts";

/** Shorter serial numbers would be found in any text. */
const shortestSerial = 6;
/** `5.8.11`, not `5.8`: that may be the version of anything. */
const fewestNumbers = 3;

/** Which of the camera's own secrets of identity stand in a text that anybody gets. */
export const revealedIn = (
  text: string,
  { serial, firmware, vendor }: Pick<CameraIdentity, "serial" | "firmware" | "vendor">,
): readonly ("serial number" | "firmware")[] => {
  const lower = text.toLowerCase();
  const tellsSerial = serial.length >= shortestSerial && isPart(lower, serial.toLowerCase());
  return [
    ...(tellsSerial ? ["serial number" as const] : []),
    ...(tellsFirmware(lower, firmware, vendor) ? ["firmware" as const] : []),
  ];
};

const tellsFirmware = (lower: string, firmware: string, vendor: CameraIdentity["vendor"]): boolean => {
  const { numbers } = parseFirmware(firmware, vendor);
  if (numbers === undefined || numbers.length < fewestNumbers) return false;
  // As the camera wrote it: `2.420.0000.11` has zeros that a number loses.
  const written = /\d+(?:\.\d+)+/.exec(firmware)?.[0] ?? "";
  return isPart(lower, written.toLowerCase());
};

/** Whether it stands there by itself, and not inside a longer number or word. */
const isPart = (text: string, part: string): boolean =>
  part !== "" && new RegExp(`(?<![\\w.])(?:v)?${RegExp.escape(part)}(?!\\w|\\.\\d)`).test(text);
