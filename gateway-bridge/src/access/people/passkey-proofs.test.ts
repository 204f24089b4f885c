import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Secret, type Grant, type PasskeyAnswer } from "@gatehouse/shared";
import { generateKeyPairSync } from "node:crypto";

import type { LiveLogin } from "../../domain/login-policy.ts";
import { ceremonyMs } from "./ceremonies.ts";
import type { Proof } from "./credentials.ts";
import { never, password, PeopleWorld, site, stranger } from "./testing/people-world.ts";
import { SoftAuthenticator, type Twist } from "./testing/soft-authenticator.ts";

const { peer } = stranger;
const home = { site, peer, place: "home" as const };
const away = { site, peer, place: "away" as const };
const elsewhere = { host: "localhost", origin: "https://localhost:8443" };
const remote: readonly Grant[] = [{ action: "remote", camera: "*" }, { action: "live", camera: "*" }]; // prettier-ignore

let world: PeopleWorld;
let phone: SoftAuthenticator;
let ann: LiveLogin;
beforeEach(async () => {
  world = await PeopleWorld.open();
  phone = new SoftAuthenticator();
  ann = await world.enrolPasskey(world.invited("ann"), phone);
});
afterEach(() => world[Symbol.asyncDispose]());

const answer = (twist?: Twist): PasskeyAnswer => {
  const question = world.door.passkeyProofs.offerSignIn(site);
  return { ceremony: question.ceremony, response: phone.get(question, site.origin, twist) };
};
const signIn = (given: PasskeyAnswer, from: typeof home | typeof away = home): Promise<Proof> =>
  world.door.passkeyProofs.signIn(given, from);
const stepUpAnswer = (login: LiveLogin): PasskeyAnswer => {
  const question = world.door.passkeyProofs.offerStepUp(login, site);
  return { ceremony: question.ceremony, response: phone.get(question, site.origin) };
};
const refused = expect.objectContaining({ code: "sign-in-refused" }) as unknown as Error;

describe("signing in with a passkey", () => {
  it("takes what the device signed, asks for no name, and is two factors", async () => {
    expect(world.door.passkeyProofs.offerSignIn(site).options).toMatchObject({
      rpId: site.host,
      allowCredentials: [],
      userVerification: "required",
      timeout: ceremonyMs,
    });
    await world.clock.advance(5);
    expect(await signIn(answer())).toEqual({ principal: ann.principal, factors: ["passkey"] });
    expect(world.door.passkeys.list(ann.principal)[0]?.used).toBe(world.clock.now());
    const row = { principal: ann.principal, action: "signIn", outcome: "allowed", detail: "passkey" };
    expect(world.audit.rows.at(-1)).toMatchObject(row);
  });

  it.each(["EdDSA", "RS256"] as const)("takes %s, and what does not count", async (algorithm) => {
    phone = new SoftAuthenticator({ algorithm, counts: false });
    const bob = await world.enrolPasskey(world.invited("bob"), phone);
    for (let time = 0; time < 2; time += 1) expect((await signIn(answer())).principal).toBe(bob.principal);
    expect(world.door.passkeys.list(bob.principal)[0]).toMatchObject({ backedUp: true });
  });

  const { privateKey: stolen } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const twists: readonly (readonly [string, Twist])[] = [
    ["another challenge", { challenge: Buffer.alloc(32).toString("base64url") }],
    ["another origin", { origin: "https://evil.example" }],
    ["the same name at another port", { origin: `https://${site.host}:9443` }],
    ["another name", { rpId: "evil.example" }],
    ["nobody verified", { unverified: true }],
    ["nobody present", { absent: true }],
    ["an enrolment", { type: "webauthn.create" }],
    ["a page within another's", { crossOrigin: true }],
    ["a page within another's, which is named", { crossOrigin: true, topOrigin: "https://evil.example" }],
    ["another key", { key: stolen }],
    ["another person's name", { userHandle: Buffer.from("who-bbbbbbbbbbbbbbbb").toString("base64url") }],
    ["bytes after its end", { leftover: Buffer.of(0) }],
    ["a counter of before", { counter: 0 }],
  ];
  it.each(twists)("refuses %s, in the same words, and the passkey goes on", async (_, twist) => {
    await signIn(answer());
    const told = await signIn(answer(twist)).catch((error: unknown) => error);
    expect(told).toEqual(refused);
    const nobody = answer();
    const other = await signIn({ ...nobody, response: { ...nobody.response, id: "AAAA" } }).catch((e: unknown) => e);
    expect((other as Error).message).toBe((told as Error).message);
    await signIn(answer());
  });

  it("refuses every cut of an answer", async () => {
    const whole = answer();
    for (const part of ["authenticatorData", "clientDataJSON", "signature"] as const) {
      const bytes = Buffer.from(whole.response.response[part], "base64url");
      for (let length = 0; length < bytes.length; length += 1) {
        const response = { ...whole.response.response, [part]: bytes.subarray(0, length).toString("base64url") };
        await expect(signIn({ ...whole, response: { ...whole.response, response } })).rejects.toEqual(refused);
      }
    }
    await signIn(whole);
  });

  it("takes an answer once, in time, for its own question, on its own name", async () => {
    const given = answer();
    await signIn(given);
    await expect(signIn(given)).rejects.toEqual(refused);
    const other = world.door.passkeyProofs.offerSignIn(site);
    await expect(signIn({ ...answer(), ceremony: other.ceremony })).rejects.toEqual(refused);
    await expect(world.door.passkeyProofs.signIn(answer(), { ...home, site: elsewhere })).rejects.toEqual(refused);
    // Nor for another name of the gateway's, whatever its device would sign.
    const there = world.door.passkeyProofs.offerSignIn(elsewhere);
    const misled = { ...there, options: { ...there.options, rpId: site.host } };
    const response = phone.get(misled, elsewhere.origin, { rpId: elsewhere.host });
    const foreign = { ceremony: there.ceremony, response };
    await expect(world.door.passkeyProofs.signIn(foreign, { ...home, site: elsewhere })).rejects.toEqual(refused);
    const late = answer();
    await world.clock.advance(ceremonyMs);
    await expect(signIn(late)).rejects.toEqual(refused);
  });

  it("takes one answer once also where the device does not count and two come at the same time", async () => {
    phone = new SoftAuthenticator({ counts: false });
    await world.enrolPasskey(world.invited("bob"), phone);
    const given = answer();
    const outcomes = await Promise.allSettled([signIn(given), signIn(given)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("takes no answer to a question of somebody's login", async () => {
    await expect(signIn(stepUpAnswer(ann))).rejects.toEqual(refused);
  });

  it("knows no passkey of who was removed, nor one that was removed while it was looked at", async () => {
    const given = answer();
    const outcome = signIn(given).catch((error: unknown) => error);
    world.door.passkeys.forget(ann.principal);
    expect(await outcome).toEqual(refused);
    const bob = await world.enrolPasskey(world.invited("bob"), phone);
    world.principals.revoke(bob.principal);
    expect(world.database.sql.prepare("SELECT * FROM passkeys").all()).toEqual([]);
    await expect(signIn(answer())).rejects.toEqual(refused);
  });

  it("is refused where it cannot be written down, and nothing has come of it", async () => {
    const given = answer();
    world.audit.broken = true;
    await expect(signIn(given)).rejects.toThrow("disk full");
    expect(world.door.passkeys.list(ann.principal)[0]?.used).toBeNull();
  });

  it("counts refusals instead of writing each down, and keeps nobody out by them", async () => {
    const before = world.audit.rows.length;
    for (let guess = 0; guess < 300; guess += 1) {
      await expect(signIn(answer({ unverified: true }))).rejects.toEqual(refused);
    }
    expect(world.audit.rows.length - before).toBeLessThan(3);
    await signIn(answer());
  });
});

describe("stepping up with a passkey", () => {
  it("takes one of the person's own, for its own login", async () => {
    const { options } = world.door.passkeyProofs.offerStepUp(ann, site);
    expect(options.allowCredentials.map(({ id }) => id)).toEqual([phone.held[0]!.id]);
    const proof = await world.door.passkeyProofs.stepUp(ann, stepUpAnswer(ann), home);
    expect(proof).toEqual({ principal: ann.principal, factors: ["passkey"] });
    expect(world.audit.rows.at(-1)).toMatchObject({ action: "stepUp", outcome: "allowed" });
  });

  it("refuses another person's, another login's, and what was asked of strangers", async () => {
    const { logins, passkeyProofs } = world.door;
    const other = logins.begin({ principal: ann.principal, factors: ["password"], device: "d", complete: false });
    await expect(passkeyProofs.stepUp(other.login, stepUpAnswer(ann), home)).rejects.toEqual(refused);
    await expect(passkeyProofs.stepUp(ann, answer(), home)).rejects.toEqual(refused);
    const bob = world.invited("bob");
    const question = passkeyProofs.offerStepUp(bob, site);
    const theirs = { ceremony: question.ceremony, response: phone.get(question, site.origin) };
    await expect(passkeyProofs.stepUp(bob, theirs, home)).rejects.toEqual(refused);
  });
});

describe("from away", () => {
  it("who may be there signs in with a passkey, and nobody else", async () => {
    await expect(signIn(answer(), away)).rejects.toEqual(refused);
    phone = new SoftAuthenticator();
    const bob = await world.enrolPasskey(world.invited("bob", remote), phone);
    expect((await signIn(answer(), away)).principal).toBe(bob.principal);
  });

  it("a password does with a code, of who may be there; all else is refused in the same words", async () => {
    const { id, secret } = await world.person("bob", { grants: remote });
    await world.person("carl", { totp: false, grants: remote });
    const dora = await world.person("dora");
    const from = { ...stranger, place: "away" as const };
    const attempt = (loginName: string, code?: string): Promise<Proof> => {
      const given = {
        loginName,
        password: Secret.of(password),
        code: code === undefined ? undefined : Secret.of(code),
      };
      return world.door.credentials.signIn(given, from, never);
    };
    await world.clock.advance(30_000);
    await expect(attempt("bob")).rejects.toEqual(refused);
    expect(await attempt("bob", world.code(secret))).toEqual({ principal: id, factors: ["password", "totp"] });
    await expect(attempt("carl")).rejects.toEqual(refused);
    await expect(attempt("dora", world.code(dora.secret))).rejects.toEqual(refused);
  });
});

describe("who has a passkey beside a password", () => {
  const signInAs = (loginName: string, code?: string): Promise<Proof> => {
    const given = { loginName, password: Secret.of(password), code: code === undefined ? undefined : Secret.of(code) };
    return world.door.credentials.signIn(given, stranger, never);
  };

  it("comes in by the password alone with one factor, or with a recovery code in the passkey's stead", async () => {
    const { id } = await world.person("bob", { totp: false });
    const { login } = world.door.logins.begin({ principal: id, factors: ["password"], device: "d", complete: true });
    const raised = await world.enrolPasskey(login, new SoftAuthenticator());
    const [code] = world.door.enrolment.makeRecoveryCodes(raised);
    expect(await signInAs("bob")).toEqual({ principal: id, factors: ["password"] });
    await expect(signInAs("bob", "wrong")).rejects.toEqual(refused);
    expect(await signInAs("bob", code!.reveal())).toEqual({ principal: id, factors: ["password", "recovery-code"] });
  });

  it("loses every login by a passkey, too, with a changed password", async () => {
    const { id } = await world.person("bob");
    const begin = (factors: LiveLogin["factors"]): LiveLogin =>
      world.door.logins.begin({ principal: id, factors, device: "d", complete: true }).login;
    const mine = await world.enrolPasskey(begin(["password", "totp"]), new SoftAuthenticator());
    const other = begin(["passkey"]);
    const given = { login: mine, password: Secret.of("another battery staple"), device: "d" };
    await world.door.enrolment.setPassword(given, never);
    expect([world.door.logins.get(mine.id), world.door.logins.get(other.id)]).toEqual([undefined, undefined]);
    // What the devices keep is no secret that the old password could have given away.
    expect(world.door.passkeys.list(id)).toHaveLength(1);
  });
});
