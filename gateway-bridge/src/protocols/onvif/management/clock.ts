import type { Cancellable } from "@gatehouse/shared";
import { isIP } from "node:net";

import type { XmlNode } from "../../xml/write-xml.ts";
import { find, textAt, type XmlElement } from "../../xml/xml-element.ts";
import type { OnvifCaller } from "../onvif-caller.ts";
import { readSystemDateAndTime } from "../system-date-and-time.ts";
import { argument, ask, flag, part } from "./ask.ts";
import { readHosts, writeAddress } from "./network.ts";

/** What a camera's clock shows, and who sets it. */
export interface CameraClock {
  /** Milliseconds since the epoch; undefined where the camera tells none that exists. */
  readonly utc: number | undefined;
  /** `NTP` or `Manual`, or what else the camera says. */
  readonly type: string;
  readonly daylightSavings: boolean;
  /** POSIX 1003.1, as the camera wrote it: `CET-1CEST,M3.5.0,M10.5.0/3`. */
  readonly zone: string;
}

/** Anybody may ask this: no login is needed (ONVIF Core, access class PRE_AUTH). */
export const getSystemDateAndTime = async (onvif: OnvifCaller, cancel: Cancellable): Promise<CameraClock> =>
  readClock(await ask(onvif, { operation: "GetSystemDateAndTime" }, cancel));

export const readClock = (answer: XmlElement): CameraClock => {
  const clock = find(answer, "SystemDateAndTime");
  return {
    utc: readSystemDateAndTime(answer),
    type: textAt(clock, "DateTimeType"),
    daylightSavings: flag(textAt(clock, "DaylightSavings")) ?? false,
    zone: textAt(clock, "TimeZone", "TZ"),
  };
};

/** `utc` counts where the type is `Manual`; the zone stays as it is where it is empty. */
export const setSystemDateAndTime = async (
  onvif: OnvifCaller,
  { type, daylightSavings, zone, utc }: CameraClock & { readonly type: "NTP" | "Manual" },
  cancel: Cancellable,
): Promise<void> => {
  const given = [
    argument("DateTimeType", type),
    argument("DaylightSavings", String(daylightSavings)),
    zone === "" ? undefined : argument("TimeZone", part("TZ", zone)),
    type === "NTP" || utc === undefined ? undefined : argument("UTCDateTime", ...dateAndTime(new Date(utc))),
  ];
  await ask(onvif, { operation: "SetSystemDateAndTime", arguments: given }, cancel);
};

const dateAndTime = (at: Date): readonly XmlNode[] => [
  part(
    "Time",
    part("Hour", String(at.getUTCHours())),
    part("Minute", String(at.getUTCMinutes())),
    part("Second", String(at.getUTCSeconds())),
  ),
  part(
    "Date",
    part("Year", String(at.getUTCFullYear())),
    part("Month", String(at.getUTCMonth() + 1)),
    part("Day", String(at.getUTCDate())),
  ),
];

/** Whom a camera asks for the time. */
export interface NtpSettings {
  readonly fromDhcp: boolean;
  /** Addresses or names: what DHCP gave, and what was set by hand. */
  readonly dhcp: readonly string[];
  readonly manual: readonly string[];
}

export const getNtp = async (onvif: OnvifCaller, cancel: Cancellable): Promise<NtpSettings> =>
  readNtp(await ask(onvif, { operation: "GetNTP" }, cancel));

export const readNtp = (answer: XmlElement): NtpSettings => {
  const ntp = find(answer, "NTPInformation");
  return {
    fromDhcp: flag(textAt(ntp, "FromDHCP")) ?? false,
    dhcp: readHosts(ntp, "NTPFromDHCP"),
    manual: readHosts(ntp, "NTPManual"),
  };
};

export const setNtp = async (
  onvif: OnvifCaller,
  { fromDhcp, manual }: Omit<NtpSettings, "dhcp">,
  cancel: Cancellable,
): Promise<void> => {
  const given = [
    argument("FromDHCP", String(fromDhcp)),
    ...manual.map((host) =>
      argument("NTPManual", ...(isIP(host) === 0 ? [part("Type", "DNS"), part("DNSname", host)] : writeAddress(host))),
    ),
  ];
  await ask(onvif, { operation: "SetNTP", arguments: given }, cancel);
};
