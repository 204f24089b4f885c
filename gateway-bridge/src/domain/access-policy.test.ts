import { describe, expect, it } from "@jest/globals";
import { Action, CameraId, ownerOnlyActions, PrincipalKind, type Grant } from "@gatehouse/shared";

import { canHold, decideAccess, decidePresence, visibleCameras } from "./access-policy.ts";
import type { Circumstances } from "./circumstances.ts";

const here = CameraId.parse("cam-aaaaaaaaaaaaaaaa");
const there = CameraId.parse("cam-bbbbbbbbbbbbbbbb");
const places = [here, there, "*"] as const;
/** 2024-01-03, a Wednesday, 12:00 UTC. */
const noon = Date.UTC(2024, 0, 3, 12);
const onTheBox: Circumstances = { now: noon, place: "home", assurance: "two" };
const atHome: Circumstances = { now: noon, place: "home", assurance: "one" };
const away: Circumstances = { now: noon, place: "away", assurance: "two" };
const actions = Action.options;
const kinds = PrincipalKind.options;

/** Every grant that there can be, for these cameras. */
const grantsOf = (action: Action): Grant[] => places.map((camera) => ({ action, camera }));

/** What this kind of principal can never hold. */
const neverHeld = (kind: PrincipalKind): Action[] => {
  if (kind === "owner" || kind === "person") return [];
  const reserved: Action[] = ["admin", "remote", "remedy"];
  return kind === "guest" ? ["clip", "ptz", "control", "metrics", ...reserved] : reserved;
};

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
        const decision = decideAccess({ kind, revoked, grants: [grant] }, { action, camera }, onTheBox);
        const reserved = neverHeld(kind).includes(action);
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
        expect(decideAccess({ kind, revoked: null, grants: [] }, { action, camera }, onTheBox).kind).toBe("deny");
      }
    }
  });

  it("does not add up grants for single cameras to one for all", () => {
    const grants: Grant[] = [here, there].map((camera) => ({ action: "live", camera }));
    expect(decideAccess({ kind: "owner", revoked: null, grants }, { action: "live", camera: "*" }, onTheBox)).toEqual({
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
    const decision = decideAccess(
      { kind: "homebridge", revoked: null, grants },
      { action: "live", camera: here },
      onTheBox,
    );
    expect(decision).toEqual({
      kind: "allow",
      grant: { action: "live", camera: here },
    });
  });

  it("knows no kind and no action that it was not told of", () => {
    const stranger = { kind: "of-the-future" as PrincipalKind, revoked: null, grants: grantsOf("admin") };
    const asAdmin = decideAccess(stranger, { action: "admin", camera: "*" }, onTheBox);
    expect(asAdmin).toEqual({ kind: "deny", why: "owner-only" });
    const owner = { kind: "owner" as const, revoked: null, grants: grantsOf("live") };
    expect(decideAccess(owner, { action: "fly" as Action, camera: here }, onTheBox).kind).toBe("deny");
  });
});

describe("a grant with limits", () => {
  const schedule = (from: string, to: string): Grant["schedule"] => ({
    zone: "UTC",
    windows: [{ days: ["wed"], from, to }],
  });
  const live = (limits: Partial<Grant>): Grant => ({ action: "live", camera: here, ...limits });
  const remote = (limits: Partial<Grant> = {}): Grant => ({ action: "remote", camera: here, ...limits });

  it.each<[string, Grant[], Circumstances, string]>([
    ["without limits, at home", [live({})], atHome, "allow"],
    ["within its schedule", [live({ schedule: schedule("11:00", "12:01") })], atHome, "allow"],
    ["before its schedule", [live({ schedule: schedule("12:01", "13:00") })], atHome, "not-now"],
    ["as its schedule ends", [live({ schedule: schedule("11:00", "12:00") })], atHome, "not-now"],
    ["before its end", [live({ until: noon + 1 })], atHome, "allow"],
    ["at its end", [live({ until: noon })], atHome, "ended"],
    ["by a clock that shows nothing", [live({ until: noon + 1 })], { ...atHome, now: Number.NaN }, "ended"],
    [
      "on a schedule, by such a clock",
      [live({ schedule: schedule("11:00", "13:00") })],
      { ...atHome, now: NaN },
      "not-now",
    ],
    ["for home, from away", [live({ places: ["home"] }), remote()], away, "not-here"],
    ["for nowhere in particular, from away", [live({}), remote()], away, "not-here"],
    ["for away alone, at home", [live({ places: ["away"] }), remote()], atHome, "not-here"],
    ["for both, from away", [live({ places: ["home", "away"] }), remote()], away, "allow"],
    [
      "for both, from away, with one factor",
      [live({ places: ["home", "away"] }), remote()],
      { ...away, assurance: "one" },
      "one-factor",
    ],
    ["for both, from away, without the right to be there", [live({ places: ["home", "away"] })], away, "not-here"],
    [
      "for both, from away, where that right is for another camera",
      [live({ places: ["away"] }), remote({ camera: there })],
      away,
      "not-here",
    ],
    [
      "for all cameras, from away, where that right is for this one",
      [live({ camera: "*", places: ["away"] }), remote()],
      away,
      "allow",
    ],
    [
      "for both, from away, where that right has ended",
      [live({ places: ["away"] }), remote({ until: noon })],
      away,
      "not-here",
    ],
    [
      "for both, from away, where it is not the time for that",
      [live({ places: ["away"] }), remote({ schedule: schedule("13:00", "14:00") })],
      away,
      "not-here",
    ],
    ["that has ended beside one that is good", [live({ until: 1 }), live({ until: noon + 1 })], atHome, "allow"],
    [
      "that are all bad, each in its way: the last in order is told",
      [live({ places: ["away"] }), live({ until: 1 }), live({ schedule: schedule("13:00", "14:00") })],
      atHome,
      "not-here",
    ],
  ])("%s", (_case, grants, circumstances, expected) => {
    const decision = decideAccess(
      { kind: "owner", revoked: null, grants },
      { action: "live", camera: here },
      circumstances,
    );
    expect(decision.kind === "allow" ? "allow" : decision.why).toBe(expected);
    const visible = visibleCameras(
      {
        kind: "owner",
        revoked: null,
        grants: grants.filter(({ action }) => action !== "remote" || circumstances.place === "away"),
      },
      [{ id: here }],
      circumstances,
    );
    expect(visible).toHaveLength(expected === "allow" ? 1 : 0);
  });

  it("keeps services at home, whatever they were given", () => {
    const grants = [live({ places: ["home", "away"] }), remote()];
    for (const kind of ["homebridge", "node-red", "application"] as const) {
      const asking = { kind, revoked: null, grants };
      expect(decideAccess(asking, { action: "live", camera: here }, away)).toEqual({ kind: "deny", why: "not-here" });
      expect(decidePresence(asking, away)).toBe("not-here");
      expect(decidePresence(asking, atHome)).toBeUndefined();
    }
  });

  it.each(ownerOnlyActions)("takes two factors for %s, at home too", (action) => {
    const owner = { kind: "owner" as const, revoked: null, grants: [{ action, camera: "*" as const }] };
    expect(decideAccess(owner, { action, camera: "*" }, onTheBox).kind).toBe("allow");
    expect(decideAccess(owner, { action, camera: "*" }, atHome)).toEqual({ kind: "deny", why: "one-factor" });
  });
});

describe("decidePresence", () => {
  const remote: Grant = { action: "remote", camera: here };
  it.each<[string, Grant[], number | null, Circumstances, string | undefined]>([
    ["lets anybody be at home", [], null, atHome, undefined],
    ["lets nobody be anywhere once revoked", [remote], 1, atHome, "revoked"],
    ["lets nobody be away without the right to", [], null, away, "not-here"],
    ["lets whoever has it for any camera be away", [remote], null, away, undefined],
    ["but not with one factor", [remote], null, { ...away, assurance: "one" }, "one-factor"],
    ["nor after its end", [{ ...remote, until: noon }], null, away, "not-here"],
  ])("%s", (_case, grants, revoked, circumstances, expected) => {
    expect(decidePresence({ kind: "owner", revoked, grants }, circumstances)).toBe(expected);
  });
});

describe("canHold", () => {
  it.each(kinds)("lets only people hold the owner's actions, and guests only a few of the others (%s)", (kind) => {
    expect(actions.filter((action) => !canHold(kind, action))).toEqual(neverHeld(kind));
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
    expect(visibleCameras(principal, cameras, onTheBox).map((camera) => camera.name)).toEqual(names);
  });

  it("shows the owner what an owner's action covers, and nobody anything once revoked", () => {
    const grants: Grant[] = [{ action: "admin", camera: "*" }];
    expect(visibleCameras({ kind: "owner", revoked: null, grants }, cameras, onTheBox)).toEqual(cameras);
    expect(visibleCameras({ kind: "owner", revoked: 1, grants }, cameras, onTheBox)).toEqual([]);
  });
});
