import { plainText } from "./plain-text.ts";

/** The names of pino's levels. */
const levels: Readonly<Record<number, string>> = { 20: "debug", 30: "info", 40: "warn", 50: "error" };

/** One line of pino's JSON as a line for people: time, level, message, and the fields as `name=value`. */
export const readableLine = (json: string): string => {
  const { level, time, msg, ...fields } = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const clock = typeof time === "string" ? time.slice(11, 19) : "";
  const data = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return plainText([clock, (levels[Number(level)] ?? "").padEnd(5), String(msg), ...data].join("  "));
};
