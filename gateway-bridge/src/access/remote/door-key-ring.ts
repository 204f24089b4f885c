import { doorName, EventBus, spkiPin, type Logger } from "@gatehouse/shared";
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { z } from "zod";

import type { DoorKeys, SecretStore } from "../../ports.ts";
import { makeCertificate, noEnd } from "../../protocols/x509/certificate.ts";
import { spkiOf } from "../gateway-identity.ts";

const secretName = "remote/door-keys";
/** So that who was away through several changes still comes in. */
const mostSuperseded = 3;

const Stored = z.array(
  z.strictObject({
    /** Ed25519, PKCS #8, DER, base64. */
    key: z.base64(),
    /** When another one took its place; null for the newest. Unix milliseconds. */
    superseded: z.int().nullable(),
  }),
);
type Stored = z.infer<typeof Stored>;

/**
 * The keys by which devices from away know the gateway. They are not the key that is shown at home. What changes them may be part of a
 * transaction: `publish` is to be called once it is durable.
 */
export class DoorKeyRing implements DoorKeys {
  readonly #secrets: SecretStore;
  readonly #changes: EventBus<undefined>;

  constructor({ secrets, log }: { readonly secrets: SecretStore; readonly log: Logger }) {
    this.#secrets = secrets;
    this.#changes = new EventBus(log);
  }

  /** The newest first; none before `ensure`. */
  get shown(): DoorKeys["shown"] {
    return this.#read().map(({ key }) => toShown(readKey(key)));
  }

  /** SHA-256 of each key in SPKI form, base64url, the newest first. */
  get pins(): readonly string[] {
    return this.#read().map(({ key }) => pinOf(readKey(key)));
  }

  /** Makes the first one. */
  ensure(): void {
    if (this.#read().length === 0) this.replace();
  }

  /** Puts a new one first. The one before is shown to whoever expects it. */
  rotate(now: number): void {
    const [newest, ...superseded] = this.#read();
    const before = newest === undefined ? [] : [{ ...newest, superseded: now }];
    this.#write([makeKey(), ...before, ...superseded].slice(0, 1 + mostSuperseded));
  }

  /**
   * Drops those that nobody expects any more.
   * @param leastCurrent since when every device knows the key of then, or a later one; undefined where there is none
   * @returns whether any was
   */
  prune(leastCurrent: number | undefined): boolean {
    const all = this.#read();
    const expected = all.filter(
      ({ superseded }) => superseded === null || (leastCurrent !== undefined && leastCurrent <= superseded),
    );
    if (expected.length === all.length) return false;
    this.#write(expected);
    return true;
  }

  /** Drops all of them, and makes a new one. */
  replace(): void {
    this.#write([makeKey()]);
  }

  /** Never throws. */
  publish(): void {
    this.#changes.emit(undefined);
  }

  onChanged(listener: () => void): Disposable {
    return this.#changes.on(listener);
  }

  #read(): Stored {
    const content = this.#secrets.get(secretName);
    if (content === undefined) return [];
    try {
      return Stored.parse(JSON.parse(content.toString("utf8")));
    } finally {
      content.fill(0);
    }
  }

  #write(keys: Stored): void {
    const content = Buffer.from(JSON.stringify(keys), "utf8");
    this.#secrets.put(secretName, content);
    content.fill(0);
  }
}

const makeKey = (): Stored[number] => {
  const der = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "der" });
  return { key: der.toString("base64"), superseded: null };
};

const readKey = (text: string): KeyObject =>
  createPrivateKey({ key: Buffer.from(text, "base64"), type: "pkcs8", format: "der" });

const pinOf = (privateKey: KeyObject): string => spkiPin(spkiOf(createPublicKey(privateKey)));

/** Signed by itself: devices look at the key alone. */
const toShown = (privateKey: KeyObject): DoorKeys["shown"][number] => {
  const publicKey = createPublicKey(privateKey);
  const pin = spkiPin(spkiOf(publicKey));
  const name = doorName(pin);
  const use = { kind: "server", names: [name] } as const;
  const issuer = { name, publicKey, privateKey };
  const certificate = makeCertificate({ subject: name, publicKey, use, notBefore: 0, notAfter: noEnd, issuer });
  return { pin, cert: certificate.toString(), key: privateKey.export({ type: "pkcs8", format: "pem" }) as string };
};
