import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject } from "node:crypto";
import { z } from "zod";

import type { SecretStore } from "../../ports.ts";
import type { KeyPair } from "../../store/kept-key.ts";

const secretNames = { keys: "remote/tunnel-keys", enrolment: "remote/enrolment-key" } as const;

/** Ed25519, PKCS #8, DER, base64. */
const Key = z.base64();
const Stored = z.strictObject({
  current: Key,
  next: z.strictObject({ key: Key, only: z.boolean() }).nullable(),
});
type Stored = z.infer<typeof Stored>;

/** A key for one invite. */
const Candidate = z.strictObject({ invite: z.string(), key: Key });

/** The key that comes after the current one, until the relay has taken it. */
export interface NextKey {
  readonly keys: KeyPair;
  /** The relay must forget every other at once. */
  readonly only: boolean;
}

/**
 * The keys by which a relay knows the gateway. A new one is kept before the relay hears of it, and the one before until the relay has taken
 * it: whoever dies in between, one of them is known there.
 */
export class TunnelKeyPair {
  readonly #secrets: SecretStore;

  constructor(secrets: SecretStore) {
    this.#secrets = secrets;
  }

  /** Undefined where no relay knows the gateway. */
  get current(): KeyPair | undefined {
    const stored = this.#read();
    return stored && readKey(stored.current);
  }

  get next(): NextKey | undefined {
    const next = this.#read()?.next;
    return next == null ? undefined : { keys: readKey(next.key), only: next.only };
  }

  /** Draws the next key. Where one is drawn that must be the only one, it is still to be. */
  rotate({ only }: { readonly only: boolean }): void {
    const stored = this.#read();
    if (stored === undefined) return;
    this.#write({ ...stored, next: { key: makeKey(), only: only || stored.next?.only === true } });
  }

  /** The relay knows the next key: it is the current one from now on. */
  promote(): void {
    const stored = this.#read();
    if (stored?.next != null) this.#write({ current: stored.next.key, next: null });
  }

  /** The key to be enrolled with by this invite: the same again, since the answer to it may be lost. */
  candidate(invite: string): KeyPair {
    const name = hash("sha256", invite, "base64url");
    const known = this.#secrets.get(secretNames.enrolment);
    if (known !== undefined) {
      const kept = Candidate.parse(JSON.parse(known.toString("utf8")));
      known.fill(0);
      if (kept.invite === name) return readKey(kept.key);
    }
    const key = makeKey();
    this.#put(secretNames.enrolment, { invite: name, key });
    return readKey(key);
  }

  /** The relay has taken the candidate. */
  adopt({ privateKey }: KeyPair): void {
    this.#write({ current: exportKey(privateKey), next: null });
    this.#secrets.delete(secretNames.enrolment);
  }

  drop(): void {
    for (const name of Object.values(secretNames)) this.#secrets.delete(name);
  }

  #read(): Stored | undefined {
    const content = this.#secrets.get(secretNames.keys);
    if (content === undefined) return undefined;
    try {
      return Stored.parse(JSON.parse(content.toString("utf8")));
    } finally {
      content.fill(0);
    }
  }

  #write(stored: Stored): void {
    this.#put(secretNames.keys, stored);
  }

  #put(name: string, value: unknown): void {
    const content = Buffer.from(JSON.stringify(value), "utf8");
    this.#secrets.put(name, content);
    content.fill(0);
  }
}

const exportKey = (key: KeyObject): string => key.export({ type: "pkcs8", format: "der" }).toString("base64");
const makeKey = (): string => exportKey(generateKeyPairSync("ed25519").privateKey);
const readKey = (text: string): KeyPair => {
  const privateKey = createPrivateKey({ key: Buffer.from(text, "base64"), type: "pkcs8", format: "der" });
  return { privateKey, publicKey: createPublicKey(privateKey) };
};
