import { find, findAll, textAt, type XmlElement } from "../xml/xml-element.ts";

/** One message of a camera's event service (ONVIF Core 9.4.3). Every text as the camera wrote it. */
export interface Notification {
  /** Without namespace prefixes: `VideoSource/MotionAlarm`. */
  readonly topic: string;
  /** `Initialized` tells a state that was so before, `Changed` one that has just come about; empty for mere events. */
  readonly operation: string;
  /** Which part of the camera it is about, by item name. */
  readonly source: ReadonlyMap<string, string>;
  readonly data: ReadonlyMap<string, string>;
}

/** More than any camera puts in one answer; what comes after is left out. */
export const mostNotifications = 256;
const mostItems = 32;
const longestText = 256;

/** Reads an answer to PullMessages. Messages without a topic are left out. */
export const readNotifications = (answer: XmlElement): readonly Notification[] =>
  findAll(answer, "NotificationMessage")
    .slice(0, mostNotifications)
    .flatMap((notification): Notification[] => {
      const topic = plainTopic(textAt(notification, "Topic"));
      const outer = find(notification, "Message");
      // wsnt:Message holds tt:Message; some cameras leave one of the two out.
      const message = find(outer, "Message") ?? outer;
      if (topic === "" || message === undefined) return [];
      const operation = message.attributes.get("PropertyOperation") ?? "";
      return [{ topic, operation, source: items(find(message, "Source")), data: items(find(message, "Data")) }];
    });

/** `tns1:VideoSource/tnshik:MotionAlarm//.` becomes `VideoSource/MotionAlarm`. */
export const plainTopic = (text: string): string =>
  text
    .slice(0, longestText)
    .split("/")
    .map((part) => part.slice(part.lastIndexOf(":") + 1).trim())
    .filter((part) => part !== "" && part !== ".")
    .join("/");

const items = (element: XmlElement | undefined): ReadonlyMap<string, string> =>
  new Map(
    findAll(element, "SimpleItem")
      .slice(0, mostItems)
      .map(({ attributes }) => [
        (attributes.get("Name") ?? "").slice(0, longestText),
        (attributes.get("Value") ?? "").slice(0, longestText),
      ]),
  );
