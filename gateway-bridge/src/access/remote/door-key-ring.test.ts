import { beforeEach, describe, expect, it } from "@jest/globals";
import { doorName, silentLogger, spkiPin } from "@gatehouse/shared";
import { X509Certificate } from "node:crypto";

import { spkiOf } from "../gateway-identity.ts";
import { MemorySecrets } from "../testing/open-door.ts";
import { DoorKeyRing } from "./door-key-ring.ts";

let secrets: MemorySecrets;
let ring: DoorKeyRing;
beforeEach(() => {
  secrets = new MemorySecrets();
  ring = new DoorKeyRing({ secrets, log: silentLogger });
  ring.ensure();
});

describe("the door keys", () => {
  it("are made once, and shown with a certificate of their own, by the name of their pin", () => {
    const [pin] = ring.pins;
    ring.ensure();
    expect(new DoorKeyRing({ secrets, log: silentLogger }).pins).toEqual([pin]);
    const [shown] = ring.shown;
    const certificate = new X509Certificate(shown!.cert);
    expect([shown!.pin, spkiPin(spkiOf(certificate.publicKey))]).toEqual([pin, pin]);
    expect([certificate.publicKey.asymmetricKeyType, certificate.subjectAltName]).toEqual([
      "ed25519",
      `DNS:${doorName(pin!)}`,
    ]);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
  });

  it("keep those that were superseded behind the newest, three at most", () => {
    const pins = [ring.pins[0]];
    for (let time = 1; time <= 5; time += 1) {
      ring.rotate(time);
      pins.unshift(ring.pins[0]);
    }
    expect(new Set(pins).size).toBe(6);
    expect(ring.pins).toEqual(pins.slice(0, 4));
  });

  it.each([
    ["nobody is there", undefined, 1],
    ["everybody came by the newest since", 21, 1],
    ["somebody may not know of the last change", 20, 2],
    ["somebody may know of none", 10, 3],
  ])("drop those that nobody expects any more: %s", (_, leastCurrent, kept) => {
    ring.rotate(10);
    ring.rotate(20);
    const before = ring.pins;
    expect(ring.prune(leastCurrent)).toBe(kept < 3);
    expect(ring.pins).toEqual(before.slice(0, kept));
    expect(ring.prune(leastCurrent)).toBe(false);
  });

  it("are all others after a replacement, which is told when it is durable", () => {
    let told = 0;
    ring.onChanged(() => (told += 1));
    ring.rotate(10);
    const before = new Set(ring.pins);
    ring.replace();
    expect([ring.pins.length, ring.pins.some((pin) => before.has(pin)), told]).toEqual([1, false, 0]);
    ring.publish();
    expect(told).toBe(1);
  });
});
