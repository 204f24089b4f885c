import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { parsePairingString, spkiPin, type PairDevice, type PairedDevice, type PairingOffer } from "@gatehouse/shared";
import { generateKeyPairSync, hash, randomBytes, X509Certificate } from "node:crypto";

import { spkiOf } from "../gateway-identity.ts";
import { maxOpenOffers, mostEvaluated, offerLifetimeMs, refusalDelayMs } from "../pairing-policy.ts";
import { never } from "../testing/open-door.ts";
import { newDeviceKey, place, RemoteWorld } from "./testing/remote-world.ts";

let world: RemoteWorld;
beforeEach(async () => {
  world = await RemoteWorld.open();
  await world.enrol();
});
afterEach(() => world[Symbol.dispose]());

const offer = (name = "Laptop"): PairingOffer => world.pairing.offer({ person: world.ann, name });
const attempt = ({ pairingString }: PairingOffer, key = newDeviceKey()): PairDevice => ({
  secret: parsePairingString(pairingString).secret.toString("base64url"),
  publicKey: key.toString("base64"),
});
const refusal = async (pair: PairDevice): Promise<unknown> => {
  const refused = world.pairing.redeem(pair, never).then(
    () => "let in",
    (error: unknown) => error,
  );
  await world.door.clock.advance(refusalDelayMs);
  return refused;
};
const invalid = { code: "pairing-invalid" };

describe("an offer for a device", () => {
  it("is a pairing string for five minutes, of which only a hash is kept", () => {
    const made = offer();
    const { address, keyHash, secret } = parsePairingString(made.pairingString);
    expect([address, made.expires]).toEqual(["127.0.0.1:8443", world.door.clock.now() + offerLifetimeMs]);
    expect(keyHash.equals(Buffer.from(world.door.identity.pin, "base64url").subarray(0, 16))).toBe(true);
    const [row] = world.door.database.sql.prepare("SELECT * FROM device_offers").all();
    expect(Buffer.from(row!["secret_hash"] as Uint8Array).equals(hash("sha256", secret, "buffer"))).toBe(true);
    expect(JSON.stringify([row, world.door.audit.rows])).not.toContain(secret.toString("base64url"));
  });

  it("is for people who are there, and for nobody else", () => {
    const { principals } = world.door;
    const plugin = principals.create({ name: "Homebridge", kind: "homebridge", grants: [], pin: "p" }).id;
    const gone = world.addPerson("Gone");
    principals.revoke(gone);
    for (const person of [plugin, gone]) {
      const offering = () => world.pairing.offer({ person, name: "Laptop" });
      expect(offering).toThrow(expect.objectContaining({ code: "request-invalid" }));
    }
  });

  it("is none without a relay, and there are twenty at most", () => {
    for (let count = 0; count < maxOpenOffers; count += 1) offer();
    expect(offer).toThrow(expect.objectContaining({ code: "too-many-offers" }));
    world.access.leave(world.ann);
    expect(offer).toThrow(expect.objectContaining({ code: "remote-off" }));
  });
});

describe("a device that pairs", () => {
  it("becomes its person's, with a certificate for its key and the way home", async () => {
    const key = newDeviceKey();
    const paired = await world.pairing.redeem(attempt(offer(), key), never);
    const { identity } = world.door;
    expect(paired).toMatchObject({
      ...{ name: "Laptop", person: world.ann, gateway: { id: identity.id, name: "Home" } },
      wayHome: { relay: place, gatewayKeys: world.doorKeys.pins },
    });
    const certificate = new X509Certificate(paired.certificate);
    expect([certificate.subject, spkiPin(spkiOf(certificate.publicKey))]).toEqual([
      `CN=${paired.device}`,
      spkiPin(key),
    ]);
    expect(certificate.verify(new X509Certificate(identity.clientCa).publicKey)).toBe(true);
    expect(world.devices.admitted.find(spkiPin(key))).toEqual({ device: paired.device, person: world.ann });
    expect(world.notices.raised.map(({ kind }) => kind)).toEqual(["remote-device-added"]);
  });

  it("is answered again within the time, with the same key, over a restart", async () => {
    const pair = attempt(offer());
    const first = await world.pairing.redeem(pair, never);
    world.restart();
    const again = await world.pairing.redeem(pair, never);
    const without = ({ certificate: _, ...rest }: PairedDevice): unknown => rest;
    expect(without(again)).toEqual(without(first));
    expect([world.devices.list().length, world.notices.raised.length]).toEqual([1, 1]);
    await world.door.clock.advance(offerLifetimeMs);
    expect(await refusal(pair)).toMatchObject(invalid);
  });

  it("is refused a string that was used, by another key, or by its own once that was revoked", async () => {
    const made = offer();
    const pair = attempt(made);
    const { device } = await world.pairing.redeem(pair, never);
    expect(await refusal(attempt(made))).toMatchObject(invalid);
    world.devices.revoke(device, { by: world.ann, why: "by itself" });
    expect(await refusal(pair)).toMatchObject(invalid);
    const denied = {
      principal: "-",
      action: "pairDevice",
      target: "-",
      outcome: "denied",
      detail: "pairing string used",
    };
    expect(world.door.audit.rows).toContainEqual(denied);
  });

  it("is refused a string that is wrong, too old, or of somebody who was removed since", async () => {
    const [old, orphan] = [offer(), world.pairing.offer({ person: world.addPerson("Bob"), name: "Phone" })];
    const wrong = { secret: randomBytes(16).toString("base64url"), publicKey: newDeviceKey().toString("base64") };
    expect(await refusal(wrong)).toMatchObject(invalid);
    for (const { id, name } of world.door.principals.list()) if (name === "Bob") world.door.principals.revoke(id);
    expect(await refusal(attempt(orphan))).toMatchObject(invalid);
    await world.door.clock.advance(offerLifetimeMs);
    expect(await refusal(attempt(old))).toMatchObject(invalid);
    expect([world.devices.list(), world.door.guessed.counts]).toEqual([[], { evaluated: 2, refused: 1 }]);
  });

  it("is refused a key that is known, and the string stays good for another", async () => {
    const key = newDeviceKey();
    await world.pairing.redeem(attempt(offer(), key), never);
    const made = offer("Phone");
    await expect(world.pairing.redeem(attempt(made, key), never)).rejects.toMatchObject({ code: "request-invalid" });
    expect(await world.pairing.redeem(attempt(made), never)).toMatchObject({ name: "Phone" });
  });

  it("is refused a key that is not Ed25519, before the string is looked at", async () => {
    const made = offer();
    const p256 = spkiOf(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey);
    for (const key of [
      p256,
      Buffer.alloc(0),
      newDeviceKey().subarray(1),
      Buffer.concat([newDeviceKey(), Buffer.of(0)]),
    ]) {
      await expect(world.pairing.redeem(attempt(made, key), never)).rejects.toMatchObject({ code: "request-invalid" });
    }
    expect(world.door.guessed.counts).toEqual({ evaluated: 0, refused: 0 });
    await world.pairing.redeem(attempt(made), never);
  });

  it("is refused once its string was compared as often as one may be", async () => {
    const made = offer();
    const near = Buffer.from(parsePairingString(made.pairingString).secret);
    // Strings that name the same offer cannot be made here, but its count can.
    world.door.database.sql.prepare("UPDATE device_offers SET evaluated = ?").run(mostEvaluated);
    expect(near).toHaveLength(16);
    expect(await refusal(attempt(made))).toMatchObject(invalid);
  });

  it("does not come in by a string for a plugin, nor a plugin by a device's", async () => {
    using pairing = world.door.openPairing();
    const forPlugin = pairing.offer({ kind: "homebridge", name: "Plugin", grants: [{ action: "live", camera: "*" }] });
    expect(await refusal(attempt(forPlugin))).toMatchObject(invalid);
    const p256 = spkiOf(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey).toString("base64");
    const { secret } = attempt(offer());
    const asPlugin = pairing
      .redeem({ secret, kind: "homebridge", publicKey: p256 }, never)
      .catch((error: unknown) => error);
    await world.door.clock.advance(refusalDelayMs);
    expect(await asPlugin).toMatchObject(invalid);
  });
});
