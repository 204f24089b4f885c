import type { Vendor } from "../probe/probed-camera.ts";

/** What a firmware's name tells. Makers write it as they like, and nothing in it is certain. */
export interface FirmwareVersion {
  /** `V5.4.0` is [5, 4, 0]; undefined where there is none. */
  readonly numbers: readonly number[] | undefined;
  /** The day that it was built on, milliseconds since the epoch, midnight UTC; undefined where it is not written there. */
  readonly builtAt: number | undefined;
}

/** Nobody built firmware for cameras of this kind before. */
const earliestYear = 2000;

/**
 * Reads what real cameras answer: `V5.1.6 build 140401` (Hikvision), `2.420.0000.11.R, build: 2017-06-20`, `2.800.0000000.29.R.210630`
 * (Dahua), `v3.0.0.177_21012101` (Reolink: two digits each of year, month, day and number), `1.1.16 Build 211209 Rel. 37726N` (Tapo),
 * `5.55.1.2` (Axis), `V11.4.8.1.1-20180512` (cameras without a name).
 */
export const parseFirmware = (text: string, vendor: Vendor): FirmwareVersion => {
  const bounded = text.slice(0, 128);
  return { numbers: numbersOf(bounded), builtAt: builtAt(bounded, vendor) };
};

const numbersOf = (text: string): readonly number[] | undefined => {
  const found = /(?:^|[^\d.])(\d{1,6}(?:\.\d{1,10}){1,5})/.exec(` ${text}`)?.[1];
  return found?.split(".").map(Number);
};

const builtAt = (text: string, vendor: Vendor): number | undefined => {
  const build = /\bbuild\W{0,3}(\d{8}|\d{6}|\d{4}-\d{2}-\d{2})(?!\d)/i.exec(text)?.[1];
  if (build !== undefined) return dayOf(build);
  const release = /\.[A-Z]{1,2}\.(\d{8}|\d{6})(?!\d)/.exec(text)?.[1];
  if (release !== undefined) return dayOf(release);
  const ending = /-(\d{8})$/.exec(text.trim())?.[1];
  if (ending !== undefined) return dayOf(ending);
  // The last two digits count the builds of a day: the same eight digits would be another date in the other makers' form.
  const counted = vendor === "reolink" ? /_(\d{6})\d{2}(?!\d)/.exec(text)?.[1] : undefined;
  return counted === undefined ? undefined : dayOf(counted);
};

/** `140401`, `20170620` or `2017-06-20`; undefined for a day that does not exist. */
const dayOf = (text: string): number | undefined => {
  const digits = text.replaceAll("-", "");
  const [, year = "", month = "", day = ""] = /^(\d{4}|\d{2})(\d{2})(\d{2})$/.exec(digits) ?? [];
  const full = year.length === 2 ? `20${year}` : year;
  const at = Date.parse(`${full}-${month}-${day}T00:00:00Z`);
  if (Number.isNaN(at) || Number(full) < earliestYear) return undefined;
  // Date.parse takes the 31st of a shorter month for the first of the next.
  return new Date(at).getUTCDate() === Number(day) ? at : undefined;
};

/** Below 0 where `a` is older than `b`. What is missing at the end counts as 0: `5.4` is `5.4.0`. */
export const compareFirmware = (a: readonly number[], b: readonly number[]): number => {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};
