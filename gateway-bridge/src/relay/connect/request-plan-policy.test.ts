import { routes, type Route } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import { planRequest } from "./request-plan-policy.ts";

const id = "abcdefghijklmnop";
const camera = `/v1/cameras/cam-${id}`;

describe("planRequest", () => {
  it.each<[string, string, object]>([
    ["GET", "/v1/cameras", { kind: "forward", route: "listCameras", way: "shared", aboutLogin: false }],
    ["GET", `${camera}/snapshot?width=640`, { kind: "forward", route: "snapshot", way: "shared" }],
    ["GET", `${camera}/clip?before=2`, { kind: "forward", route: "clip", way: "own" }],
    ["GET", `${camera}/live`, { kind: "forward", route: "live", way: "own" }],
    ["GET", "/v1/events", { kind: "forward", route: "events", way: "own" }],
    ["GET", "/v1/door", { kind: "forward", route: "doorState", way: "shared", aboutLogin: false }],
    ["POST", "/v1/me/step-up/password", { kind: "forward", way: "shared", aboutLogin: true }],
    ["DELETE", "/v1/me/login", { kind: "forward", aboutLogin: true }],
    ["POST", "/v1/sign-in/password", { kind: "keep-out" }],
    ["POST", "/v1/pair", { kind: "keep-out" }],
    ["POST", "/v1/first-run", { kind: "keep-out" }],
    ["POST", "/v1/remote/devices", { kind: "keep-out" }],
    ["POST", "/v1/%73ign-in/password", { kind: "unknown" }],
    ["POST", "//v1/sign-in/password", { kind: "unknown" }],
    ["GET", "/", { kind: "unknown" }],
    ["GET", "/v1/cameras/", { kind: "unknown" }],
    ["GET", "/v1/cameras/a/b/snapshot", { kind: "unknown" }],
    ["TRACE", "/v1/cameras", { kind: "unknown" }],
    ["HEAD", "/v1/cameras", { kind: "unknown" }],
    ["get", "/v1/cameras", { kind: "unknown" }],
    ["GET", "", { kind: "unknown" }],
  ])("%s %s", (method, target, plan) => {
    expect(planRequest({ method, target })).toMatchObject(plan);
  });

  it("knows every route of the API, and keeps out of those that let somebody in", () => {
    for (const [name, { method, path, access }] of Object.entries<Route>(routes)) {
      const plan = planRequest({ method, target: path.replaceAll(/:\w+/g, "x") });
      const letsIn = access.on === "pairing" || (access.on === "anybody" && method !== "GET");
      expect([name, plan.kind]).toEqual([name, letsIn ? "keep-out" : "forward"]);
      if (plan.kind === "forward") expect(plan.route).toBe(name);
    }
  });
});
