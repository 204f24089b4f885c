// @ts-check

/** @import { Action, Camera, Grant } from "@gatehouse/shared" */
import { fullTime } from "./dates.js";

/** What each action is to people. */
/** @type {Readonly<Record<Action, string>>} */
export const actionNames = {
  live: "live picture",
  snapshot: "still pictures",
  events: "events",
  clip: "clips",
  ptz: "turning the camera",
  talk: "speaking",
  control: "camera settings",
  metrics: "figures of the gateway",
  admin: "the gateway's settings",
  remote: "from away",
  remedy: "mending the network",
};

/** What is offered when somebody is let in; the rest is for the command line. */
export const offered = /** @type {const} */ (["live", "snapshot", "events", "clip", "talk"]);

/** @type {readonly Action[]} */
const everything = /** @type {readonly Action[]} */ (Object.keys(actionNames));

/**
 * The grants of somebody who is to have these actions on these cameras.
 *
 * @param {{ readonly cameras: readonly string[], readonly actions: readonly Action[] }} choice `*` stands for all cameras
 */
export const grantsFor = ({ cameras, actions }) =>
  cameras.flatMap((camera) => actions.map((action) => ({ action, camera })));

/** The grants of somebody who looks after the gateway. */
export const allGrants = () => grantsFor({ cameras: ["*"], actions: everything });

/**
 * What somebody may do, a line for each set of cameras.
 *
 * @param {readonly Grant[]} grants
 * @param {readonly Pick<Camera, "id" | "name">[]} cameras those that whoever reads this sees
 * @returns {readonly string[]}
 */
export const describeRights = (grants, cameras) => {
  if (grants.some(isGovernance)) return ["Everything, the gateway's settings too"];
  const held = [...Map.groupBy(grants, (grant) => grant.camera + limitsOf(grant)).values()].flatMap((alike) => {
    const [first] = alike;
    if (first === undefined) return [];
    const rights = alike.map(({ action }) => actionNames[action]).join(", ") + limitsOf(first);
    return [{ name: nameOf(first.camera, cameras), rights }];
  });
  const alike = Map.groupBy(held, ({ rights }) => rights);
  return [...alike].map(([rights, list]) => `${list.map(({ name }) => name).join(", ")}: ${rights}`);
};

/** @param {Grant} grant */
const isGovernance = ({ action, camera }) => action === "admin" && camera === "*";

/**
 * @param {string} camera
 * @param {readonly Pick<Camera, "id" | "name">[]} cameras
 */
const nameOf = (camera, cameras) =>
  camera === "*" ? "All cameras" : (cameras.find(({ id }) => id === camera)?.name ?? "A camera that was removed");

/** @param {Grant} grant */
const limitsOf = ({ schedule, places = ["home"], until }) => {
  const limits = [
    ...(schedule === undefined ? [] : [schedule.windows.map(windowText).join("; ")]),
    ...(places.includes("away") ? [places.includes("home") ? "from home and away" : "from away only"] : []),
    ...(until === undefined ? [] : [`until ${fullTime(until)}`]),
  ];
  return limits.length === 0 ? "" : ` (${limits.join("; ")})`;
};

/** @param {{ readonly days: readonly string[], readonly from: string, readonly to: string }} window */
const windowText = ({ days, from, to }) => `${days.join(", ")} ${from}–${to}`;
