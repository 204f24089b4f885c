import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Secret, type PrincipalId } from "@gatehouse/shared";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { LiveLogin } from "../../domain/login-policy.ts";
import { cookieHeader, never, password, PeopleWorld, stranger } from "./testing/people-world.ts";

const minute = 60_000;
let world: PeopleWorld;
beforeEach(async () => (world = await PeopleWorld.open()));
afterEach(() => world[Symbol.asyncDispose]());

const setPassword = (login: LiveLogin, text: string) =>
  world.door.enrolment.setPassword({ login, password: Secret.of(text), device: "Firefox on Linux" }, never);
const signedIn = (principal: PrincipalId): LiveLogin =>
  world.door.logins.begin({ principal, factors: ["password", "totp"], device: "d", complete: true }).login;

describe("the first run", () => {
  const redeem = (code: Secret, loginName = "ann") => world.door.firstRun.redeem({ code, name: "Ann", loginName });

  it("makes nobody without its code, and is over once somebody can govern", async () => {
    const { firstRun, people } = world.door;
    expect(() => redeem(Secret.of("a".repeat(26)))).toThrow(/code is wrong/);
    expect(people.list()).toEqual([]);
    const { principal } = redeem(firstRun.makeCode().code);
    expect(world.principals.get(principal)).toMatchObject({ kind: "person", name: "Ann" });
    expect(people.mayGovern(principal)).toBe(true);
    expect(firstRun.done).toBe(false);
    const first = world.door.logins.begin({ principal, factors: ["code"], device: "d", complete: false }).login;
    world.enrolTotp((await setPassword(first, password)).login);
    expect(firstRun.done).toBe(true);
    expect(() => firstRun.makeCode()).toThrow(/owner already/);
    expect(() => redeem(Secret.of("a".repeat(26)))).toThrow(/owner already/);
  });

  it("that was never finished makes way for the next", () => {
    const { firstRun, people } = world.door;
    const unfinished = redeem(firstRun.makeCode().code);
    const again = redeem(firstRun.makeCode().code);
    expect(again.principal).not.toBe(unfinished.principal);
    expect(world.principals.get(unfinished.principal)?.revoked).not.toBeNull();
    expect(people.list().map(({ id }) => id)).toEqual([again.principal]);
  });

  it("can be had again by the box's owner, once nobody governs", async () => {
    const { id } = await world.person("ann");
    expect(world.door.firstRun.done).toBe(true);
    world.principals.revoke(id);
    expect(world.door.firstRun.done).toBe(false);
    redeem(world.door.firstRun.makeCode().code);
  });
});

describe("setting a password", () => {
  it.each([
    ["short", "short"],
    ["password1", "common"],
    ["annabel is at home", "name"],
  ])("refuses %s: %s", async (text, why) => {
    const { id } = await world.person("annabel");
    await expect(setPassword(signedIn(id), text)).rejects.toMatchObject({ code: "password-weak", details: { why } });
  });

  it("refuses those that have leaked, where the owner keeps a list of them", async () => {
    const { id } = await world.person("annabel");
    const folder = await mkdtemp(join(tmpdir(), "gatehouse-breached-"));
    const leaked = "another battery staple";
    world.breachedPasswords = join(folder, "pwned.txt");
    await writeFile(world.breachedPasswords, `${createHash("sha1").update(leaked).digest("hex").toUpperCase()}:12\r\n`);
    await world.restart();
    await expect(setPassword(signedIn(id), leaked)).rejects.toMatchObject({ details: { why: "breached" } });
    await setPassword(signedIn(id), "another battery stapler");
    await rm(folder, { recursive: true });
  });

  it("ends every login and forgets every browser, and begins this one anew", async () => {
    const { id } = await world.person("ann");
    const { logins, devices } = world.door;
    const other = signedIn(id);
    const device = cookieHeader(devices.remember(undefined, id));
    const mine = signedIn(id);
    const begun = await setPassword(mine, "another battery staple");
    expect(logins.list(id).map((login) => login.id)).toEqual([begun.login.id]);
    expect([logins.get(other.id), logins.get(mine.id), devices.keyOf(device, id)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(begun.login).toMatchObject({ assurance: "two", factors: ["password", "totp"] });
  });

  it("asks for what was set before, shown within ten minutes", async () => {
    const { id, secret } = await world.person("ann");
    const login = signedIn(id);
    await world.clock.advance(10 * minute);
    await expect(setPassword(login, "another battery staple")).rejects.toMatchObject({ code: "step-up-required" });
    const attempt = { principal: id, password: Secret.of(password), code: Secret.of(world.code(secret)) };
    const { factors } = await world.door.credentials.stepUp(attempt, stranger, never);
    await setPassword(world.door.logins.raise(login.id, factors)!.login, "another battery staple");
  });

  it("is of no use to a login that ended meanwhile", async () => {
    const { id } = await world.person("ann");
    const login = signedIn(id);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    world.held = promise;
    const setting = setPassword(login, "another battery staple");
    await new Promise((done) => setImmediate(done));
    world.door.logins.end(login.id);
    resolve(undefined);
    await expect(setting).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("again by an invitation does not do away with the authenticator", async () => {
    const { id, secret } = await world.person("ann");
    const { people, logins, enrolment, credentials } = world.door;
    people.setPassword(id, null);
    const invited = logins.begin({ principal: id, factors: ["code"], device: "d", complete: false }).login;
    expect(() => enrolment.startTotp(invited)).toThrow(/password and a code/);
    expect(() => enrolment.makeRecoveryCodes(invited)).toThrow(/password and a code/);
    const { login } = await setPassword(invited, "another battery staple");
    expect([login.assurance, login.steppedUp]).toEqual(["one", undefined]);
    expect(() => enrolment.startTotp(login)).toThrow(/password and a code/);
    await expect(setPassword(login, "yet another staple")).rejects.toMatchObject({ code: "step-up-required" });
    await world.clock.advance(30_000);
    const code = Secret.of(world.code(secret));
    await credentials.signIn(
      { loginName: "ann", password: Secret.of("another battery staple"), code },
      stranger,
      never,
    );
  });
});

describe("an authenticator", () => {
  it("is exchanged by who has just shown the one before, or a recovery code, whose logins elsewhere end", async () => {
    const { id } = await world.person("ann");
    const [login, other] = [signedIn(id), signedIn(id)];
    await world.clock.advance(10 * minute);
    expect(() => world.door.enrolment.startTotp(login)).toThrow(/password and a code/);
    world.enrolTotp(world.door.logins.raise(login.id, ["recovery-code"])!.login);
    expect([world.door.logins.get(login.id)?.id, world.door.logins.get(other.id)]).toEqual([login.id, undefined]);
  });

  it("is not set up by a code that is not of now, which is told", async () => {
    const { id } = await world.person("ann", { totp: false });
    const { enrolment, logins, people } = world.door;
    const { login } = logins.begin({ principal: id, factors: ["password"], device: "d", complete: true });
    enrolment.startTotp(login);
    expect(() => enrolment.confirmTotp(login, Secret.of("000000"))).toThrow(/not the code of now/);
    expect(people.get(id)?.totp).toBe(false);
    expect(() => enrolment.makeRecoveryCodes(login)).toThrow(/password and a code/);
  });
});

it("who is removed leaves neither name, nor secret, nor code", async () => {
  const { id } = await world.person("ann");
  const { people, recovery, codes } = world.door;
  recovery.make(id);
  codes.make("invitation", id);
  world.principals.revoke(id);
  expect(people.find("ann")).toBeUndefined();
  expect([...world.secrets.held.keys()].filter((name) => name.includes(id))).toEqual([]);
  for (const table of ["people", "recovery_codes", "one_time_codes", "logins"]) {
    expect([table, world.database.sql.prepare(`SELECT * FROM ${table}`).all()]).toEqual([table, []]);
  }
  people.add({ name: "Ann", loginName: "ann", grants: [] });
  expect(() => people.add({ name: "Ann", loginName: "ann", grants: [] })).toThrow(/already/);
});

it("who was removed in a crash is forgotten at the next start", async () => {
  const { id } = await world.person("ann");
  world.database.sql.prepare("UPDATE principals SET revoked = 1 WHERE id = ?").run(id);
  await world.restart();
  expect(world.door.people.get(id)).toBeUndefined();
});
