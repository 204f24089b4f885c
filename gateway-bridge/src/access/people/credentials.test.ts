import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Secret, type PrincipalId } from "@gatehouse/shared";

import { cookieHeader, never, password, PeopleWorld, stranger } from "./testing/people-world.ts";
import { cost } from "./password-hash.ts";

let world: PeopleWorld;
let ann: { id: PrincipalId; secret: string };
beforeEach(async () => {
  world = await PeopleWorld.open();
  ann = await world.person("ann");
  // The code that showed the authenticator was used by that.
  await world.clock.advance(30_000);
  world.hashed.length = 0;
});
afterEach(() => world[Symbol.asyncDispose]());

const signIn = (loginName: string, text = password, code?: string, from = stranger) =>
  world.door.credentials.signIn(
    { loginName, password: Secret.of(text), code: code === undefined ? undefined : Secret.of(code) },
    from,
    never,
  );
const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

describe("signing in", () => {
  it("takes the password and the code of now", async () => {
    expect(await signIn("ann", password, world.code(ann.secret))).toEqual({
      principal: ann.id,
      factors: ["password", "totp"],
    });
    expect(world.audit.rows.at(-1)).toMatchObject({
      principal: ann.id,
      action: "signIn",
      outcome: "allowed",
      detail: "password+totp",
    });
  });

  it("takes each code once, and none of before", async () => {
    const code = world.code(ann.secret);
    await signIn("ann", password, code);
    await expect(signIn("ann", password, code)).rejects.toMatchObject({ code: "sign-in-refused" });
    await world.clock.advance(30_000);
    await expect(signIn("ann", password, code)).rejects.toMatchObject({ code: "sign-in-refused" });
    await signIn("ann", password, world.code(ann.secret));
  });

  it("takes one code once also of two that come at the same time", async () => {
    const code = world.code(ann.secret);
    const outcomes = await Promise.allSettled([signIn("ann", password, code), signIn("ann", password, code)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("takes a recovery code in the authenticator's stead, once", async () => {
    const [code] = world.door.recovery.make(ann.id);
    expect(await signIn("ann", password, code!.reveal())).toMatchObject({ factors: ["password", "recovery-code"] });
    await expect(signIn("ann", password, code!.reveal())).rejects.toMatchObject({ code: "sign-in-refused" });
    expect(world.door.recovery.left(ann.id)).toBe(9);
  });

  it("uses no code up with a wrong password", async () => {
    const [recovery] = world.door.recovery.make(ann.id);
    const code = world.code(ann.secret);
    for (const wrong of [code, recovery!.reveal()]) await signIn("ann", "wrong", wrong).catch(() => undefined);
    expect(world.door.recovery.left(ann.id)).toBe(10);
    await signIn("ann", password, code);
  });

  it("takes the password alone of who has no authenticator", async () => {
    const bob = await world.person("bob", { totp: false });
    expect(await signIn("bob")).toEqual({ principal: bob.id, factors: ["password"] });
  });

  it("costs one hash of today's parameters, and tells the same, whatever is wrong", async () => {
    const gone = await world.person("gone");
    world.principals.revoke(gone.id);
    const invited = world.door.people.add({ name: "New", loginName: "new", grants: [] });
    expect(invited.password).toBeNull();
    const tell: unknown[] = [];
    for (const attempt of [
      ["ann", "wrong", "000000"],
      ["ann", password, undefined],
      ["ann", password, "not a code"],
      ["nobody", password, "000000"],
      ["gone", password, world.code(gone.secret)],
      ["new", "", undefined],
      ["", "", undefined],
    ] as const) {
      world.hashed.length = 0;
      const [loginName, text, code] = attempt;
      const error: unknown = await signIn(loginName, text, code).catch((thrown: unknown) => thrown);
      tell.push([codeOf(error), (error as Error).message]);
      expect(world.hashed).toEqual([cost]);
    }
    expect(new Set(tell.map((one) => JSON.stringify(one))).size).toBe(1);
  });

  it("never writes down a name that is nobody's: people type passwords there", async () => {
    await signIn("hunter2hunter2").catch(() => undefined);
    const rows = JSON.stringify(world.audit.rows);
    expect(rows).not.toContain("hunter2");
    expect(world.audit.rows.at(-1)).toMatchObject({
      action: "signIn",
      outcome: "denied",
      detail: "wrong, for nobody; from 192.0.2.7 (1)",
    });
  });

  it("is refused where it cannot be written down", async () => {
    world.audit.broken = true;
    await expect(signIn("ann", password, world.code(ann.secret))).rejects.toThrow("disk full");
  });

  it("is of no use to who was removed, or given another password, while the password was hashed", async () => {
    for (const change of [() => world.door.people.setPassword(ann.id, null), () => world.principals.revoke(ann.id)]) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      world.held = promise;
      const outcome = signIn("ann", password, world.code(ann.secret)).catch(codeOf);
      await new Promise((done) => setImmediate(done));
      change();
      resolve(undefined);
      expect(await outcome).toBe("sign-in-refused");
    }
  });

  it("makes a hash of today's parameters of an older one", async () => {
    const stored = world.door.people.get(ann.id)!.password!;
    world.door.people.setPassword(ann.id, stored.replace("m=47104", "m=19456"));
    await signIn("ann", password, world.code(ann.secret));
    expect(world.door.people.get(ann.id)!.password).toMatch(/m=47104/);
  });
});

describe("guesses", () => {
  it("of strangers are looked at five times at once, and then not, were they right", async () => {
    for (let guess = 0; guess < 5; guess += 1)
      expect(codeOf(await signIn("ann", "wrong").catch((e: unknown) => e))).toBe("sign-in-refused");
    world.hashed.length = 0;
    await expect(signIn("ann", password, world.code(ann.secret))).rejects.toMatchObject({
      code: "too-many-guesses",
      details: { retryInMs: 240_000 },
    });
    expect(world.hashed).toEqual([]);
    // The same for a name that is nobody's.
    for (let guess = 0; guess < 5; guess += 1)
      await signIn("nobody", "wrong", undefined, { ...stranger, peer: "192.0.2.8" }).catch(() => undefined);
    await expect(signIn("nobody", "wrong", undefined, { ...stranger, peer: "192.0.2.8" })).rejects.toMatchObject({
      code: "too-many-guesses",
      details: { retryInMs: 240_000 },
    });
  });

  it("are not given anew by a restart, nor by another address", async () => {
    for (let guess = 0; guess < 5; guess += 1) await signIn("ann", "wrong").catch(() => undefined);
    await world.restart();
    const elsewhere = { ...stranger, peer: "198.51.100.9" };
    await expect(signIn("ann", "wrong", undefined, elsewhere)).rejects.toMatchObject({ code: "too-many-guesses" });
  });

  it("of many names from one address are counted together", async () => {
    const codes: unknown[] = [];
    for (let name = 0; name < 25; name += 1) codes.push(codeOf(await signIn(`name${name}`).catch((e: unknown) => e)));
    expect(codes.filter((code) => code === "sign-in-refused")).toHaveLength(20);
  });

  it("of strangers do not keep out who signed in before with this browser", async () => {
    const known = { ...stranger, cookieHeader: cookieHeader(world.door.devices.remember(undefined, ann.id)) };
    for (let guess = 0; guess < 30; guess += 1) await signIn("ann", "wrong").catch(() => undefined);
    await signIn("ann", password, world.code(ann.secret), known);
    // But a stolen browser guesses no more than others.
    for (let guess = 0; guess < 5; guess += 1) await signIn("ann", "wrong", undefined, known).catch(() => undefined);
    await expect(signIn("ann", "wrong", undefined, known)).rejects.toMatchObject({ code: "too-many-guesses" });
  });

  it("do not fill the audit log", async () => {
    const before = world.audit.rows.length;
    for (let guess = 0; guess < 500; guess += 1) await signIn("ann", "wrong").catch(() => undefined);
    expect(world.audit.rows.length - before).toBeLessThan(3);
  });
});
