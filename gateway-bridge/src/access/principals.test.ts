import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { CameraId, Principal, PrincipalId, type Grant } from "@gatehouse/shared";

import { Database } from "../store/database.ts";
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

describe("setGrants", () => {
  const schedule: Grant["schedule"] = {
    zone: "Europe/Berlin",
    windows: [{ days: ["mon", "fri"], from: "22:00", to: "06:00" }],
  };
  const limited: Grant[] = [
    { action: "live", camera, schedule },
    { action: "live", camera, places: ["home", "away"], until: 1_800_000_000_000 },
    { action: "events", camera: "*", places: ["home"] },
  ];

  it("puts them in the place of those before, each as it was given, over restarts", () => {
    const { id } = door.principals.create(makeNew());
    const changed = door.principals.setGrants(id, limited);
    expect(changed.grants).toEqual(limited);
    expect(Principals.open(door).get(id)?.grants).toEqual(limited);
    expect(door.principals.setGrants(id, []).grants).toEqual([]);
  });

  it("keeps them at birth too, and each once", () => {
    const { id } = door.principals.create(makeNew({ grants: [...limited, ...limited] }));
    expect(Principals.open(door).get(id)?.grants).toEqual(limited);
  });

  it("writes down what was and what is", () => {
    const { id } = door.principals.create(makeNew());
    door.principals.setGrants(id, limited.slice(0, 1));
    const detail = `live on ${camera}, events on * -> live on ${camera} (mon,fri 22:00-06:00 Europe/Berlin)`;
    expect(door.audit.rows.at(-1)).toEqual({
      principal: "-",
      action: "grantsChanged",
      target: id,
      outcome: "done",
      detail,
    });
    const cameras = Array.from({ length: 200 }, (_, index) =>
      CameraId.parse(`cam-${index.toString(8).replaceAll("0", "a").replaceAll("1", "b").padStart(16, "z")}`),
    );
    door.principals.setGrants(
      id,
      cameras.map((each) => ({ action: "live", camera: each })),
    );
    expect(door.audit.rows.at(-1)?.detail.length).toBeLessThan(1_200);
  });

  it("does nothing where that cannot be written down", () => {
    const { id } = door.principals.create(makeNew());
    const heard: unknown[] = [];
    door.principals.onChanged((changed) => heard.push(changed));
    door.audit.broken = true;
    expect(() => door.principals.setGrants(id, [])).toThrow("disk full");
    expect(door.principals.get(id)?.grants).toHaveLength(2);
    expect(heard).toEqual([]);
  });

  it("tells listeners after it holds, and of a revocation too", () => {
    const { id } = door.principals.create(makeNew());
    const heard: unknown[] = [];
    door.principals.onChanged((changed) => {
      const { grants: now = [], revoked } = door.principals.get(changed) ?? {};
      heard.push([changed, now.length, revoked === null]);
    });
    door.principals.setGrants(id, []);
    door.principals.revoke(id);
    expect(heard).toEqual([
      [id, 0, true],
      [id, 0, false],
    ]);
  });

  it.each<[string, Grant, string]>([
    ["what only an owner can hold", { action: "admin", camera: "*" }, 'grants.1: only an owner can hold "admin"'],
    [
      "a time zone that there is not",
      { action: "live", camera, schedule: { ...schedule, zone: "Europe/Atlantis" } },
      'grants.1: there is no time zone "Europe/Atlantis"',
    ],
  ])("gives nobody %s", (_case, grant, message) => {
    const { id } = door.principals.create(makeNew());
    const given: Grant[] = [{ action: "live", camera }, grant];
    expect(() => door.principals.setGrants(id, given)).toThrow(
      expect.objectContaining({ code: "request-invalid", message }),
    );
    expect(door.principals.get(id)?.grants).toEqual(grants);
  });

  it("gives nothing to nobody, and nothing to somebody revoked", () => {
    const nobody = PrincipalId.parse("who-aaaaaaaaaaaaaaaa");
    expect(() => door.principals.setGrants(nobody, [])).toThrow(expect.objectContaining({ code: "not-found" }));
    const { id } = door.principals.create(makeNew());
    door.principals.revoke(id);
    expect(() => door.principals.setGrants(id, [])).toThrow(expect.objectContaining({ code: "request-invalid" }));
  });

  it("leaves the gateway somebody who governs it", () => {
    const admin: Grant = { action: "admin", camera: "*" };
    const first = door.principals.create(makeNew({ kind: "owner", grants: [admin] }));
    const refused = expect.objectContaining({ code: "last-owner" });
    expect(() => door.principals.setGrants(first.id, [])).toThrow(refused);
    expect(() => door.principals.setGrants(first.id, [{ ...admin, until: 9e15 }])).toThrow(refused);
    expect(door.principals.get(first.id)?.grants).toEqual([admin]);
    door.principals.create(makeNew({ kind: "owner", grants: [admin] }));
    expect(door.principals.setGrants(first.id, []).grants).toEqual([]);
  });
});

describe("the grants of an older gateway", () => {
  it("are kept as they were: always, from home, without an end", () => {
    const database = Database.openInMemory();
    database.migrate({
      name: "principals",
      steps: [
        `CREATE TABLE principals (id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, pin TEXT NOT NULL UNIQUE,
           created INTEGER NOT NULL, revoked INTEGER) STRICT;
         CREATE TABLE grants (principal TEXT NOT NULL REFERENCES principals (id), action TEXT NOT NULL, camera TEXT NOT NULL,
           PRIMARY KEY (principal, action, camera)) STRICT, WITHOUT ROWID`,
      ],
    });
    database.sql.exec(`
      INSERT INTO principals VALUES ('who-aaaaaaaaaaaaaaaa', 'A', 'homebridge', 'a', 1, NULL), ('who-bbbbbbbbbbbbbbbb', 'B', 'node-red', 'b', 2, 3);
      INSERT INTO grants VALUES ('who-aaaaaaaaaaaaaaaa', 'live', '*'), ('who-aaaaaaaaaaaaaaaa', 'events', '${camera}'),
        ('who-bbbbbbbbbbbbbbbb', 'live', '*');`);
    const { clock, audit, log } = door;
    expect(Principals.open({ database, clock, audit, log }).list()).toEqual([
      {
        ...{ id: "who-aaaaaaaaaaaaaaaa", name: "A", kind: "homebridge", created: 1, revoked: null },
        grants: [
          { action: "live", camera: "*" },
          { action: "events", camera },
        ],
      },
      {
        ...{ id: "who-bbbbbbbbbbbbbbbb", name: "B", kind: "node-red", created: 2, revoked: 3 },
        grants: [{ action: "live", camera: "*" }],
      },
    ]);
    expect(database.sql.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
    database[Symbol.dispose]();
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
