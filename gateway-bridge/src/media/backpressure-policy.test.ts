import { describe, expect, it } from "@jest/globals";

import { admit, type Admission, type Awaiting } from "./backpressure-policy.ts";
import { makePicture, makeSound } from "./testing/units.ts";

const key = makePicture({ key: true, size: 100 });
const delta = makePicture({ size: 100 });
const sound = makeSound({ data: Buffer.alloc(100) });

// Every combination of what comes, what is waited for and whether there is room.
const table: readonly [string, typeof key | typeof sound, Awaiting, "room" | "no units" | "no bytes", Admission][] = [
  ["key picture", key, "nothing", "room", "queue"],
  ["key picture", key, "nothing", "no units", "restart"],
  ["key picture", key, "nothing", "no bytes", "restart"],
  ["key picture", key, "beginning", "room", "queue"],
  ["key picture", key, "beginning", "no units", "restart"],
  ["key picture", key, "beginning", "no bytes", "restart"],
  ["key picture", key, "slow-viewer", "room", "queue"],
  ["key picture", key, "slow-viewer", "no units", "restart"],
  ["key picture", key, "slow-viewer", "no bytes", "restart"],
  ["picture", delta, "nothing", "room", "queue"],
  ["picture", delta, "nothing", "no units", "drop"],
  ["picture", delta, "nothing", "no bytes", "drop"],
  ["picture", delta, "beginning", "room", "skip"],
  ["picture", delta, "beginning", "no units", "skip"],
  ["picture", delta, "beginning", "no bytes", "skip"],
  ["picture", delta, "slow-viewer", "room", "skip"],
  ["picture", delta, "slow-viewer", "no units", "skip"],
  ["picture", delta, "slow-viewer", "no bytes", "skip"],
  ["sound", sound, "nothing", "room", "queue"],
  ["sound", sound, "nothing", "no units", "drop"],
  ["sound", sound, "nothing", "no bytes", "drop"],
  ["sound", sound, "beginning", "room", "skip"],
  ["sound", sound, "beginning", "no units", "skip"],
  ["sound", sound, "beginning", "no bytes", "skip"],
  ["sound", sound, "slow-viewer", "room", "skip"],
  ["sound", sound, "slow-viewer", "no units", "skip"],
  ["sound", sound, "slow-viewer", "no bytes", "skip"],
];

describe("admit", () => {
  it.each(table)("%s (%#): awaiting %s with %s", (_title, unit, awaiting, room, admission) => {
    const limit = { units: 10, bytes: 1_000 };
    const pending = { units: room === "no units" ? 10 : 9, bytes: room === "no bytes" ? 901 : 900 };
    expect(admit({ unit, awaiting, pending, limit })).toBe(admission);
  });
});
