import { find, textAt, type XmlElement } from "../xml/xml-element.ts";

/** The camera's UTC time, milliseconds since the epoch; undefined where it gives none that exists, such as 0000-00-00. */
export const readSystemDateAndTime = (answer: XmlElement): number | undefined => {
  const utc = find(answer, "SystemDateAndTime", "UTCDateTime");
  const at = (...path: readonly string[]): number => Number(/^\d{1,4}$/.exec(textAt(utc, ...path))?.[0]);
  const [year, month, day] = [at("Date", "Year"), at("Date", "Month"), at("Date", "Day")];
  const [hour, minute, second] = [at("Time", "Hour"), at("Time", "Minute"), at("Time", "Second")];
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 24 && minute <= 59 && second <= 60))
    return undefined;
  // Earlier years would be read as 19xx; no camera's clock has ever stood before 1970.
  return year >= 1970 ? Date.UTC(year, month - 1, day, hour, minute, second) : undefined;
};
