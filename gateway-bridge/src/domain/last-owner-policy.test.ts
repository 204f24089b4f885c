import { expect, it } from "@jest/globals";
import type { Grant, PrincipalKind } from "@gatehouse/shared";

import { isGoverned } from "./last-owner-policy.ts";

const admin = (limits: Partial<Grant> = {}): Grant => ({ action: "admin", camera: "*", ...limits });
const windows = [{ days: ["mon" as const], from: "00:00", to: "00:00" }];

it.each<[string, PrincipalKind, Grant[], number | null, boolean]>([
  ["an owner who may always", "owner", [admin()], null, true],
  ["from home and away", "owner", [admin({ places: ["away", "home"] })], null, true],
  ["a revoked one", "owner", [admin()], 1, false],
  ["one without grants", "owner", [], null, false],
  ["one with other grants", "owner", [{ action: "live", camera: "*" }], null, false],
  ["one who may until then", "owner", [admin({ until: 9e15 })], null, false],
  ["one who may on Mondays", "owner", [admin({ schedule: { zone: "UTC", windows } })], null, false],
  ["one who may from away alone", "owner", [admin({ places: ["away"] })], null, false],
  ["a plugin that was given it somehow", "homebridge", [admin()], null, false],
])("%s", (_case, kind, grants, revoked, expected) => {
  expect(
    isGoverned([
      { kind: "application", grants: [admin()], revoked: null },
      { kind, grants, revoked },
    ]),
  ).toBe(expected);
});
