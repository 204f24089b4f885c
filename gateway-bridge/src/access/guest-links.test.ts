import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { CameraId, PrincipalId, Secret, type Grant, type GuestLink, type NewGuestLink } from "@gatehouse/shared";

import { decideAccess } from "../domain/access-policy.ts";
import { longestGuestMs } from "../domain/guest-link-policy.ts";
import type { BegunLogin } from "./logins/logins.ts";
import { cookieHeader, never, password, PeopleWorld } from "./people/testing/people-world.ts";

const camera = CameraId.parse("cam-abcdefghijklmnop");
const hour = 3_600_000;
const admin: Grant = { action: "admin", camera: "*" };
const invalid = expect.objectContaining({ code: "guest-link-invalid" });

let world: PeopleWorld;
let ann: PrincipalId;
beforeEach(async () => {
  world = await PeopleWorld.open();
  ({ id: ann } = await world.person("ann"));
});
afterEach(() => world[Symbol.asyncDispose]());

const wish = (over: Partial<NewGuestLink> = {}): NewGuestLink => ({
  ...{ name: "Plumber", cameras: [camera], actions: ["live", "talk"], until: world.clock.now() + hour },
  ...over,
});
const make = (over: Partial<NewGuestLink> = {}, by = ann) => world.door.guests.make(wish(over), by);
/** Opens the link, and signs its guest in. */
const open = (secret: Secret): BegunLogin =>
  world.door.guests.use({ secret, peer: "192.0.2.7" }, ({ id: principal }) =>
    world.door.logins.begin({ principal, factors: ["link"], device: "d", complete: false }),
  );
const only = (): GuestLink => world.door.guests.list()[0]!;

describe("a guest link", () => {
  it("makes a guest of its own, who holds what it says, at home, until its end", () => {
    const { link } = make();
    expect(link).toEqual({
      ...{ id: link.id, guest: link.guest, name: "Plumber", cameras: [camera], actions: ["live", "talk"] },
      ...{ madeBy: ann, made: world.clock.now(), until: world.clock.now() + hour, used: null, revoked: null },
    });
    const guest = world.principals.get(link.guest)!;
    expect(guest).toMatchObject({ kind: "guest", name: "Plumber" });
    const now = world.clock.now();
    const asked = [
      [{ action: "live", camera }, "home", now, undefined],
      [{ action: "talk", camera }, "home", now, undefined],
      [{ action: "snapshot", camera }, "home", now, "not-granted"],
      [{ action: "live", camera: CameraId.parse("cam-bbbbbbbbbbbbbbbb") }, "home", now, "not-granted"],
      [{ action: "clip", camera }, "home", now, "owner-only"],
      [{ action: "live", camera }, "away", now, "not-here"],
      [{ action: "live", camera }, "home", now + hour, "ended"],
    ] as const;
    for (const [request, place, at, why] of asked) {
      const decision = decideAccess(guest, request, { now: at, place, assurance: "two" });
      expect([request, place, decision.kind === "deny" ? decision.why : undefined]).toEqual([request, place, why]);
    }
  });

  it("opens once, for a login that lasts as long as the guest may stay, over restarts", async () => {
    const { link, secret } = make({ until: world.clock.now() + 48 * hour });
    expect(secret.reveal().replaceAll("-", "")).toMatch(/^[a-z2-7]{26}$/);
    const { login, cookie } = open(secret);
    expect(cookie).toContain(`; Max-Age=${48 * 3_600}`);
    expect(only()).toMatchObject({ id: link.id, used: world.clock.now() });
    expect(() => open(secret)).toThrow(invalid);
    await world.clock.advance(47 * hour);
    await world.restart();
    expect(world.door.logins.find(cookieHeader(cookie))).toMatchObject({ id: login.id, principal: link.guest });
    await world.clock.advance(hour);
    expect(world.door.logins.find(cookieHeader(cookie))).toBe("ended");
    expect(world.door.logins.list(link.guest)).toEqual([]);
  });

  it("is of no use wrong, over, revoked, or for another purpose, and says always the same", async () => {
    const [wrong, late, gone, fresh] = [make(), make(), make(), make({ until: world.clock.now() + 2 * hour })];
    const { code } = world.door.codes.make("invitation", ann);
    world.door.guests.revoke(gone.link.id);
    const flipped = wrong.secret.reveal().replace(/.$/, (last) => (last === "a" ? "b" : "a"));
    await world.clock.advance(hour);
    const refusals = [Secret.of(flipped), Secret.of(""), code, late.secret, gone.secret].map((secret) => {
      try {
        open(secret);
        return "let in";
      } catch (error) {
        expect(error).toEqual(invalid);
        return (error as Error).message;
      }
    });
    expect(new Set(refusals).size).toBe(1);
    expect(world.door.logins.list().filter(({ factors }) => factors.includes("link"))).toEqual([]);
    open(fresh.secret);
  });

  it("is not opened by guesses, however many: few are looked at, and fewer rows are written", () => {
    const { secret } = make();
    const start = secret.reveal().slice(0, 5);
    world.audit.rows.length = 0;
    for (let index = 0; index < 1_000; index += 1) {
      const guess = `${start}-${String(index)
        .padStart(21, "a")
        .replaceAll(/[01889]/g, "b")}`;
      expect(() => open(Secret.of(guess))).toThrow(invalid);
    }
    const evaluated = world.database.sql.prepare("SELECT evaluated FROM one_time_codes").get();
    expect(Number(evaluated?.["evaluated"] ?? 20)).toBeLessThanOrEqual(20);
    expect(world.audit.rows).toEqual([expect.objectContaining({ action: "openGuestLink", outcome: "denied" })]);
  });

  it("keeps nothing by which it could be opened", () => {
    const { secret } = make();
    const tables = ["one_time_codes", "guest_links", "principals", "grants"];
    const rows = tables.flatMap((table) => world.database.sql.prepare(`SELECT * FROM ${table}`).all());
    const text = rows.flatMap((row) =>
      Object.values(row).map((value) => Buffer.from(String(value)).toString("latin1")),
    );
    const plain = secret.reveal().replaceAll("-", "");
    expect(text.filter((value) => value.includes(plain) || value.includes(secret.reveal()))).toEqual([]);
    expect(JSON.stringify(world.audit.rows)).not.toContain(plain.slice(5));
  });

  it.each<[string, (now: number) => Partial<NewGuestLink>]>([
    ["is over already", (now) => ({ until: now })],
    ["lasts longer than a month", (now) => ({ until: now + longestGuestMs + 1 })],
    [
      "goes by a time zone that there is not",
      () => ({ schedule: { zone: "Europe/Atlantis", windows: [{ days: ["mon"], from: "08:00", to: "09:00" }] } }),
    ],
  ])("is not made where it %s", (_case, over) => {
    const before = world.principals.list().length;
    expect(() => make(over(world.clock.now()))).toThrow(expect.objectContaining({ code: "request-invalid" }));
    expect(world.principals.list()).toHaveLength(before);
  });

  it("is neither made nor opened where that cannot be written down", () => {
    const { secret } = make();
    world.audit.broken = true;
    expect(() => make()).toThrow("disk full");
    expect(() => open(secret)).toThrow("disk full");
    world.audit.broken = false;
    expect(world.door.guests.list()).toHaveLength(1);
    open(secret);
  });

  it("says what its guest may: nobody gives the guest more, or a role", () => {
    const { link } = make();
    expect(() => world.principals.setGrants(link.guest, [])).toThrow(
      expect.objectContaining({ code: "request-invalid" }),
    );
  });
});

describe("the end of a guest link", () => {
  /** An open link of Ann's with its login. */
  const guest = (): { id: GuestLink["id"]; cookie: string } => {
    const { link, secret } = make();
    return { id: link.id, cookie: cookieHeader(open(secret).cookie) };
  };
  const stands = (cookie: string): boolean => typeof world.door.logins.find(cookie) === "object";

  it("puts its guest out, and no other", () => {
    const [first, second] = [guest(), guest()];
    world.door.guests.revoke(first.id);
    world.door.guests.revoke(first.id);
    expect([stands(first.cookie), stands(second.cookie)]).toEqual([false, true]);
    expect(world.audit.rows.filter(({ action }) => action === "guestLinkRevoked")).toHaveLength(1);
    expect(world.door.guests.list().filter(({ revoked }) => revoked !== null)).toMatchObject([{ id: first.id }]);
  });

  it("comes with its maker's password", async () => {
    const { cookie } = guest();
    const { secret: unopened } = make();
    const { id: bob } = await world.person("bob", { grants: [admin] });
    const theirs = open(make({}, bob).secret);
    const begun = world.door.logins.begin({
      principal: ann,
      factors: ["password", "totp"],
      device: "d",
      complete: true,
    });
    await world.door.enrolment.setPassword(
      { login: begun.login, password: Secret.of(`${password} two`), device: "d" },
      never,
    );
    expect([stands(cookie), stands(cookieHeader(theirs.cookie))]).toEqual([false, true]);
    expect(() => open(unopened)).toThrow(invalid);
  });

  it("comes with its maker, and with its maker's right to govern, also where a crash came between", async () => {
    await world.person("bob", { grants: [admin] });
    const first = guest();
    world.principals.setGrants(ann, [admin, { action: "live", camera: "*" }]);
    expect(stands(first.cookie)).toBe(true);
    world.principals.setGrants(ann, [{ action: "live", camera: "*" }]);
    expect(stands(first.cookie)).toBe(false);

    world.principals.setGrants(ann, [admin]);
    const second = guest();
    world.database.sql.prepare("UPDATE principals SET revoked = 1 WHERE id = ?").run(ann);
    expect(stands(second.cookie)).toBe(true);
    await world.restart();
    expect(stands(second.cookie)).toBe(false);
  });
});
