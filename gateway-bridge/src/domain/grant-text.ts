import type { Grant, Schedule } from "@gatehouse/shared";

/**
 * Grants in few words, those of one kind together: `live+snapshot on cam-..., events on * (mon,tue 08:00-18:00 Europe/Berlin)`.
 * @param all what stands for all cameras
 */
export const describeGrants = (grants: readonly Grant[], all = "*"): string => {
  const alike = Map.groupBy(grants, (grant) => `${grant.camera === "*" ? all : grant.camera}${limitsOf(grant)}`);
  return [...alike].map(([where, list]) => `${list.map(({ action }) => action).join("+")} on ${where}`).join(", ");
};

/** What limits a grant in time and place; empty where nothing does. */
export const limitsOf = ({ schedule, places = ["home"], until }: Grant): string => {
  const limits = [
    ...(schedule === undefined ? [] : [describeSchedule(schedule)]),
    ...(places.includes("away") ? [places.includes("home") ? "home and away" : "away"] : []),
    ...(until === undefined ? [] : [`until ${momentOf(until)}`]),
  ];
  return limits.length === 0 ? "" : ` (${limits.join("; ")})`;
};

/** ECMA-262 21.4.1.1: dates end there, numbers do not. */
const latest = 8.64e15;
const momentOf = (time: number): string => new Date(Math.min(time, latest)).toISOString();

const describeSchedule = ({ zone, windows }: Schedule): string =>
  `${windows.map(({ days, from, to }) => `${days.join(",")} ${from}-${to}`).join(", ")} ${zone}`;
