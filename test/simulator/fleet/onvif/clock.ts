import { element, SoapFault, type XmlPart } from "../../soap.ts";
import { hosts, hostsOf } from "./network.ts";
import { preAuth, readSystem, tag, writeSystem, type Operations } from "./operation.ts";

/** Device Management 8.3.4: the camera's clock, and who sets it. */
export const clockOperations: Operations = {
  GetSystemDateAndTime: preAuth((core) => {
    const { type, zone } = core.state.clock;
    return element(
      "tds:SystemDateAndTime",
      tag("tt:DateTimeType", type),
      tag("tt:DaylightSavings", false),
      element("tt:TimeZone", tag("tt:TZ", zone)),
      element("tt:UTCDateTime", dateAndTime(core.cameraNow)),
    );
  }),
  SetSystemDateAndTime: writeSystem((core, body) => {
    const { clock } = core.state;
    const type = body.text("DateTimeType");
    if (type !== "NTP" && type !== "Manual") throw new SoapFault("ter:InvalidArgVal", "set by hand or by NTP");
    const zone = body.text("TZ") ?? clock.zone;
    if (!/^[A-Za-z<][\w<>+,./:-]{1,62}$/.test(zone)) throw new SoapFault("ter:InvalidTimeZone", "no POSIX time zone");
    const [utc] = body.parts("UTCDateTime");
    // Set by NTP, the clock is right as soon as a server answers; the simulator's always does.
    const offsetMs = type === "NTP" ? 0 : utc === undefined ? clock.offsetMs : timeOf(utc) - core.now();
    core.state.clock = { type, zone, offsetMs };
    return "";
  }),
  GetNTP: readSystem(({ state: { network } }) => hosts("NTP", network.ntp)),
  SetNTP: writeSystem(({ state: { network } }, body) => {
    network.ntp = { fromDhcp: body.text("FromDHCP") === "true", servers: hostsOf(body, "NTPManual") };
    return "";
  }),
};

const dateAndTime = (at: number): string => {
  const now = new Date(at);
  return (
    element(
      "tt:Time",
      tag("tt:Hour", now.getUTCHours()),
      tag("tt:Minute", now.getUTCMinutes()),
      tag("tt:Second", now.getUTCSeconds()),
    ) +
    element(
      "tt:Date",
      tag("tt:Year", now.getUTCFullYear()),
      tag("tt:Month", now.getUTCMonth() + 1),
      tag("tt:Day", now.getUTCDate()),
    )
  );
};

const timeOf = (part: XmlPart): number => {
  const [year = NaN, month = NaN, day = NaN, hour = NaN, minute = NaN, second = NaN] = [
    "Year",
    "Month",
    "Day",
    "Hour",
    "Minute",
    "Second",
  ].map((name) => Number(part.text(name) ?? NaN));
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  if (Number.isNaN(at)) throw new SoapFault("ter:InvalidDateTime", "not a date and time");
  return at;
};
