import type { CheckId } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import type { StatedCheck } from "./check.ts";
import { inOrder, lateOnes } from "./check-order-policy.ts";

const check = (id: CheckId, ...parents: CheckId[]): StatedCheck => ({
  id,
  parents,
  scope: "stated",
  severity: "low",
  title: id,
  why: ["", ""],
  provision: "",
  ncsc: null,
  remedies: [],
  question: "",
  guide: () => null,
});
const idsOf = (checks: readonly { id: CheckId }[]) => checks.map(({ id }) => id);

describe("inOrder", () => {
  const checks = [check("RTSP-BASIC", "RTSP-ANON"), check("RTSP-ANON", "CAM-INIT"), check("TIME"), check("CAM-INIT")];

  it("puts every check behind those that it depends on", () => {
    expect(idsOf(inOrder(checks))).toEqual(["CAM-INIT", "RTSP-ANON", "RTSP-BASIC", "TIME"]);
  });

  it("takes along what a wanted check depends on, and nothing else", () => {
    expect(idsOf(inOrder(checks, ["RTSP-ANON"]))).toEqual(["CAM-INIT", "RTSP-ANON"]);
  });

  it("passes over what is not there", () => {
    expect(idsOf(inOrder([check("TIME", "CAM-INIT")], ["TIME", "EGRESS"]))).toEqual(["TIME"]);
  });

  it("refuses a circle", () => {
    const circle = [check("TIME", "EGRESS"), check("EGRESS", "TIME")];
    expect(() => inOrder(circle)).toThrow("TIME, EGRESS, TIME");
  });
});

it("lateOnes are those that spend guesses, and what depends on them", () => {
  const late = lateOnes(inOrder([check("CAM-PWD-DEFAULT"), check("TIME"), check("EGRESS", "CAM-PWD-DEFAULT")]));
  expect([...late]).toEqual(["CAM-PWD-DEFAULT", "EGRESS"]);
});
