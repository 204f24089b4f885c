import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { unlessUnsupported } from "../../protocols/onvif/management/ask.ts";
import { getDeviceCapabilities } from "../../protocols/onvif/management/capabilities.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";
import type { Vendor } from "../probe/probed-camera.ts";
import { shortestPassword } from "./draw-password.ts";

/** ONVIF Core recommends that devices take 28 bytes or more. */
const usualLongest = 28;
const longest = 64;
/** Takes 8 to 16 ASCII characters of two kinds or more: https://www.manualshelf.com/manual/hiwatch/311307486/instructions-english/page-58.html */
const longestOf: Partial<Record<Vendor, number>> = { hikvision: 16 };
/** What is tried next where the camera finds a password too long, without having said how long one may be. */
const shorter = [16, 12, shortestPassword] as const;

/** How many characters a camera takes in a password, as far as it says so. */
export const passwordLengths = async (
  onvif: OnvifCaller,
  vendor: Vendor,
  cancel: Cancellable,
): Promise<readonly number[]> => {
  const told = (await unlessUnsupported(getDeviceCapabilities(onvif, cancel)))?.security.maxPasswordLength;
  return lengthsToTry(told, vendor);
};

export const lengthsToTry = (told: number | undefined, vendor: Vendor): readonly number[] => {
  const known = told === undefined || told === 0 ? usualLongest : told;
  const first = Math.max(shortestPassword, Math.min(known, longest, longestOf[vendor] ?? longest));
  return [first, ...shorter.filter((length) => length < first)];
};

/** ONVIF Core 8.4: `ter:PasswordTooLong`. */
export const isTooLong = (error: unknown): boolean => {
  if (!isGatehouseError(error) || error.code !== "camera-fault") return false;
  const codes = error.details["codes"];
  return Array.isArray(codes) && codes.includes("PasswordTooLong");
};
