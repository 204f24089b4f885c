import { describe, expect, it } from "@jest/globals";
import { Action, CameraId, ownerOnlyActions, PrincipalKind, type Grant } from "@gatehouse/shared";

import { canHold, decideAccess, visibleCameras } from "./access-policy.ts";

const here = CameraId.parse("cam-aaaaaaaaaaaaaaaa");
const there = CameraId.parse("cam-bbbbbbbbbbbbbbbb");
const places = [here, there, "*"] as const;
const actions = Action.options;
const kinds = PrincipalKind.options;

/** Every grant that there can be, for these cameras. */
const grantsOf = (action: Action): Grant[] => places.map((camera) => ({ action, camera }));

describe("decideAccess", () => {
  // The whole table: kind x revoked x action held x place held x action asked x place asked.
  const rows = kinds.flatMap((kind) =>
    [null, 0, 1_700_000_000_000].flatMap((revoked) =>
      actions.flatMap((held) => grantsOf(held).map((grant) => ({ kind, revoked, grant }))),
    ),
  );

  it.each(rows)("$kind, revoked $revoked, holding $grant", ({ kind, revoked, grant }) => {
    for (const action of actions) {
      for (const camera of places) {
        const decision = decideAccess({ kind, revoked, grants: [grant] }, { action, camera });
        const reserved = kind !== "owner" && ["admin", "remote", "remedy"].includes(action);
        const granted = grant.action === action && (grant.camera === "*" || grant.camera === camera);
        const expected =
          revoked !== null
            ? { kind: "deny", why: "revoked" }
            : reserved
              ? { kind: "deny", why: "owner-only" }
              : granted
                ? { kind: "allow", grant }
                : { kind: "deny", why: "not-granted" };
        expect(decision).toEqual(expected);
      }
    }
  });

  it.each(kinds)("refuses everything to a principal without grants (%s)", (kind) => {
    for (const action of actions) {
      for (const camera of places) {
        expect(decideAccess({ kind, revoked: null, grants: [] }, { action, camera }).kind).toBe("deny");
      }
    }
  });

  it("does not add up grants for single cameras to one for all", () => {
    const grants: Grant[] = [here, there].map((camera) => ({ action: "live", camera }));
    expect(decideAccess({ kind: "owner", revoked: null, grants }, { action: "live", camera: "*" })).toEqual({
      kind: "deny",
      why: "not-granted",
    });
  });

  it("finds the grant among many", () => {
    const grants: Grant[] = [
      { action: "snapshot", camera: here },
      { action: "live", camera: there },
      { action: "live", camera: here },
    ];
    expect(decideAccess({ kind: "homebridge", revoked: null, grants }, { action: "live", camera: here })).toEqual({
      kind: "allow",
      grant: { action: "live", camera: here },
    });
  });

  it("knows no kind and no action that it was not told of", () => {
    const stranger = { kind: "of-the-future" as PrincipalKind, revoked: null, grants: grantsOf("admin") };
    expect(decideAccess(stranger, { action: "admin", camera: "*" })).toEqual({ kind: "deny", why: "owner-only" });
    const owner = { kind: "owner" as const, revoked: null, grants: grantsOf("live") };
    expect(decideAccess(owner, { action: "fly" as Action, camera: here }).kind).toBe("deny");
  });
});

describe("canHold", () => {
  it.each(kinds)("lets only owners hold the owner's actions (%s)", (kind) => {
    expect(actions.filter((action) => !canHold(kind, action))).toEqual(kind === "owner" ? [] : ownerOnlyActions);
  });
});

describe("visibleCameras", () => {
  const cameras = [
    { id: here, name: "Door" },
    { id: there, name: "Garden" },
  ];

  it.each<[string, Grant[], string[]]>([
    ["nothing without a grant", [], []],
    ["one camera, by any action on it", [{ action: "events", camera: there }], ["Garden"]],
    ["all by a grant for all", [{ action: "snapshot", camera: "*" }], ["Door", "Garden"]],
    ["nothing by a grant that its kind cannot hold", [{ action: "admin", camera: "*" }], []],
  ])("shows a service %s", (_case, grants, names) => {
    const principal = { kind: "node-red" as const, revoked: null, grants };
    expect(visibleCameras(principal, cameras).map((camera) => camera.name)).toEqual(names);
  });

  it("shows the owner what an owner's action covers, and nobody anything once revoked", () => {
    const grants: Grant[] = [{ action: "admin", camera: "*" }];
    expect(visibleCameras({ kind: "owner", revoked: null, grants }, cameras)).toEqual(cameras);
    expect(visibleCameras({ kind: "owner", revoked: 1, grants }, cameras)).toEqual([]);
  });
});
