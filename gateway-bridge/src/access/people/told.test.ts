import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { GatehouseError, Secret, type PrincipalId } from "@gatehouse/shared";

import { MemoryNotices } from "../testing/memory-notices.ts";
import { alarmingGuesses } from "../logins/guess-alarm.ts";
import { codeAt } from "./testing/authenticator.ts";
import { never, password, PeopleWorld, stranger } from "./testing/people-world.ts";

let world: PeopleWorld;
let ann: { id: PrincipalId; secret: string };
beforeEach(async () => {
  world = await PeopleWorld.open();
  ann = await world.person("ann");
  await world.clock.advance(30_000);
});
afterEach(() => world[Symbol.asyncDispose]());

const signIn = (code?: string, text = password, loginName = "ann") =>
  world.door.credentials.signIn(
    { loginName, password: Secret.of(text), code: code === undefined ? undefined : Secret.of(code) },
    stranger,
    never,
  );
const raised = (kind: MemoryNotices["raised"][number]["kind"]) =>
  world.notices.raised.filter((notice) => notice.kind === kind);
/** A login of Ann's that has just shown everything. */
const begin = () =>
  world.door.logins.begin({ principal: ann.id, factors: ["password", "totp"], device: "d", complete: true }).login;

describe("people are told", () => {
  it("nothing of setting up what they did not have", () => {
    expect(world.notices.raised).toEqual([]);
  });

  it("of guesses, which name nobody: neither an account nor what was typed", async () => {
    for (let guess = 0; guess < alarmingGuesses; guess += 1) {
      await expect(signIn("123456", `guess ${guess}`, guess % 2 === 0 ? "ann" : "nobody")).rejects.toThrow();
    }
    expect(raised("guessing")).toHaveLength(1);
    expect(JSON.stringify(world.notices.raised)).not.toMatch(/ann|nobody|who-|guess \d/);
    expect(raised("guessing")[0]?.person).toBeUndefined();
  });

  it("of a recovery code that was used, with how many are left", async () => {
    const [code] = world.door.enrolment.makeRecoveryCodes(begin());
    await signIn(code!.reveal());
    expect(raised("recovery-code-used")).toEqual([
      { kind: "recovery-code-used", person: ann.id, text: expect.stringMatching(/9 are left/) },
    ]);
  });

  it("of another password, once they had one, and not of their first", async () => {
    const other = Secret.of("another correct horse");
    await world.door.enrolment.setPassword({ login: begin(), password: other, device: "d" }, never);
    expect(raised("password-changed")).toEqual([expect.objectContaining({ person: ann.id })]);
    const bob = await world.person("bob", { totp: false });
    expect(raised("password-changed").filter(({ person }) => person === bob.id)).toEqual([]);
  });

  it("of another authenticator, of other recovery codes, and of an authenticator taken off", async () => {
    const login = begin();
    world.door.enrolment.makeRecoveryCodes(login);
    expect(raised("factor-changed")).toEqual([]);
    world.enrolTotp(login);
    world.door.enrolment.makeRecoveryCodes(begin());
    expect(raised("factor-changed").map(({ person, text }) => [person, text])).toEqual([
      [ann.id, expect.stringMatching(/authenticator/)],
      [ann.id, expect.stringMatching(/other recovery codes/)],
    ]);
  });

  it("nothing of a change that did not happen", async () => {
    const login = { ...begin(), steppedUp: undefined };
    await expect(
      world.door.enrolment.setPassword({ login, password: Secret.of(password), device: "d" }, never),
    ).rejects.toMatchObject({ code: "step-up-required" });
    expect(() => world.door.enrolment.confirmTotp(begin(), Secret.of("000000"))).toThrow();
    expect(world.notices.raised).toEqual([]);
  });
});

it("who sets an authenticator up is told that two clocks differ, and who signs in is not", async () => {
  const login = begin();
  const { secret } = world.door.enrolment.startTotp(login);
  const now = world.clock.now();
  expect(() => world.door.enrolment.confirmTotp(login, Secret.of(codeAt(secret, now - 90_000)))).toThrow(
    expect.objectContaining({
      ...{ code: "code-refused", details: { clockOffSeconds: 90 } },
      message: "the gateway's clock is 90 seconds ahead of your authenticator's",
    }),
  );
  const error: unknown = await signIn(codeAt(ann.secret, now - 90_000)).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "sign-in-refused", details: {} });
});

describe("while the clock is wrong", () => {
  beforeEach(() => {
    world.insist = () => {
      throw new GatehouseError("clock-wrong", "the clock is behind");
    };
    world.hashed.length = 0;
  });

  it("no code of an authenticator is looked at, and nothing is said of the password or the name", async () => {
    const attempts = [
      signIn(world.code(ann.secret)),
      signIn("123 456"),
      signIn(world.code(ann.secret), "wrong horse battery staple"),
      signIn("123456", password, "nobody"),
    ];
    for (const attempt of attempts) await expect(attempt).rejects.toMatchObject({ code: "clock-wrong" });
    expect(world.hashed).toEqual([]);
    const stepUp = { principal: ann.id, password: Secret.of(password), code: Secret.of(world.code(ann.secret)) };
    await expect(world.door.credentials.stepUp(stepUp, stranger, never)).rejects.toMatchObject({ code: "clock-wrong" });
  });

  it("recovery codes go on, and so does a password that needs no code", async () => {
    const [code] = world.door.enrolment.makeRecoveryCodes(begin());
    expect((await signIn(code!.reveal())).factors).toEqual(["password", "recovery-code"]);
    world.insist = () => undefined;
    const bob = await world.person("bob", { totp: false, grants: [] });
    world.insist = () => {
      throw new GatehouseError("clock-wrong", "the clock is behind");
    };
    expect((await signIn(undefined, password, "bob")).principal).toBe(bob.id);
  });

  it("no authenticator is set up by a code that the clock cannot judge", () => {
    const login = begin();
    const { secret } = world.door.enrolment.startTotp(login);
    expect(() => world.door.enrolment.confirmTotp(login, Secret.of(world.code(secret)))).toThrow(
      expect.objectContaining({ code: "clock-wrong" }),
    );
  });
});
