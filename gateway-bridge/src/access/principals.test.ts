import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { CameraId, Principal, PrincipalId, type Grant } from "@gatehouse/shared";

import { Principals, type NewPrincipal } from "./principals.ts";
import { openDoor, type Door } from "./testing/open-door.ts";

const camera = CameraId.parse("cam-abcdefghijklmnop");
const grants: Grant[] = [
  { action: "live", camera },
  { action: "events", camera: "*" },
];
let pins = 0;
const makeNew = (over: Partial<Required<NewPrincipal>> = {}): Required<NewPrincipal> => {
  const pin = String(++pins).padStart(43, "A");
  return { name: "Homebridge", kind: "homebridge", grants, pin, ...over };
};

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(() => {
  door.database[Symbol.dispose]();
});

describe("Principals", () => {
  it("finds a principal by its id and by its key, with its grants, over restarts", () => {
    const given = makeNew();
    const made = door.principals.create(given);
    expect(Principal.parse(made)).toEqual(made);
    expect(made).toMatchObject({ name: "Homebridge", kind: "homebridge", created: door.clock.now(), revoked: null });
    expect(made.grants).toHaveLength(2);
    expect(made.grants).toEqual(expect.arrayContaining(grants));

    const again = Principals.open(door);
    expect(again.get(made.id)).toEqual(made);
    expect(again.byPin(given.pin)).toEqual(made);
    expect(again.list()).toEqual([made]);
  });

  it("knows no other", () => {
    door.principals.create(makeNew());
    expect(door.principals.get(PrincipalId.parse("who-aaaaaaaaaaaaaaaa"))).toBeUndefined();
    expect(door.principals.byPin(makeNew().pin)).toBeUndefined();
    expect(door.principals.byPin("' OR 1=1 --")).toBeUndefined();
  });

  it("gives nothing to one without grants, and counts a grant once", () => {
    expect(door.principals.create(makeNew({ grants: [] })).grants).toEqual([]);
    expect(door.principals.create(makeNew({ grants: [...grants, ...grants] })).grants).toHaveLength(2);
  });

  it("lists the oldest first", async () => {
    const names = ["b", "c", "a"];
    for (const name of names) {
      door.principals.create(makeNew({ name }));
      await door.clock.advance(1);
    }
    expect(door.principals.list().map(({ name }) => name)).toEqual(names);
  });

  it("lets no key in twice, not after its principal was revoked either", () => {
    const given = makeNew();
    const first = door.principals.create(given);
    const twice = expect.objectContaining({ code: "request-invalid" });
    expect(() => door.principals.create({ ...given, name: "Another" })).toThrow(twice);
    door.principals.revoke(first.id);
    expect(() => door.principals.create({ ...given, name: "Another" })).toThrow(twice);
    expect(door.principals.list()).toHaveLength(1);
  });

  it("writes down who came and with which rights, and lets nobody in where that fails", () => {
    const { id } = door.principals.create(makeNew());
    const detail = `homebridge "Homebridge": live on ${camera}, events on *`;
    expect(door.audit.rows).toEqual([{ principal: id, action: "pair", target: id, outcome: "done", detail }]);
    door.audit.broken = true;
    expect(() => door.principals.create(makeNew())).toThrow("disk full");
    expect(door.principals.list().map((each) => each.id)).toEqual([id]);
  });

  it("takes no right from a row that somebody bent", () => {
    const given = makeNew();
    const { id } = door.principals.create(given);
    door.database.sql.exec("UPDATE grants SET action = 'everything'");
    expect(() => door.principals.byPin(given.pin)).toThrow();
    door.database.sql.exec("DELETE FROM grants; UPDATE principals SET kind = 'root'");
    expect(() => door.principals.get(id)).toThrow();
  });
});

describe("revoke", () => {
  it("holds at once and for good, and is told to listeners after it holds", async () => {
    const given = makeNew();
    const { id } = door.principals.create(given);
    const heard: unknown[] = [];
    const listening = door.principals.onRevoked((revoked) =>
      heard.push([revoked, door.principals.get(revoked)?.revoked]),
    );
    await door.clock.advance(5);
    const at = door.clock.now();
    door.principals.revoke(id);
    await door.clock.advance(5);
    door.principals.revoke(id);
    expect(heard).toEqual([[id, at]]);
    expect(Principals.open(door).byPin(given.pin)?.revoked).toBe(at);
    expect(door.audit.rows.filter(({ action }) => action === "revoke")).toMatchObject([
      { target: id, outcome: "done" },
    ]);
    listening[Symbol.dispose]();
    door.principals.revoke(door.principals.create(makeNew()).id);
    expect(heard).toHaveLength(1);
  });

  it("does not happen where it cannot be written down", () => {
    const { id } = door.principals.create(makeNew());
    const heard: unknown[] = [];
    door.principals.onRevoked((revoked) => heard.push(revoked));
    door.audit.broken = true;
    expect(() => door.principals.revoke(id)).toThrow("disk full");
    expect(door.principals.get(id)?.revoked).toBeNull();
    expect(heard).toEqual([]);
  });

  it("says so when there is no such principal", () => {
    expect(() => door.principals.revoke(PrincipalId.parse("who-aaaaaaaaaaaaaaaa"))).toThrow(
      expect.objectContaining({ code: "not-found" }),
    );
  });
});
