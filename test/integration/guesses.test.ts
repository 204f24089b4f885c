import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { base32, parsePairingString, Secret, type OfferPairing, type PrincipalId } from "@gatehouse/shared";
import { generateKeyPairSync, randomBytes, randomInt } from "node:crypto";

import { codeAt } from "../../gateway-bridge/src/access/people/testing/authenticator.ts";
import {
  cookieHeader,
  never,
  password,
  PeopleWorld,
  stranger,
} from "../../gateway-bridge/src/access/people/testing/people-world.ts";
import { openDoor } from "../../gateway-bridge/src/access/testing/open-door.ts";

const [guesses, hour] = [10_000, 3_600_000];
/** One guess a second, so that an hour has 3,600 of them. */
const pause = 1_000;

/**
 * Floods of guesses by strangers, while the owner signs in with a browser that did so before. What is looked at costs a hash, and
 * hashes are counted; a right guess among the rest would not be noticed.
 */
describe("10,000 guesses", () => {
  let world: PeopleWorld;
  let ann: { id: PrincipalId; secret: string };
  let known = "";
  beforeAll(async () => {
    world = await PeopleWorld.open();
    ann = await world.person("ann");
    known = cookieHeader(world.door.devices.remember(undefined, ann.id));
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** As the owner does, with the code of now and the browser that is known; the cookie is exchanged each time. */
  const ownerSignsIn = async (): Promise<void> => {
    await world.clock.advance(30_000);
    const attempt = { loginName: "ann", password: Secret.of(password), code: Secret.of(world.code(ann.secret)) };
    const proof = await world.door.credentials.signIn(attempt, { ...stranger, cookieHeader: known }, never);
    expect(proof).toEqual({ principal: ann.id, factors: ["password", "totp"] });
    known = cookieHeader(world.door.devices.remember(known, ann.id));
  };

  /** When each guess was looked at, by the clock, and how many were refused before that. */
  const flood = async (
    guess: (index: number) => Promise<unknown>,
  ): Promise<{ readonly evaluated: number[]; readonly refused: number }> => {
    const before = world.guessed.counts.refused;
    const evaluated: number[] = [];
    const let_in: unknown[] = [];
    for (let index = 0; index < guesses; index += 1) {
      if (index % 1_000 === 0) await ownerSignsIn();
      world.hashed.length = 0;
      const outcome = await guess(index).catch(() => undefined);
      if (outcome !== undefined) let_in.push(index);
      if (world.hashed.length > 0) evaluated.push(world.clock.now());
      await world.clock.advance(pause);
    }
    await ownerSignsIn();
    expect(let_in).toEqual([]);
    const refused = world.guessed.counts.refused - before;
    expect(evaluated.length + refused).toBe(guesses);
    return { evaluated, refused };
  };

  const mostInAnHour = (times: readonly number[]): number =>
    Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + hour).length));

  const signIn = (text: string, code: string, index: number) =>
    world.door.credentials.signIn(
      { loginName: "ann", password: Secret.of(text), code: Secret.of(code) },
      // From everywhere, so that only what the account allows holds them up.
      { ...stranger, peer: `198.51.${index % 250}.${(index * 7) % 250}` },
      never,
    );

  it("of a password: no more than 20 an hour are looked at, and the owner signs in all the while", async () => {
    const before = world.audit.rows.length;
    const { evaluated, refused } = await flood((index) => signIn(`guess ${index}`, world.code(ann.secret), index));
    const [rows, most] = [world.audit.rows.length - before, mostInAnHour(evaluated)];
    console.log(
      `passwords: ${evaluated.length} of ${guesses} looked at, ${most} in an hour at most, ${refused} refused, ${rows} rows of the log`,
    );
    expect(most).toBeLessThanOrEqual(20);
    expect(evaluated.length).toBeGreaterThan(30);
    expect(rows).toBeLessThan(100);
  }, 120_000);

  it("of a code, with the right password: no more than 20 an hour are looked at", async () => {
    const { evaluated, refused } = await flood((index) => {
      // Those of the steps beside this one are right as well.
      const right = [-30_000, 0, 30_000].map((ms) => codeAt(ann.secret, world.clock.now() + ms));
      const code = String(randomInt(1_000_000)).padStart(6, "0");
      return signIn(password, right.includes(code) ? "999999x" : code, index);
    });
    const most = mostInAnHour(evaluated);
    console.log(`codes: ${evaluated.length} of ${guesses} looked at, ${most} in an hour at most, ${refused} refused`);
    expect(most).toBeLessThanOrEqual(20);
    expect(evaluated.length).toBeGreaterThan(30);
  }, 120_000);

  it("of the first run's code: the owner's own works all the while", async () => {
    world.principals.revoke(ann.id);
    const { firstRun } = world.door;
    const { code } = firstRun.makeCode();
    const evaluatedOf = () =>
      Number(world.database.sql.prepare("SELECT sum(evaluated) AS sum FROM one_time_codes").get()?.["sum"]);
    let made = 0;
    for (let index = 0; index < guesses; index += 1) {
      const guess = Secret.of(base32(randomBytes(17)).slice(0, 26));
      try {
        firstRun.redeem({ code: guess, name: "Eve", loginName: "eve" });
        made += 1;
      } catch (error) {
        expect(error).toMatchObject({ code: "sign-in-refused" });
      }
    }
    console.log(`first-run codes: ${evaluatedOf()} of ${guesses} looked at`);
    expect([made, evaluatedOf() <= 20]).toEqual([0, true]);
    // And those that name the code, as nobody can know: 20 for its whole life.
    const name = code.reveal().slice(0, 5);
    expect(firstRun.redeem({ code, name: "Ann", loginName: "ann" })).toMatchObject({ loginName: "ann" });
    const again = firstRun.makeCode().code.reveal();
    for (let index = 0; index < 100; index += 1) {
      const guess = Secret.of(again.slice(0, 5) + base32(randomBytes(17)).slice(0, 21));
      expect(() => firstRun.redeem({ code: guess, name, loginName: "eve" })).toThrow(/wrong/);
    }
    expect(evaluatedOf()).toBeLessThanOrEqual(20);
  }, 60_000);

  it.each(["invitation", "guest"] as const)("of a code for a %s: no more than 20 are looked at, ever", (purpose) => {
    const { codes } = world.door;
    const { code } = codes.make(purpose, ann.id);
    const before = world.guessed.counts;
    for (let index = 0; index < guesses; index += 1) {
      expect(codes.use(purpose, Secret.of(base32(randomBytes(17)).slice(0, 26)))).toBeUndefined();
    }
    const after = world.guessed.counts;
    const [evaluated, refused] = [after.evaluated - before.evaluated, after.refused - before.refused];
    console.log(`codes for a ${purpose}: ${evaluated} of ${guesses} looked at, ${refused} refused`);
    expect(evaluated + refused).toBe(guesses);
    expect(evaluated).toBeLessThanOrEqual(20);
    expect(codes.use(purpose, code)).toEqual({ principal: ann.id });
  });
});

describe("10,000 guesses at a pairing string", () => {
  it("are refused unseen but for 20, and keep the owner's own plugin out at no time", async () => {
    const door = await openDoor();
    using _database = door.database;
    using pairing = door.openPairing();
    const newKey = (): string =>
      generateKeyPairSync("ec", { namedCurve: "P-256" })
        .publicKey.export({ type: "spki", format: "der" })
        .toString("base64");
    const guesser = newKey();
    const offered: OfferPairing = { kind: "homebridge", name: "Plugin", grants: [] };
    let paired = 0;
    const ownerPairs = async (pairingString: string): Promise<void> => {
      const secret = parsePairingString(pairingString).secret.toString("base64url");
      const { name } = await pairing.redeem({ kind: "homebridge", publicKey: newKey(), secret }, never);
      expect(name).toBe("Plugin");
      paired += 1;
    };
    let open = pairing.offer(offered).pairingString;
    const outcomes = new Set<unknown>();
    for (let index = 0; index < guesses; index += 1) {
      const secret = randomBytes(16).toString("base64url");
      // Its answer is held back, and comes with the clock.
      void pairing.redeem({ kind: "homebridge", publicKey: guesser, secret }, never).then(
        () => outcomes.add("let in"),
        (error: unknown) => outcomes.add((error as { code: unknown }).code),
      );
      if (index % 1_000 === 500) {
        await ownerPairs(open);
        open = pairing.offer(offered).pairingString;
      }
      if (index % 50 === 49) await door.clock.advance(pause);
    }
    await door.clock.advance(pause);
    const { evaluated, refused } = door.guessed.counts;
    const ofGuesses = evaluated - paired;
    pairing[Symbol.dispose]();
    const rows = door.audit.rows.filter(({ outcome }) => outcome === "denied");
    console.log(
      `pairing strings: ${ofGuesses} of ${guesses} looked at, ${refused} refused, ${rows.length} rows of the log`,
    );
    expect([paired, [...outcomes]]).toEqual([10, ["pairing-invalid"]]);
    expect(ofGuesses + refused).toBe(guesses);
    expect(ofGuesses).toBeLessThanOrEqual(20);
    expect(rows.length).toBeLessThan(100);
    expect(rows.at(-1)?.detail).toMatch(/^\d+ more, .*; \d+ of them not looked at$/);
  }, 60_000);
});
