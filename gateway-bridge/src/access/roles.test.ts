import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { CameraId, PrincipalId, RoleId, type Grant } from "@gatehouse/shared";

import { Principals } from "./principals.ts";
import { Roles } from "./roles.ts";
import { openDoor, type Door } from "./testing/open-door.ts";

const camera = CameraId.parse("cam-abcdefghijklmnop");
const live: Grant = { action: "live", camera };
const limited: Grant = { action: "events", camera: "*", places: ["home", "away"], until: 1_800_000_000_000 };
const admin: Grant = { action: "admin", camera: "*" };
const coded = (code: string): unknown => expect.objectContaining({ code });

let door: Door;
let roles: Roles;
const heard: PrincipalId[] = [];
beforeEach(async () => {
  door = await openDoor();
  roles = new Roles(door);
  heard.length = 0;
  door.principals.onChanged((id) => void heard.push(id));
});
afterEach(() => door.database[Symbol.dispose]());

const person = (grants: readonly Grant[] = []): PrincipalId =>
  door.principals.create({ name: "Ann", kind: "person", grants }).id;

describe("a role", () => {
  it("is kept as it was given, over restarts, by its name", () => {
    const family = roles.add({ name: "Family", grants: [live, limited, live] });
    expect(family).toEqual({ id: family.id, name: "Family", grants: [live, limited], people: 0 });
    roles.add({ name: "Adults", grants: [] });
    expect(new Roles(door).list().map(({ name }) => name)).toEqual(["Adults", "Family"]);
    expect(() => roles.add({ name: "Family", grants: [] })).toThrow(coded("name-taken"));
    expect(roles.change(family.id, { name: "Family", grants: [limited] }).grants).toEqual([limited]);
  });

  it("gives its grants to whoever holds it, beside their own, as long as they hold it", () => {
    const family = roles.add({ name: "Family", grants: [live] });
    const ann = person([limited]);
    roles.give(ann, [family.id, family.id]);
    expect(door.principals.get(ann)?.grants).toEqual([limited, live]);
    expect(Principals.open(door).describe(ann)).toMatchObject({
      ...{ grants: [limited, live], own: [limited], roles: [family.id] },
    });
    expect(roles.list()).toMatchObject([{ people: 1 }]);
    // What is set is its own alone.
    expect(door.principals.setGrants(ann, []).grants).toEqual([live]);
    roles.give(ann, []);
    expect(door.principals.get(ann)?.grants).toEqual([]);
  });

  it("that changes is told as a change of everybody who holds it, after it holds, and of nobody else", () => {
    const [family, others] = [roles.add({ name: "Family", grants: [live] }), roles.add({ name: "Others", grants: [] })];
    const [ann, bob, carl] = [person(), person(), person()];
    roles.give(ann, [family.id]);
    roles.give(bob, [others.id, family.id]);
    roles.give(carl, [others.id]);
    expect(heard).toEqual([ann, bob, carl]);
    heard.length = 0;
    const now: unknown[] = [];
    door.principals.onChanged((id) => void now.push(door.principals.get(id)?.grants));
    roles.change(family.id, { name: "Family", grants: [limited] });
    expect(new Set(heard)).toEqual(new Set([ann, bob]));
    expect(now).toEqual([[limited], [limited]]);
  });

  it("leaves the gateway somebody who governs it", () => {
    const owners = roles.add({ name: "Owners", grants: [admin] });
    const ann = person();
    roles.give(ann, [owners.id]);
    expect(() => roles.give(ann, [])).toThrow(coded("last-owner"));
    expect(() => roles.change(owners.id, { name: "Owners", grants: [live] })).toThrow(coded("last-owner"));
    expect(door.principals.get(ann)?.grants).toEqual([admin]);
    heard.length = 0;
    person([admin]);
    roles.change(owners.id, { name: "Owners", grants: [live] });
    expect(heard).toEqual([ann]);
  });

  it("is removed once nobody holds it any more", () => {
    const family = roles.add({ name: "Family", grants: [live] });
    const ann = person();
    roles.give(ann, [family.id]);
    expect(() => roles.remove(family.id)).toThrow(coded("role-in-use"));
    door.principals.revoke(ann);
    roles.remove(family.id);
    expect(roles.list()).toEqual([]);
    expect(() => roles.remove(family.id)).toThrow(coded("not-found"));
    expect(door.database.sql.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
  });

  it("is for people: a plugin cannot come to hold what it never may", () => {
    const owners = roles.add({ name: "Owners", grants: [admin] });
    const plugin = door.principals.create({ name: "Homebridge", kind: "homebridge", grants: [] });
    expect(() => roles.give(plugin.id, [owners.id])).toThrow(coded("request-invalid"));
    const ann = person();
    door.principals.revoke(ann);
    expect(() => roles.give(ann, [owners.id])).toThrow(coded("request-invalid"));
    expect(() => roles.give(person(), [RoleId.parse("role-aaaaaaaaaaaaaaaa")])).toThrow(coded("not-found"));
    expect(door.principals.list().flatMap(({ grants }) => grants)).toEqual([]);
  });

  it("says which time zone there is not", () => {
    const schedule = { zone: "Europe/Atlantis", windows: [{ days: ["mon" as const], from: "08:00", to: "09:00" }] };
    expect(() => roles.add({ name: "Family", grants: [{ ...live, schedule }] })).toThrow(coded("request-invalid"));
    expect(roles.list()).toEqual([]);
  });

  it("is changed, given and removed only where that can be written down", () => {
    const [family, ann] = [roles.add({ name: "Family", grants: [live] }), person()];
    door.audit.broken = true;
    for (const work of [
      () => roles.add({ name: "Others", grants: [] }),
      () => roles.change(family.id, { name: "Kin", grants: [] }),
      () => roles.give(ann, [family.id]),
      () => roles.remove(family.id),
    ]) {
      expect(work).toThrow("disk full");
    }
    expect(roles.list()).toEqual([family]);
    expect(heard).toEqual([]);
    door.audit.broken = false;
    door.audit.rows.length = 0;
    roles.give(ann, [family.id]);
    roles.change(family.id, { name: "Kin", grants: [limited] });
    expect(door.audit.rows.map(({ action, target, detail }) => [action, target, detail])).toEqual([
      ["rolesGiven", ann, "[] -> [Family]"],
      [
        "roleChanged",
        family.id,
        `"Family": live on ${camera} -> "Kin": events on * (home and away; until 2027-01-15T08:00:00.000Z)`,
      ],
    ]);
  });

  it("of a row that somebody bent is an error, not a right", () => {
    const family = roles.add({ name: "Family", grants: [live] });
    const ann = person();
    roles.give(ann, [family.id]);
    door.database.sql.exec("UPDATE role_grants SET action = 'everything'");
    expect(() => roles.list()).toThrow();
    expect(() => door.principals.get(ann)).toThrow();
  });
});

describe("a change of several things at once", () => {
  it("is one: wholly or not at all, and told once", () => {
    const [family, ann] = [roles.add({ name: "Family", grants: [live] }), person()];
    const both = (grants: readonly Grant[]): unknown =>
      door.principals.change([ann], () => {
        door.principals.rename(ann, "Anne");
        roles.give(ann, [family.id]);
        return door.principals.setGrants(ann, grants);
      });
    const strange = { zone: "Europe/Atlantis", windows: [{ days: ["mon" as const], from: "08:00", to: "09:00" }] };
    expect(() => both([{ ...live, schedule: strange }])).toThrow(coded("request-invalid"));
    expect(door.principals.describe(ann)).toMatchObject({ name: "Ann", grants: [], roles: [] });
    expect(heard).toEqual([]);
    both([limited]);
    expect(door.principals.describe(ann)).toMatchObject({ name: "Anne", own: [limited], roles: [family.id] });
    expect(heard).toEqual([ann]);
  });
});
