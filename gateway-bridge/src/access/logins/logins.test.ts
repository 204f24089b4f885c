import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { LoginId, PrincipalId } from "@gatehouse/shared";

import { cookieHeader, PeopleWorld } from "../people/testing/people-world.ts";
import type { BegunLogin } from "./logins.ts";

const minute = 60_000;
let world: PeopleWorld;
let ann: PrincipalId;
const ended: LoginId[] = [];
beforeEach(async () => {
  world = await PeopleWorld.open();
  ({ id: ann } = await world.person("ann"));
  ended.length = 0;
  world.door.logins.onEnded((id) => void ended.push(id));
});
afterEach(() => world[Symbol.asyncDispose]());

const begin = (principal = ann): BegunLogin =>
  world.door.logins.begin({ principal, factors: ["password", "totp"], device: "Firefox on Linux", complete: true });

describe("a login", () => {
  it("is found by its cookie, of which only a hash is kept", () => {
    const { login, cookie } = begin();
    const { logins } = world.door;
    expect(logins.find(cookieHeader(cookie))).toEqual(login);
    expect(login).toMatchObject({ principal: ann, assurance: "two", steppedUp: world.clock.now() });
    const secret = /=([\w-]{43});/.exec(cookie)![1]!;
    const rows = world.database.sql.prepare("SELECT * FROM logins").all();
    expect(JSON.stringify(rows)).not.toContain(secret);
    const blobs = rows.flatMap((row) => Object.values(row)).filter((value) => value instanceof Uint8Array);
    expect(blobs.map((bytes) => Buffer.from(bytes).toString("base64url"))).not.toContain(secret);
  });

  it("is none without a cookie of ours, and over with a wrong one", () => {
    const { logins } = world.door;
    expect(logins.find(undefined)).toBe("none");
    expect(logins.find("theme=dark")).toBe("none");
    expect(logins.find("__Host-gatehouse=x")).toBe("ended");
    expect(logins.find(`__Host-gatehouse=${"A".repeat(43)}`)).toBe("ended");
  });

  it("outlives a restart, and ends unused after a quarter of an hour for who governs", async () => {
    const { cookie } = begin();
    await world.restart();
    await world.clock.advance(14 * minute);
    expect(world.door.logins.find(cookieHeader(cookie))).toMatchObject({ principal: ann });
    await world.clock.advance(14 * minute);
    expect(world.door.logins.find(cookieHeader(cookie))).toMatchObject({ principal: ann });
    await world.clock.advance(15 * minute);
    expect(world.door.logins.find(cookieHeader(cookie))).toBe("ended");
    expect(world.door.logins.list()).toEqual([]);
  });

  it("of who wished to stay goes on for a day unused, in a cookie that the browser keeps; of who governs it does not", async () => {
    const { logins } = world.door;
    const { id: bob } = await world.person("bob", { grants: [{ action: "live", camera: "*" }] });
    const signIn = (principal: PrincipalId, stays: boolean): BegunLogin =>
      logins.begin({ principal, factors: ["password", "totp"], device: "d", complete: true, stays });
    const [short, long, owner] = [signIn(bob, false), signIn(bob, true), signIn(ann, true)];
    expect([short, long, owner].map(({ cookie }) => /Max-Age=\d+/.exec(cookie)?.[0])).toEqual([
      undefined,
      "Max-Age=2592000",
      undefined,
    ]);
    await world.clock.advance(60 * minute);
    const raised = logins.raise(long.login.id, ["totp"])!;
    expect(raised.cookie).toContain("Max-Age=2588400");
    expect([short, owner].map(({ cookie }) => logins.find(cookieHeader(cookie)))).toEqual(["ended", "ended"]);
    await world.restart();
    await world.clock.advance(23 * 60 * minute);
    expect(world.door.logins.find(cookieHeader(raised.cookie))).toMatchObject({ principal: bob });
  });

  it("is of no use by its cookie of before, once more was shown", () => {
    const { logins } = world.door;
    const first = begin();
    const raised = logins.raise(first.login.id, ["recovery-code"])!;
    expect(logins.find(cookieHeader(first.cookie))).toBe("ended");
    expect(logins.find(cookieHeader(raised.cookie))).toMatchObject({ id: first.login.id });
    expect(raised.login.factors).toEqual(["password", "totp", "recovery-code"]);
    expect(ended).toEqual([]);
  });

  it("ends once, and tells so", () => {
    const { logins } = world.door;
    const [one, two] = [begin(), begin()];
    logins.end(one.login.id);
    logins.end(one.login.id);
    expect(ended).toEqual([one.login.id]);
    expect(logins.find(cookieHeader(one.cookie))).toBe("ended");
    expect(logins.get(one.login.id)).toBeUndefined();
    expect(logins.raise(one.login.id, ["totp"])).toBeUndefined();
    expect(logins.find(cookieHeader(two.cookie))).toMatchObject({ id: two.login.id });
  });

  it("ends with its person", async () => {
    const { id: bob } = await world.person("bob");
    const [mine, theirs] = [begin(), begin(bob)];
    ended.length = 0;
    world.principals.revoke(ann);
    expect(ended).toEqual([mine.login.id]);
    expect(world.door.logins.find(cookieHeader(theirs.cookie))).toMatchObject({ principal: bob });
  });

  it("is one of sixteen of its person at most: the one unused longest goes", async () => {
    const made: BegunLogin[] = [];
    for (let index = 0; index < 17; index += 1) {
      await world.clock.advance(1);
      made.push(begin());
    }
    expect(ended).toEqual([made[0]!.login.id]);
    expect(world.door.logins.list(ann)).toHaveLength(16);
  });

  it("of a row that somebody bent is an error, not a right", () => {
    const { cookie } = begin();
    world.database.sql.exec(`UPDATE logins SET factors = '["everything"]'`);
    expect(() => world.door.logins.find(cookieHeader(cookie))).toThrow();
  });
});

describe("a browser that a person signed in with", () => {
  it("is known by its cookie, for that person, until the next sign-in exchanges it", async () => {
    const { id: bob } = await world.person("bob");
    const { devices } = world.door;
    const first = cookieHeader(devices.remember(undefined, ann));
    expect(devices.keyOf(first, ann)).toEqual(expect.any(String));
    expect(devices.keyOf(first, bob)).toBeUndefined();
    expect(devices.keyOf(undefined, ann)).toBeUndefined();
    const second = cookieHeader(devices.remember(first, ann));
    expect(devices.keyOf(first, ann)).toBeUndefined();
    expect(devices.keyOf(second, ann)).toEqual(expect.any(String));
    devices.forgetAll(ann);
    expect(devices.keyOf(second, ann)).toBeUndefined();
  });

  it("is one of 32 at most", async () => {
    const { devices } = world.door;
    const made: string[] = [];
    for (let index = 0; index < 33; index += 1) {
      await world.clock.advance(1);
      made.push(cookieHeader(devices.remember(undefined, ann)));
    }
    expect(made.filter((header) => devices.keyOf(header, ann) === undefined)).toEqual([made[0]]);
  });
});
