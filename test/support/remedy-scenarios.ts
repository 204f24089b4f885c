import type { FleetCamera } from "../simulator/fleet/fleet-camera.ts";
import type { RemedyWish } from "./remedy-command.ts";
import type { PlaceOptions } from "./remedy-place.ts";

/** One thing that the gateway does about a camera, wherever it is cut off. */
export interface RemedyScenario extends PlaceOptions {
  readonly name: string;
  readonly wish: RemedyWish;
  /** The states that it is told to be in after the next start, in the order of the steps before which it was cut off. */
  readonly ends: RegExp;
  /** Whether the camera is as the remedy makes it, in each place where that shows. */
  readonly changed: (camera: FleetCamera) => readonly boolean[];
  /** The camera restarts while the gateway does. */
  readonly restarts?: boolean;
  /** Every n-th step is tried, from one that is drawn; all of them with GATEHOUSE_KILLS=all. Default: all of them. */
  readonly every?: number;
}

const administrator = { "CAM-LEASTPRIV": true } as const;
const plain = { ...administrator, "NET-HTTPS-OFF": true } as const;

/** Done from its confirmation on; some of those that were cut off in the middle may be taken back instead. */
const done = /^(none )*(proposed )*((done|failed) ?)+$/;
const alwaysDone = /^(none )*(proposed )*(done ?)+$/;
const doneAndUndone = /^(none )*(proposed )*(done )+(undone ?)+$/;

const forgets =
  (username: string, password: string) =>
  (camera: FleetCamera): readonly boolean[] =>
    (["onvif", "web"] as const).map((plane) => !camera.knows(plane, username, password));
const ownForgotten = (camera: FleetCamera): readonly boolean[] =>
  forgets(camera.facts.username, camera.facts.password)(camera);
const lists = (username: string) => (camera: FleetCamera) =>
  camera.state.accounts.onvif.some((account) => account.username === username);
const not =
  (of: (camera: FleetCamera) => boolean) =>
  (camera: FleetCamera): readonly boolean[] => [!of(camera)];

const rotation = { remedy: "rotate-password" } as const;

const rotations: readonly RemedyScenario[] = [
  {
    name: "a rotation where page and stream have a list of accounts of their own",
    camera: { brand: "hikvision", weaknesses: plain },
    wish: { ...rotation, vendor: true },
    ends: done,
    changed: ownForgotten,
    every: 2,
  },
  {
    name: "a rotation of the factory's password in two lists",
    camera: { brand: "hikvision", weaknesses: { ...plain, "CAM-PWD-DEFAULT": true } },
    wish: { ...rotation, vendor: true },
    ends: done,
    changed: forgets("admin", "12345"),
    every: 4,
  },
  {
    name: "a rotation where pictures are fetched with another account",
    camera: { weaknesses: plain },
    before: [{ remedy: "streaming-user" }],
    wish: rotation,
    ends: /^(done )*(proposed )*(done ?)+$/,
    changed: ownForgotten,
    every: 4,
  },
  {
    name: "a rotation of the maker's account by its factory password",
    camera: { brand: "axis", weaknesses: { "CAM-PWD-DEFAULT": true, "NET-HTTPS-OFF": true } },
    wish: rotation,
    ends: done,
    changed: forgets("root", "pass"),
    every: 4,
  },
  {
    name: "a rotation at a camera that lies",
    camera: { weaknesses: plain, lies: ["SetUser"] },
    wish: rotation,
    ends: /^(none )*(proposed )*(failed ?)+$/,
    changed: ownForgotten,
    every: 2,
  },
  {
    name: "a rotation at a camera that restarts meanwhile",
    camera: { weaknesses: plain },
    wish: rotation,
    restarts: true,
    ends: done,
    changed: ownForgotten,
    every: 4,
  },
];

const accounts: readonly RemedyScenario[] = [
  {
    name: "streaming-user, taken back",
    camera: { weaknesses: plain },
    wish: { remedy: "streaming-user", undo: true },
    ends: doneAndUndone,
    changed: (camera) => [lists("gatehouse-view")(camera)],
  },
  {
    name: "remove-users",
    camera: { weaknesses: { ...plain, "CAM-USERS-EXTRA": true } },
    wish: { remedy: "remove-users" },
    ends: alwaysDone,
    changed: not(lists("support")),
  },
  {
    name: "initialise",
    camera: { brand: "axis", weaknesses: { "CAM-INIT": true, "NET-HTTPS-OFF": true } },
    wish: { remedy: "initialise" },
    ends: alwaysDone,
    changed: (camera) => [camera.state.initialised],
  },
];

const settings: readonly RemedyScenario[] = [
  {
    name: "tls-on, taken back",
    camera: { brand: "axis", weaknesses: plain },
    wish: { remedy: "tls-on", undo: true },
    ends: doneAndUndone,
    // Nothing that was made for it stays behind.
    changed: ({ state: { protocols, tls } }) => [protocols.HTTPS.enabled, tls.keys.length > 0, tls.assigned.length > 0],
  },
  {
    name: "tls-harden, taken back",
    camera: { brand: "axis", weaknesses: { ...administrator, "TLS-WEAK": true } },
    wish: { remedy: "tls-harden", undo: true },
    ends: doneAndUndone,
    changed: ({ facts, servedPin, state: { tls } }) => [facts.pin !== servedPin, !tls.versions.includes("1.0")],
  },
  {
    name: "http-off, taken back",
    camera: { brand: "axis", weaknesses: { ...administrator, "NET-HTTP": true } },
    wish: { remedy: "http-off", undo: true },
    ends: doneAndUndone,
    changed: not(({ state }) => state.protocols.HTTP.enabled),
  },
  {
    name: "discovery-off, taken back",
    camera: { weaknesses: { ...plain, "DISC-ON": true } },
    wish: { remedy: "discovery-off", undo: true },
    ends: doneAndUndone,
    changed: not(({ state }) => state.discovery.mode === "Discoverable"),
  },
];

export const remedyScenarios: readonly RemedyScenario[] = [...rotations, ...accounts, ...settings];
