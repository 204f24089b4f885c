import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { base32, Secret } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";

import { judgeCode, lifetimeOf, mostEvaluated } from "./one-time-code-policy.ts";
import { PeopleWorld } from "./testing/people-world.ts";

const now = 1_700_000_000_000;

describe("judgeCode", () => {
  it.each([
    ["first-run", 0, 0, "open"],
    ["first-run", lifetimeOf["first-run"] - 1, 0, "open"],
    ["first-run", lifetimeOf["first-run"], 0, "over"],
    ["invitation", lifetimeOf["first-run"], 0, "open"],
    ["invitation", lifetimeOf.invitation, 0, "over"],
    ["invitation", -1, 0, "over"],
    ["invitation", 0, mostEvaluated - 1, "open"],
    ["invitation", 0, mostEvaluated, "over"],
  ] as const)("of a %s, %i ms old, compared %i times: %s", (purpose, age, evaluated, verdict) => {
    expect(judgeCode({ purpose, made: now - age, evaluated }, now)).toBe(verdict);
  });
});

describe("a one-time code", () => {
  let world: PeopleWorld;
  beforeEach(async () => (world = await PeopleWorld.open()));
  afterEach(() => world[Symbol.asyncDispose]());

  it("works once, for what it was made for, however it is grouped", () => {
    const { codes } = world.door;
    const { code, expires } = codes.make("first-run", null);
    expect(code.reveal()).toMatch(/^([a-z2-7]{5}-){5}[a-z2-7]$/);
    expect(expires).toBe(world.clock.now() + lifetimeOf["first-run"]);
    expect(codes.use("invitation", code)).toBeUndefined();
    expect(codes.use("first-run", Secret.of(code.reveal().toUpperCase().replaceAll("-", " ")))).toEqual({
      principal: null,
    });
    expect(codes.use("first-run", code)).toBeUndefined();
  });

  it("takes the place of the one before, and lies nowhere readable", () => {
    const { codes } = world.door;
    const first = codes.make("first-run", null);
    const second = codes.make("first-run", null);
    expect(codes.use("first-run", first.code)).toBeUndefined();
    const rows = world.database.sql.prepare("SELECT * FROM one_time_codes").all();
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(second.code.reveal().replaceAll("-", "").slice(5));
  });

  it("is over in time, also where the clock is set back", async () => {
    const { codes } = world.door;
    const { code } = codes.make("first-run", null);
    await world.clock.advance(lifetimeOf["first-run"]);
    expect(codes.use("first-run", code)).toBeUndefined();
  });

  it("is over after 20 guesses that name it, and not touched by those that do not", () => {
    const { codes } = world.door;
    const { code } = codes.make("first-run", null);
    for (let guess = 0; guess < 1_000; guess += 1) {
      codes.use("first-run", Secret.of(base32(randomBytes(17)).slice(0, 26)));
    }
    const near = (index: number) =>
      Secret.of(code.reveal().slice(0, -1) + (code.reveal().endsWith("a") ? "b" : "a") + " ".repeat(index));
    for (let guess = 0; guess < mostEvaluated - 1; guess += 1)
      expect(codes.use("first-run", near(guess))).toBeUndefined();
    expect(codes.use("first-run", code)).toEqual({ principal: null });
    const again = codes.make("first-run", null).code;
    const wrong = Secret.of(again.reveal().slice(0, -1) + (again.reveal().endsWith("a") ? "b" : "a"));
    for (let guess = 0; guess < mostEvaluated; guess += 1) codes.use("first-run", wrong);
    expect(codes.use("first-run", again)).toBeUndefined();
  });
});

describe("recovery codes", () => {
  it("are ten, work once each and for their person alone, and are replaced together", async () => {
    await using world = await PeopleWorld.open();
    const [ann, bob] = [await world.person("ann"), await world.person("bob")];
    const { recovery } = world.door;
    const first = recovery.make(ann.id);
    expect([first.length, recovery.left(ann.id), recovery.left(bob.id)]).toEqual([10, 10, 0]);
    expect(first[0]!.reveal()).toMatch(/^([a-z2-7]{5}-){5}[a-z2-7]$/);
    expect(recovery.use(bob.id, first[0]!)).toBe(false);
    expect(recovery.use(ann.id, Secret.of(` ${first[0]!.reveal().toUpperCase()}`))).toBe(true);
    expect(recovery.use(ann.id, first[0]!)).toBe(false);
    expect(recovery.use(ann.id, Secret.of(""))).toBe(false);
    expect(recovery.left(ann.id)).toBe(9);
    recovery.make(ann.id);
    expect(recovery.use(ann.id, first[1]!)).toBe(false);
  });
});
