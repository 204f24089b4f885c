import { describe, expect, it } from "@jest/globals";
import { Action, Camera, Grant, ownerOnlyActions } from "@gatehouse/shared";

import { actionNames, allGrants, describeRights, grantsFor } from "./rights.js";

const [front, garden] = ["cam-aaaaaaaaaaaaaaaa", "cam-bbbbbbbbbbbbbbbb"];
const cameras = [
  { id: front, name: "Front" },
  { id: garden, name: "Garden" },
].map((each) => Camera.pick({ id: true, name: true }).parse(each));
const held = (grants: unknown[]) =>
  describeRights(
    grants.map((grant) => Grant.parse(grant)),
    cameras,
  );

describe("describeRights", () => {
  it("says in one line what is alike", () => {
    const grants = grantsFor({ cameras: [front, garden], actions: ["live", "snapshot"] });
    expect(held(grants)).toEqual(["Front, Garden: live picture, still pictures"]);
  });

  it("keeps apart what is not", () => {
    const grants = [
      { action: "live", camera: "*" },
      { action: "talk", camera: front },
    ];
    expect(held(grants)).toEqual(["All cameras: live picture", "Front: speaking"]);
  });

  it("says the limits of time and place", () => {
    const windows = [{ days: ["mon", "tue"], from: "08:00", to: "18:00" }];
    const grants = [
      { action: "live", camera: front, schedule: { zone: "UTC", windows } },
      { action: "live", camera: garden, places: ["home", "away"] },
    ];
    expect(held(grants)).toEqual([
      "Front: live picture (mon, tue 08:00–18:00)",
      "Garden: live picture (from home and away)",
    ]);
  });

  it("says nothing but that of whoever governs", () => {
    expect(held(allGrants())).toEqual(["Everything, the gateway's settings too"]);
  });

  it("does not show the id of a camera that is gone", () => {
    expect(held([{ action: "live", camera: "cam-cccccccccccccccc" }])).toEqual([
      "A camera that was removed: live picture",
    ]);
  });
});

it("names every action, and gives no governing by halves", () => {
  expect(Object.keys(actionNames).sort()).toEqual([...Action.options].sort());
  const all = allGrants();
  expect(all.map(({ action }) => action).sort()).toEqual([...Action.options].sort());
  expect(ownerOnlyActions.every((action) => all.some((grant) => grant.action === action && grant.camera === "*"))).toBe(
    true,
  );
});
