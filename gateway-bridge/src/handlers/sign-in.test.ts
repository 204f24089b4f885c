import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { DeviceId, type GatehouseError, type Grant, type Me, type PrincipalId } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";

import { Notices } from "../access/notices.ts";
import { never, password, PeopleWorld, site } from "../access/people/testing/people-world.ts";
import { SoftAuthenticator } from "../access/people/testing/soft-authenticator.ts";
import { Roles } from "../access/roles.ts";
import type { Browser, Handlers } from "../api/handlers.ts";
import { parseAuthority } from "../domain/authority.ts";
import { deviceLabel } from "../domain/device-label.ts";
import { passkeyHandlers } from "./passkey-handlers.ts";
import { createPeopleHandlers } from "./people-handlers.ts";

const [kitchen, street] = ["192.168.1.20", "203.0.113.9"];
const remote: readonly Grant[] = [
  { action: "remote", camera: "*" },
  { action: "live", camera: "*", places: ["home", "away"] },
];
const refused = expect.objectContaining({ code: "sign-in-refused" }) as unknown as Error;

let world: PeopleWorld;
let handlers: ReturnType<typeof createPeopleHandlers> & ReturnType<typeof passkeyHandlers>;
let resources: DisposableStack;
beforeEach(async () => {
  world = await PeopleWorld.open();
  resources = new DisposableStack();
  const { database, principals, audit, clock } = world;
  const parts = {
    ...{ ...world.door, database, principals, audit, clock },
    notices: resources.use(Notices.open({ database, principals, clock, log: new MemoryLogger() })),
    roles: new Roles({ database, principals, audit }),
    names: new Set([site.host]),
    interfaces: () => ({}),
  };
  handlers = { ...createPeopleHandlers(parts), ...passkeyHandlers(parts) };
});
afterEach(async () => {
  resources.dispose();
  await world[Symbol.asyncDispose]();
});

const cookies: string[] = [];
const browserAt = (host: string): Browser => ({
  cookieHeader: undefined,
  userAgent: undefined,
  authority: parseAuthority(host),
  visitor: undefined,
  setCookies: (values) => void cookies.push(...values),
});
const page = browserAt(`${site.host}:8443`);
type Asked<N extends keyof Handlers> = Parameters<Handlers[N]>[0];

const byPassword = (peer: string, loginName: string, code?: string): Promise<Me> => {
  const body = { loginName, password, ...(code !== undefined && { code }) };
  return handlers.signInWithPassword({ body, browser: page, peer, ...never } as Asked<"signInWithPassword">);
};
const byPasskey = async (peer: string, device: SoftAuthenticator): Promise<Me> => {
  const asked = { browser: page, peer, ...never };
  const question = await handlers.offerPasskeySignIn(asked as Asked<"offerPasskeySignIn">);
  const body = { ceremony: question.ceremony, response: device.get(question, site.origin) };
  return handlers.signInWithPasskey({ ...asked, body } as Asked<"signInWithPasskey">);
};

describe("signing in", () => {
  it("from away takes two factors and the right to be there, by the address that the request comes from", async () => {
    const ann = await world.person("ann", { grants: remote });
    const bob = await world.person("bob");
    await world.person("carl", { grants: remote, totp: false });
    await world.clock.advance(30_000);
    await expect(byPassword(street, "ann")).rejects.toEqual(refused);
    expect((await byPassword(street, "ann", world.code(ann.secret))).person.id).toBe(ann.id);
    await expect(byPassword(street, "bob", world.code(bob.secret))).rejects.toEqual(refused);
    await expect(byPassword(street, "carl")).rejects.toEqual(refused);
    expect((await byPassword(kitchen, "carl")).login.factors).toEqual(["password"]);
  });

  it("from away with a passkey takes the right to be there", async () => {
    const [phone, tablet] = [new SoftAuthenticator(), new SoftAuthenticator()];
    const ann = await world.enrolPasskey(world.invited("ann", remote), phone);
    await world.enrolPasskey(world.invited("bob"), tablet);
    expect((await byPasskey(street, phone)).person.id).toBe(ann.principal);
    await expect(byPasskey(street, tablet)).rejects.toEqual(refused);
    expect((await byPasskey(kitchen, tablet)).admin).toBe(true);
  });

  it("is complete with all that the person has, and only then changes settings without more", async () => {
    const { id } = await world.person("ann", { totp: false });
    expect((await byPassword(kitchen, "ann")).login.steppedUp).toBe(world.clock.now());
    const { login } = world.door.logins.begin({ principal: id, factors: ["password"], device: "d", complete: true });
    const phone = new SoftAuthenticator();
    await world.enrolPasskey(login, phone);
    expect((await byPassword(kitchen, "ann")).login.steppedUp).toBeNull();
    // Nor does the password once more.
    const { login: half } = world.door.logins.begin({
      principal: id,
      factors: ["password"],
      device: "d",
      complete: false,
    });
    const again = { login: half, body: { password }, browser: page, peer: kitchen, ...never };
    const stepUp = handlers.stepUpWithPassword(again as unknown as Asked<"stepUpWithPassword">);
    await expect(stepUp).rejects.toMatchObject({ code: "step-up-required" });
    expect(world.door.logins.get(half.id)?.steppedUp).toBeUndefined();
    expect((await byPasskey(kitchen, phone)).login.steppedUp).toBe(world.clock.now());
  });

  it("offers no passkey where the page was not opened by a name of the gateway", async () => {
    for (const host of ["192.168.1.9:8443", "[fd00::1]:8443", "evil.example"]) {
      const asked = { browser: browserAt(host), peer: kitchen, ...never } as Asked<"offerPasskeySignIn">;
      await expect(handlers.offerPasskeySignIn(asked)).rejects.toMatchObject({ code: "passkeys-need-a-name" });
    }
  });

  it("tells what should be set up still", async () => {
    const login = world.invited("ann");
    const needs = async (): Promise<Me["needs"]> => {
      const standing = world.door.logins.get(login.id)!;
      return (
        (await handlers.me({ login: standing, principal: world.principals.get(login.principal)! } as Asked<"me">)) as Me
      ).needs;
    };
    expect(await needs()).toEqual(["password", "second-factor"]);
    const raised = await world.enrolPasskey(login, new SoftAuthenticator());
    expect(await needs()).toEqual(["recovery-codes"]);
    world.door.enrolment.makeRecoveryCodes(raised);
    expect(await needs()).toEqual([]);
  });
});

describe("signing in on a device from away", () => {
  const device = DeviceId.parse("dev-aaaaaaaaaaaaaaaa");
  const cookiesOf = (header: string): Browser => ({ ...page, cookieHeader: header });
  const on = (person: PrincipalId, browser = page): Browser => ({ ...browser, visitor: { device, person } });
  const signIn = (browser: Browser, loginName: string, text: string, code?: string): Promise<Me> => {
    const body = { loginName, password: text, ...(code !== undefined && { code }) };
    const peer = deviceLabel(device);
    return handlers.signInWithPassword({ body, browser, peer, ...never } as Asked<"signInWithPassword">);
  };

  it("takes the password and the code of the device's person, and says by which device", async () => {
    const ann = await world.person("ann", { grants: remote });
    await world.clock.advance(30_000);
    await expect(signIn(on(ann.id), "ann", password)).rejects.toEqual(refused);
    const me = await signIn(on(ann.id), "ann", password, world.code(ann.secret));
    expect(me.login).toMatchObject({ person: ann.id, device: `device ${device}`, factors: ["password", "totp"] });
  });

  it("is from away also for who may do everything at home", async () => {
    const bob = await world.person("bob");
    await world.clock.advance(30_000);
    await expect(signIn(on(bob.id), "bob", password, world.code(bob.secret))).rejects.toEqual(refused);
  });

  it("tells nothing of another person's password: not a hash is spent on it, and it is written down", async () => {
    const [ann, bob] = [await world.person("ann", { grants: remote }), await world.person("bob", { grants: remote })];
    await world.clock.advance(30_000);
    world.hashed.length = 0;
    const words = async (loginName: string, text: string): Promise<unknown> =>
      signIn(on(ann.id), loginName, text, world.code(bob.secret)).catch((error: unknown) => [
        (error as GatehouseError).code,
        (error as GatehouseError).message,
      ]);
    const told = [await words("bob", password), await words("bob", "wrong password"), await words("nobody", password)];
    expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(told[0]).toEqual(["sign-in-refused", "name, password or code is wrong"]);
    expect(world.hashed).toEqual([]);
    expect(world.audit.rows.at(-1)).toMatchObject({
      action: "signIn",
      outcome: "denied",
      detail: `not the person of this device; from device ${device} (1)`,
    });
    // Nor does it cost that person anything.
    expect((await byPassword(street, "bob", world.code(bob.secret))).person.id).toBe(bob.id);
  });

  it("counts what is guessed on a lost device against that device, also with the cookie of a known browser", async () => {
    const ann = await world.person("ann", { grants: remote });
    await world.clock.advance(30_000);
    const known = world.door.devices.remember(undefined, ann.id);
    const wrong = async (browser: Browser): Promise<unknown> =>
      signIn(browser, "ann", "wrong password").catch((error: unknown) => (error as GatehouseError).code);
    for (let guess = 0; guess < 5; guess += 1) expect(await wrong(on(ann.id))).toBe("sign-in-refused");
    world.hashed.length = 0;
    expect(await wrong(on(ann.id))).toBe("too-many-guesses");
    expect(await wrong(on(ann.id, cookiesOf(known.slice(0, known.indexOf(";")))))).toBe("too-many-guesses");
    expect(world.hashed).toEqual([]);
    const another = { ...page, visitor: { device: DeviceId.parse("dev-bbbbbbbbbbbbbbbb"), person: ann.id } };
    expect(await wrong(another)).toBe("sign-in-refused");
    expect((await byPassword(street, "ann", world.code(ann.secret))).person.id).toBe(ann.id);
  });

  it("makes no browser known, and is no news: the device was paired at home", async () => {
    const ann = await world.person("ann", { grants: remote });
    await world.clock.advance(30_000);
    cookies.length = 0;
    const me = await signIn(on(ann.id), "ann", password, world.code(ann.secret));
    expect(cookies).toEqual([expect.stringMatching(/^__Host-gatehouse=/)]);
    expect(me.notices).toEqual([]);
  });

  it("takes no passkey of another person, whatever it signed", async () => {
    const phone = new SoftAuthenticator();
    const bob = await world.enrolPasskey(world.invited("bob", remote), phone);
    const ann = world.invited("ann", remote);
    const show = async (person: PrincipalId): Promise<Me> => {
      const asked = { browser: on(person), peer: deviceLabel(device), ...never };
      const question = await handlers.offerPasskeySignIn(asked as Asked<"offerPasskeySignIn">);
      const body = { ceremony: question.ceremony, response: phone.get(question, site.origin) };
      return handlers.signInWithPasskey({ ...asked, body } as Asked<"signInWithPasskey">);
    };
    await expect(show(ann.principal)).rejects.toEqual(refused);
    expect((await show(bob.principal)).person.id).toBe(bob.principal);
  });
});
