import type { Notification } from "./notification.ts";

/** What a notification says about motion. */
export interface Motion {
  readonly active: boolean;
  readonly topic: string;
  /** Tells apart what can move independently: one topic of one lens or rule. */
  readonly part: string;
  /** The camera's own correlation id, where it gives one. */
  readonly reference?: string;
}

/** Items in which cameras say whether it moves, by the order in which they are believed. */
const stateItems = ["ismotion", "state", "motion", "active", "value", "logicalstate"];

/** Motion has many topics: CellMotionDetector/Motion, MotionRegionDetector, VideoSource/MotionAlarm, VideoAnalytics/MotionDetection, Axis' VMD. */
export const isMotionTopic = (topic: string): boolean =>
  topic.split("/").some((part) => /motion/i.test(part) || /^VMD/.test(part));

/** Undefined for what is not about motion, or does not say whether it moves. */
export const readMotion = ({ topic, operation, source, data }: Notification): Motion | undefined => {
  if (!isMotionTopic(topic)) return undefined;
  const active = operation === "Deleted" ? false : stateIn(data);
  if (active === undefined) return undefined;
  const part = [topic, ...[...source].map(([name, value]) => `${name}=${value}`)].join("|");
  const reference = item(data, "reference") ?? item(data, "correlationid");
  return { active, topic, part, ...(reference !== undefined && { reference }) };
};

const item = (items: ReadonlyMap<string, string>, wanted: string): string | undefined => {
  for (const [name, value] of items) if (name.toLowerCase() === wanted && value !== "") return value;
  return undefined;
};

const stateIn = (data: ReadonlyMap<string, string>): boolean | undefined => {
  for (const name of stateItems) {
    const value = item(data, name)?.toLowerCase();
    if (value === "true" || value === "1") return true;
    if (value === "false" || value === "0") return false;
  }
  return undefined;
};
