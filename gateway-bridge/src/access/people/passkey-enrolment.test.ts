import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { GatehouseError, Grant, Passkey, PasskeyEnrolment, PrincipalId } from "@gatehouse/shared";

import type { LiveLogin } from "../../domain/login-policy.ts";
import { ceremonyMs } from "./ceremonies.ts";
import type { CborValue } from "./testing/cbor.ts";
import { PeopleWorld, site } from "./testing/people-world.ts";
import { SoftAuthenticator, type Algorithm, type Twist } from "./testing/soft-authenticator.ts";

const watching: readonly Grant[] = [{ action: "live", camera: "*" }];
const elsewhere = { host: "localhost", origin: "https://localhost:8443" };

let world: PeopleWorld;
let phone: SoftAuthenticator;
beforeEach(async () => {
  world = await PeopleWorld.open();
  phone = new SoftAuthenticator();
});
afterEach(() => world[Symbol.asyncDispose]());

const offer = (login: LiveLogin): PasskeyEnrolment => world.door.passkeyEnrolment.offer(login, site);
const add = (login: LiveLogin, { ceremony }: PasskeyEnrolment, response = phone.create(offer(login), site.origin)) =>
  world.door.passkeyEnrolment.add(login, { name: "Phone", ceremony, response }, site);
/** The login as it stands. */
const now = ({ id }: LiveLogin): LiveLogin => world.door.logins.get(id)!;
const signedIn = (principal: PrincipalId, factors: LiveLogin["factors"] = ["password", "totp"]): LiveLogin =>
  world.door.logins.begin({ principal, factors, device: "d", complete: true }).login;
const refused = (code: string) => expect.objectContaining({ code }) as unknown as GatehouseError;

describe("a passkey", () => {
  it.each<Algorithm>(["ES256", "EdDSA", "RS256"])(
    "of %s is made by who was invited, who then has two factors",
    async (algorithm) => {
      const login = world.invited("ann");
      phone = new SoftAuthenticator({ algorithm });
      const question = offer(login);
      expect(question.options).toMatchObject({
        rp: { id: site.host, name: "Villa Sole" },
        user: { name: "ann", displayName: "ann", id: Buffer.from(login.principal).toString("base64url") },
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
        attestation: "none",
        excludeCredentials: [],
        timeout: ceremonyMs,
      });
      expect(question.options.pubKeyCredParams.map(({ alg }) => alg)).toEqual([-8, -7, -257]);
      expect(world.door.firstRun.done).toBe(false);
      const raised = await world.enrolPasskey(login, phone);
      expect(raised).toMatchObject({ assurance: "two", factors: ["code", "passkey"], steppedUp: world.clock.now() });
      expect(world.door.firstRun.done).toBe(true);
      expect(world.door.passkeys.list(login.principal)).toEqual([
        expect.objectContaining({ name: "Phone", host: site.host, usable: true, backedUp: false, used: null }),
      ]);
      expect(world.door.people.list()[0]?.factors).toEqual({
        password: false,
        totp: false,
        passkeys: 1,
        recoveryCodes: 0,
      });
      // The next one is not made by the code, nor by a login that was left open.
      await world.clock.advance(10 * 60_000);
      expect(() => offer(world.door.logins.get(login.id)!)).toThrow(refused("step-up-required"));
    },
  );

  it("is not added by a password alone to what the person has", async () => {
    const { id } = await world.person("ann", { totp: false });
    await world.enrolPasskey(signedIn(id, ["password"]), phone);
    const { login } = world.door.logins.begin({ principal: id, factors: ["password"], device: "d", complete: false });
    expect(() => offer(login)).toThrow(refused("step-up-required"));
  });

  it("that the person has already is not made again", async () => {
    const login = world.invited("ann");
    const raised = await world.enrolPasskey(login, phone);
    expect(offer(raised).options.excludeCredentials).toEqual([
      { type: "public-key", id: phone.held[0]!.id, transports: ["internal"] },
    ]);
    const other = world.invited("bob");
    const question = offer(other);
    const response = phone.create(question, site.origin);
    // A copy of Ann's, as somebody's forged answer names it.
    world.database.sql.prepare("UPDATE passkeys SET credential = ?").run(response.id);
    await expect(add(other, question, response)).rejects.toThrow(refused("passkey-refused"));
    expect(world.door.logins.get(other.id)?.factors).toEqual(["code"]);
  });

  it("whose maker is vouched for by a stranger's certificate is taken without a look at that", async () => {
    const login = world.invited("ann");
    const statement = new Map<string, CborValue>([
      ["alg", -7],
      ["sig", Buffer.alloc(8)],
      ["x5c", Buffer.alloc(8)],
    ]);
    for (const format of ["packed", "tpm", "fido-u2f", "android-safetynet", "made-up"]) {
      const question = offer(now(login));
      await add(now(login), question, phone.create(question, site.origin, { attestation: { format, statement } }));
    }
    expect(world.door.passkeys.list(login.principal)).toHaveLength(5);
  });

  const twists: readonly (readonly [string, Twist])[] = [
    ["another challenge", { challenge: Buffer.alloc(32).toString("base64url") }],
    ["another origin", { origin: "https://evil.example" }],
    ["the same name at another port", { origin: `https://${site.host}:9443` }],
    ["the same name without TLS", { origin: `http://${site.host}:8443` }],
    ["another name", { rpId: "evil.example" }],
    ["nobody verified", { unverified: true }],
    ["nobody present", { absent: true }],
    ["a sign-in", { type: "webauthn.get" }],
    ["a page within another's", { crossOrigin: true }],
    ["a page within another's, which is named", { topOrigin: "https://evil.example" }],
    ["bytes after its end", { leftover: Buffer.of(0) }],
    ["an algorithm that was not asked for", { publicKey: (key) => key.set(3, -35) }],
    ["a public key cut short", { publicKey: (key) => key.set(-3, Buffer.alloc(16, 1)) }],
    ["no public key", { publicKey: (key) => key.clear() }],
  ];
  it.each(twists)("with %s is refused", async (_, twist) => {
    const login = world.invited("ann");
    const question = offer(login);
    await expect(add(login, question, phone.create(question, site.origin, twist))).rejects.toThrow(
      refused("passkey-refused"),
    );
    expect(world.door.people.list()[0]?.factors.passkeys).toBe(0);
    expect(world.door.logins.get(login.id)?.assurance).toBe("one");
  });

  it("of which the id, the challenge's or the public key's end is cut is refused, wherever", async () => {
    const login = world.invited("ann");
    const question = offer(login);
    const whole = phone.create(question, site.origin);
    for (const part of ["attestationObject", "clientDataJSON"] as const) {
      const bytes = Buffer.from(whole.response[part], "base64url");
      for (let length = 0; length < bytes.length; length += 1) {
        const cut = bytes.subarray(0, length).toString("base64url");
        const response = { ...whole, response: { ...whole.response, [part]: cut } };
        await expect(add(login, question, response)).rejects.toThrow(refused("passkey-refused"));
      }
    }
    const renamed = Buffer.alloc(32).toString("base64url");
    await expect(add(login, question, { ...whole, id: renamed, rawId: renamed })).rejects.toThrow(
      refused("passkey-refused"),
    );
    await add(login, question, whole);
  });

  it("answers one question of one login, once, in time, on one name", async () => {
    const [ann, bob] = [world.invited("ann"), world.invited("bob")];
    const [mine, theirs] = [offer(ann), offer(bob)];
    const answer = phone.create(mine, site.origin);
    await expect(add(bob, mine, answer)).rejects.toThrow(refused("passkey-refused"));
    await expect(add(bob, theirs, answer)).rejects.toThrow(refused("passkey-refused"));
    const made = { name: "Phone", ceremony: mine.ceremony, response: answer };
    await expect(world.door.passkeyEnrolment.add(ann, made, elsewhere)).rejects.toThrow(refused("passkey-refused"));
    await add(ann, mine, answer);
    await expect(add(now(ann), mine, answer)).rejects.toThrow(refused("passkey-refused"));
    const late = phone.create(theirs, site.origin);
    await world.clock.advance(ceremonyMs);
    await expect(add(bob, theirs, late)).rejects.toThrow(refused("passkey-refused"));
  });

  it("is of no use to a login that ended meanwhile, nor twice where two are made at the same time", async () => {
    const ann = world.invited("ann");
    const [first, second] = [offer(ann), offer(ann)];
    const outcomes = await Promise.allSettled([
      add(ann, first, phone.create(first, site.origin)),
      add(ann, first, phone.create(first, site.origin)),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const adding = add(now(ann), second, phone.create(second, site.origin));
    world.door.logins.end(ann.id);
    await expect(adding).rejects.toThrow(refused("unauthenticated"));
    expect(world.door.passkeys.list(ann.principal)).toHaveLength(1);
  });

  it("is not added by an invitation alone to what the person set up meanwhile", async () => {
    const ann = world.invited("ann");
    const question = offer(ann);
    const adding = add(ann, question, phone.create(question, site.origin));
    world.door.people.setPassword(ann.principal, "$argon2id$");
    await expect(adding).rejects.toThrow(refused("step-up-required"));
  });

  it("is one of 32 of its person at most", async () => {
    let login = world.invited("ann");
    for (let index = 0; index < 32; index += 1) login = await world.enrolPasskey(login, phone);
    await expect(world.enrolPasskey(login, phone)).rejects.toThrow(refused("passkey-refused"));
  });

  it("outlives a restart", async () => {
    const { principal } = await world.enrolPasskey(world.invited("ann"), phone);
    await world.restart();
    expect(world.door.people.list()[0]).toMatchObject({ id: principal, factors: { passkeys: 1 } });
  });

  it("of a row that somebody bent is an error, not a right", async () => {
    const { principal } = await world.enrolPasskey(world.invited("ann"), phone);
    world.database.sql.exec(`UPDATE passkeys SET transports = '[7]'`);
    expect(() => world.door.passkeys.list(principal)).toThrow();
  });
});

describe("a passkey that is removed", () => {
  it("takes the person's logins elsewhere with it", async () => {
    const { id } = await world.person("ann");
    const mine = await world.enrolPasskey(signedIn(id), phone);
    const lost = signedIn(id, ["passkey"]);
    const [passkey] = world.door.passkeys.list(id);
    world.door.passkeyEnrolment.remove(mine, passkey!.id);
    expect(world.door.passkeys.list(id)).toEqual([]);
    expect([world.door.logins.get(mine.id)?.id, world.door.logins.get(lost.id)]).toEqual([mine.id, undefined]);
  });

  it("is the person's own, and was shown with all else just now", async () => {
    const { id } = await world.person("ann");
    const ann = signedIn(id);
    const bob = await world.enrolPasskey(world.invited("bob"), phone);
    const [passkey] = world.door.passkeys.list(bob.principal);
    expect(() => world.door.passkeyEnrolment.remove(ann, passkey!.id)).toThrow(refused("not-found"));
    await world.clock.advance(10 * 60_000);
    expect(() => world.door.passkeyEnrolment.remove(bob, passkey!.id)).toThrow(refused("step-up-required"));
    expect(world.door.passkeys.list(bob.principal)).toHaveLength(1);
  });

  it("is not the last of who governs, nor of who has nothing else", async () => {
    for (const [loginName, grants] of [
      ["ann", undefined],
      ["bob", watching],
    ] as const) {
      const login = await world.enrolPasskey(world.invited(loginName, grants), phone);
      const [passkey] = world.door.passkeys.list(login.principal);
      expect(() => world.door.passkeyEnrolment.remove(login, passkey!.id)).toThrow(refused("last-factor"));
      const again = await world.enrolPasskey(login, new SoftAuthenticator());
      world.door.passkeyEnrolment.remove(again, passkey!.id);
    }
    expect(world.door.firstRun.done).toBe(true);
  });

  it("is not counted among those that are left where the gateway does not go by its name any more", async () => {
    const login = await world.enrolPasskey(world.invited("ann"), phone);
    const again = await world.enrolPasskey(login, phone);
    const [old, kept] = world.door.passkeys.list(login.principal);
    world.database.sql.prepare("UPDATE passkeys SET host = 'old.home.arpa' WHERE id = ?").run(old!.id);
    expect(world.door.passkeys.list(login.principal)[0]).toMatchObject({ host: "old.home.arpa", usable: false });
    expect(() => world.door.passkeyEnrolment.remove(again, kept!.id)).toThrow(refused("last-factor"));
    world.door.passkeyEnrolment.remove(again, old!.id);
  });
});

describe("whoever gets another way to sign in", () => {
  const told = (): string[] => world.notices.raised.map(({ text }) => text);

  it("is told, unless it is setting everything up", async () => {
    const { door } = world;
    const ann = await world.enrolPasskey(world.invited("ann"), phone);
    expect(told()).toEqual([]);
    world.enrolTotp(ann);
    expect(told()).toEqual(["An authenticator was set up."]);
    // A stolen password could do as much.
    const { id } = await world.person("bob", { totp: false });
    await world.enrolPasskey(signedIn(id, ["password"]), phone);
    expect(told()).toEqual(["An authenticator was set up.", "A passkey was added: Phone."]);
    const carl = await world.person("carl", { totp: false });
    world.enrolTotp(signedIn(carl.id, ["password"]));
    expect(world.notices.raised.at(-1)).toMatchObject({ kind: "factor-changed", person: carl.id });
    door.passkeyEnrolment.remove(now(ann), (await addAnother(ann)).id);
    expect(told().slice(-2)).toEqual(["A passkey was added: Phone.", "One of your passkeys was taken off."]);
  });

  const addAnother = async (login: LiveLogin): Promise<Passkey> => {
    await world.enrolPasskey(now(login), new SoftAuthenticator());
    return world.door.passkeys.list(login.principal).at(-1)!;
  };
});

describe("an authenticator that is removed", () => {
  it("takes the person's logins elsewhere with it", async () => {
    const { id } = await world.person("ann");
    const mine = await world.enrolPasskey(signedIn(id), phone);
    const lost = signedIn(id);
    world.door.enrolment.removeTotp(mine);
    expect(world.door.people.get(id)?.totp).toBe(false);
    expect([...world.secrets.held.keys()].filter((name) => name.includes(id))).toEqual([]);
    expect([world.door.logins.get(mine.id)?.id, world.door.logins.get(lost.id)]).toEqual([mine.id, undefined]);
  });

  it("is not the last second factor of who governs", async () => {
    const { id } = await world.person("ann");
    const login = signedIn(id);
    expect(() => world.door.enrolment.removeTotp(login)).toThrow(refused("last-factor"));
    const bob = await world.person("bob", { grants: watching });
    world.door.enrolment.removeTotp(signedIn(bob.id));
    await world.clock.advance(10 * 60_000);
    expect(() => world.door.enrolment.removeTotp(login)).toThrow(refused("step-up-required"));
  });
});
