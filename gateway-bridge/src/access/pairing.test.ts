import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { parsePairingString, spkiPin, type Grant, type OfferPairing, type Pair, type Paired } from "@gatehouse/shared";
import { generateKeyPairSync, hash, randomBytes, X509Certificate } from "node:crypto";

import { spkiOf } from "./gateway-identity.ts";
import { maxOpenOffers, maxWaiting, mostEvaluated, offerLifetimeMs, refusalDelayMs } from "./pairing-policy.ts";
import type { Pairing } from "./pairing.ts";
import { never, openDoor, type Door } from "./testing/open-door.ts";

const grants: Grant[] = [{ action: "live", camera: "*" }];
const offered: OfferPairing = { kind: "homebridge", name: "Homebridge", grants };
const newKey = (): string => spkiOf(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey).toString("base64");
const attempt = (pairingString: string, over: Partial<Pair> = {}): Pair => ({
  secret: parsePairingString(pairingString).secret.toString("base64url"),
  kind: "homebridge",
  publicKey: newKey(),
  ...over,
});
const guesser = newKey();
const guess = (): Pair => ({
  secret: randomBytes(16).toString("base64url"),
  kind: "homebridge",
  publicKey: guesser,
});

let door: Door;
let pairing: Pairing;
beforeEach(async () => {
  door = await openDoor();
  pairing = door.openPairing();
});
afterEach(() => {
  pairing[Symbol.dispose]();
  door.database[Symbol.dispose]();
});

/** The refusal, once its delay is over. */
const refusal = async (pair: Pair): Promise<unknown> => {
  const refused = pairing.redeem(pair, never).then(
    () => "let in",
    (error: unknown) => error,
  );
  await door.clock.advance(refusalDelayMs);
  return refused;
};

describe("offer", () => {
  it("gives a string with the address, the start of the pinned hash and a fresh secret", () => {
    const { pairingString, expires } = pairing.offer(offered);
    expect(expires).toBe(door.clock.now() + offerLifetimeMs);
    const { address, keyHash, secret } = parsePairingString(pairingString);
    expect(address).toBe("127.0.0.1:8443");
    expect(keyHash.equals(Buffer.from(door.identity.pin, "base64url").subarray(0, 16))).toBe(true);
    expect(secret).toHaveLength(16);
    expect(parsePairingString(pairing.offer(offered).pairingString).secret.equals(secret)).toBe(false);
  });

  it("keeps nothing that the secret could be read from", () => {
    const { secret } = parsePairingString(pairing.offer(offered).pairingString);
    const [row] = door.database.sql.prepare("SELECT * FROM pairing_offers").all();
    const stored = Object.values(row!).map((value) =>
      typeof value === "object" && value !== null ? Buffer.from(value) : Buffer.from(String(value)),
    );
    expect(stored.some((value) => value.includes(secret) || value.includes(secret.toString("base64url")))).toBe(false);
    expect(stored.some((value) => value.equals(hash("sha256", secret, "buffer")))).toBe(true);
    expect(JSON.stringify(door.audit.rows)).not.toContain(secret.toString("base64url"));
  });

  it.each(["admin", "remote", "remedy"] as const)("refuses to offer a service the owner's action %s", (action) => {
    const asked = { ...offered, grants: [...grants, { action, camera: "*" as const }] };
    expect(() => pairing.offer(asked)).toThrow(
      expect.objectContaining({ code: "request-invalid", message: `grants.1: only an owner can hold "${action}"` }),
    );
    expect(door.database.sql.prepare("SELECT * FROM pairing_offers").all()).toEqual([]);
  });

  it("keeps at most twenty open, and makes room as they are used or expire", async () => {
    const strings = Array.from({ length: maxOpenOffers }, () => pairing.offer(offered).pairingString);
    const full = expect.objectContaining({ code: "too-many-offers" });
    expect(() => pairing.offer(offered)).toThrow(full);
    await pairing.redeem(attempt(strings[0]!), never);
    pairing.offer(offered);
    expect(() => pairing.offer(offered)).toThrow(full);
    await door.clock.advance(offerLifetimeMs);
    pairing.offer(offered);
    expect(door.database.sql.prepare("SELECT * FROM pairing_offers").all()).toHaveLength(1);
  });
});

describe("redeem", () => {
  it("makes the caller a principal with the offered rights and certifies its key", async () => {
    const { pairingString } = pairing.offer(offered);
    const pair = attempt(pairingString);
    const paired = await pairing.redeem(pair, never);
    const pin = spkiPin(Buffer.from(pair.publicKey, "base64"));
    expect(door.principals.byPin(pin)).toMatchObject({ id: paired.principal, ...offered, revoked: null });
    expect(paired).toMatchObject({ name: "Homebridge", gateway: { id: door.identity.id, name: "Gatehouse" } });
    const certificate = new X509Certificate(paired.certificate);
    expect(certificate.subject).toBe(`CN=${paired.principal}`);
    expect(spkiPin(spkiOf(certificate.publicKey))).toBe(pin);
    expect(door.audit.rows).toMatchObject([{ principal: paired.principal, action: "pair", outcome: "done" }]);
  });

  it("works over a restart", async () => {
    const { pairingString } = pairing.offer(offered);
    pairing = door.openPairing();
    expect((await pairing.redeem(attempt(pairingString), never)).name).toBe("Homebridge");
  });

  it("works to the last moment", async () => {
    const { pairingString } = pairing.offer(offered);
    await door.clock.advance(offerLifetimeMs - 1);
    expect((await pairing.redeem(attempt(pairingString), never)).name).toBe("Homebridge");
  });

  it("answers the key that used it again, over a restart too, since its first answer may be lost", async () => {
    const { pairingString } = pairing.offer(offered);
    const pair = attempt(pairingString);
    const first = await pairing.redeem(pair, never);
    pairing = door.openPairing();
    const again = await pairing.redeem(pair, never);
    expect({ ...again, certificate: "" }).toEqual({ ...first, certificate: "" });
    expect(new X509Certificate(again.certificate).subject).toBe(`CN=${first.principal}`);
    expect(door.principals.list()).toHaveLength(1);
    await door.clock.advance(offerLifetimeMs);
    expect(await refusal(pair)).toMatchObject({ code: "pairing-invalid" });
  });

  it("finds the right offer among others", async () => {
    const names = ["Upstairs", "Cellar", "Garden"];
    const strings = names.map((name) => pairing.offer({ ...offered, name }).pairingString);
    const paired: Paired[] = [];
    for (const each of strings) paired.push(await pairing.redeem(attempt(each), never));
    expect(paired.map(({ name }) => name)).toEqual(names);
  });

  const wrongs: [string, string, (pairingString: string) => Promise<Pair>][] = [
    ["a wrong secret", "no such pairing string", async () => guess()],
    [
      "a secret with one bit changed",
      "no such pairing string",
      async (pairingString) => {
        const { secret } = parsePairingString(pairingString);
        secret[15]! ^= 1;
        return attempt(pairingString, { secret: secret.toString("base64url") });
      },
    ],
    [
      "a used secret",
      "pairing string used",
      async (pairingString) => {
        await pairing.redeem(attempt(pairingString), never);
        return attempt(pairingString);
      },
    ],
    [
      "a used secret, by its first user after a revocation",
      "pairing string used",
      async (pairingString) => {
        const pair = attempt(pairingString);
        const { principal } = await pairing.redeem(pair, never);
        door.principals.revoke(principal);
        return pair;
      },
    ],
    [
      "an expired secret",
      "pairing string expired",
      async (pairingString) => {
        await door.clock.advance(offerLifetimeMs);
        return attempt(pairingString);
      },
    ],
    [
      "a client of another kind",
      "pairing string other-kind",
      async (pairingString) => attempt(pairingString, { kind: "node-red" }),
    ],
  ];
  it.each(wrongs)("refuses %s, and changes nothing", async (_case, detail, make) => {
    const pair = await make(pairing.offer(offered).pairingString);
    const before = door.principals.list();
    const error = await refusal(pair);
    expect(error).toMatchObject({
      code: "pairing-invalid",
      message: "this pairing string is wrong, was used, or is too old",
      details: {},
    });
    expect((error as Error).cause).toBeUndefined();
    expect(door.principals.list()).toEqual(before);
    expect(door.audit.rows.at(-1)).toEqual({ principal: "-", action: "pair", target: "-", outcome: "denied", detail });
  });

  it("leaves an offer open to its own kind after another kind tried it", async () => {
    const { pairingString } = pairing.offer(offered);
    await refusal(attempt(pairingString, { kind: "node-red" }));
    expect((await pairing.redeem(attempt(pairingString), never)).name).toBe("Homebridge");
  });

  it("lets one of many at the same moment in", async () => {
    const { pairingString } = pairing.offer(offered);
    const all = Promise.allSettled(Array.from({ length: 10 }, () => pairing.redeem(attempt(pairingString), never)));
    await door.clock.advance(refusalDelayMs);
    const outcomes = (await all).map(({ status }) => status);
    expect(outcomes.filter((status) => status === "fulfilled")).toHaveLength(1);
    expect(door.principals.list()).toHaveLength(1);
  });

  it("says what is wrong with a key, and leaves the offer open", async () => {
    const { pairingString } = pairing.offer(offered);
    const p384 = spkiOf(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey).toString("base64");
    const invalid = { code: "request-invalid" };
    await expect(pairing.redeem(attempt(pairingString, { publicKey: p384 }), never)).rejects.toMatchObject(invalid);
    const first = attempt(pairing.offer(offered).pairingString);
    await pairing.redeem(first, never);
    const again = attempt(pairingString, { publicKey: first.publicKey });
    await expect(pairing.redeem(again, never)).rejects.toMatchObject(invalid);
    expect((await pairing.redeem(attempt(pairingString), never)).name).toBe("Homebridge");
  });

  it("lets nobody in, and leaves the offer open, while the audit log cannot be written", async () => {
    const { pairingString } = pairing.offer(offered);
    door.audit.broken = true;
    await expect(pairing.redeem(attempt(pairingString), never)).rejects.toThrow("disk full");
    expect(door.principals.list()).toEqual([]);
    expect(await refusal(guess())).toMatchObject({ code: "pairing-invalid" });
    door.audit.broken = false;
    expect((await pairing.redeem(attempt(pairingString), never)).name).toBe("Homebridge");
  });
});

describe("a flood of guesses", () => {
  it("waits for its answers, as far as the waiting room goes", async () => {
    let answered = 0;
    const flood = Array.from({ length: maxWaiting + 10 }, () =>
      pairing.redeem(guess(), never).catch(() => (answered += 1)),
    );
    await door.clock.advance(refusalDelayMs - 1);
    expect([answered, door.clock.pending]).toEqual([10, maxWaiting + 1]);
    await door.clock.advance(1);
    await Promise.all(flood);
    expect(answered).toBe(maxWaiting + 10);
    await refusal(guess());
  });

  it("keeps nobody out who has the secret, and lets a caller go who hangs up", async () => {
    const { pairingString } = pairing.offer(offered);
    const leaving = new AbortController();
    const flood = Array.from({ length: 500 }, () => pairing.redeem(guess(), leaving).catch((error: unknown) => error));
    expect((await pairing.redeem(attempt(pairingString), never)).name).toBe("Homebridge");
    leaving.abort(new Error("hung up"));
    await Promise.all(flood);
    expect(door.clock.pending).toBe(1);
    await expect(pairing.redeem(guess(), leaving)).rejects.toThrow("hung up");
  });

  it("writes few rows, and counts every guess", async () => {
    const { pairingString } = pairing.offer(offered);
    await pairing.redeem(attempt(pairingString), never);
    for (let round = 0; round < 8; round += 1) {
      const flood = Array.from({ length: 500 }, () => pairing.redeem(guess(), never).catch(() => undefined));
      await door.clock.advance(refusalDelayMs);
      await Promise.all(flood);
    }
    // A used string is no guess: its row comes at once, however many guesses there are.
    await refusal(attempt(pairingString));
    pairing[Symbol.dispose]();
    expect(door.audit.rows.slice(1).map(({ detail }) => detail)).toEqual([
      "no such pairing string",
      "pairing string used",
      "3999 more, counted for up to 10 minutes; 3999 of them not looked at",
    ]);
  });

  it("is not looked at, and one that names an offer 20 times; other offers stand", async () => {
    const { pairingString } = pairing.offer(offered);
    const other = pairing.offer({ ...offered, name: "Other" }).pairingString;
    const evaluated = () =>
      door.database.sql
        .prepare("SELECT evaluated FROM pairing_offers ORDER BY id")
        .all()
        .map((row) => row["evaluated"]);
    for (let each = 0; each < 500; each += 1) void pairing.redeem(guess(), never).catch(() => undefined);
    expect(evaluated()).toEqual([0, 0]);
    // What nobody can know: a secret whose hash begins like the offer's.
    const close = guess();
    const prefix = hash("sha256", Buffer.from(close.secret, "base64url"), "hex").slice(0, 6);
    door.database.sql.exec(
      `UPDATE pairing_offers SET secret_hash = unhex('${prefix}' || substr(hex(secret_hash), 7)) WHERE name = 'Homebridge'`,
    );
    for (let each = 0; each < 100; each += 1) void pairing.redeem(close, never).catch(() => undefined);
    await door.clock.advance(refusalDelayMs);
    expect(evaluated()).toEqual([mostEvaluated, 0]);
    expect(door.guessed.counts).toEqual({ evaluated: mostEvaluated, refused: 580 });
    expect((await pairing.redeem(attempt(other), never)).name).toBe("Other");
    expect(await refusal(attempt(pairingString))).toMatchObject({ code: "pairing-invalid" });
  });

  it("leaves an offer that was compared 19 times to its owner, and none that was compared 20 times", async () => {
    for (const [compared, outcome] of [
      [mostEvaluated - 1, "let in"],
      [mostEvaluated, "pairing-invalid"],
    ] as const) {
      const { pairingString } = pairing.offer(offered);
      door.database.sql.exec(`UPDATE pairing_offers SET evaluated = ${compared} WHERE used = 0`);
      const answer = await refusal(attempt(pairingString));
      expect(typeof answer === "string" ? answer : (answer as { code: string }).code).toBe(outcome);
    }
  });
});
