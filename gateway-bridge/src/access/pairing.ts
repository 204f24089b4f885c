import {
  formatPairingString,
  GatehouseError,
  Grant,
  Name,
  PrincipalId,
  PrincipalKind,
  spkiPin,
  type Cancellable,
  type Clock,
  type OfferPairing,
  type Pair,
  type Principal,
  type Paired,
  type PairingOffer,
} from "@gatehouse/shared";
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { StatementSync } from "node:sqlite";
import { z } from "zod";

import type { GuessCount } from "../domain/guess-count.ts";
import type { AuditSink } from "../ports.ts";
import { blob } from "../store/column.ts";
import type { Database, Migrations } from "../store/database.ts";
import { readClientKey, spkiOf, type GatewayIdentity } from "./gateway-identity.ts";
import { assertGrantable } from "./grantable.ts";
import {
  isNamed,
  judgeOffer,
  maxOpenOffers,
  maxWaiting,
  mostEvaluated,
  offerLifetimeMs,
  refusalDelayMs,
  type OfferVerdict,
} from "./pairing-policy.ts";
import type { Principals } from "./principals.ts";
import { RefusalTally } from "./refusal-tally.ts";

const migrations: Migrations = {
  name: "pairing",
  steps: [
    `CREATE TABLE pairing_offers (
       id INTEGER PRIMARY KEY,
       secret_hash BLOB NOT NULL UNIQUE,
       kind TEXT NOT NULL,
       name TEXT NOT NULL,
       grants TEXT NOT NULL,
       made INTEGER NOT NULL,
       used INTEGER NOT NULL DEFAULT 0 CHECK (used IN (0, 1))
     ) STRICT`,
    // Whom the offer let in, so that the same key is answered again.
    `ALTER TABLE pairing_offers ADD COLUMN principal TEXT`,
    // How often it was compared with a secret.
    `ALTER TABLE pairing_offers ADD COLUMN evaluated INTEGER NOT NULL DEFAULT 0`,
  ],
};

/** Checked again on the way out, like every row that can become a right. */
const StoredOffer = z.object({
  id: z.int(),
  kind: PrincipalKind,
  name: Name,
  grants: z.array(Grant),
  made: z.int(),
  used: z.int().transform((used) => used !== 0),
  principal: PrincipalId.nullable(),
});
type StoredOffer = z.infer<typeof StoredOffer>;

export interface PairingOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly audit: AuditSink;
  readonly principals: Principals;
  readonly identity: GatewayIdentity;
  /** The gateway's own name, told to whoever pairs. */
  readonly name: string;
  /** `host:port` at which clients reach the gateway. */
  readonly address: () => string;
  /** Where attempts are counted. */
  readonly guessed?: GuessCount;
}

/** How a new client comes in: the owner makes an offer, and whoever brings its secret in time becomes a principal. */
export class Pairing implements Disposable {
  readonly #options: PairingOptions;
  readonly #insert: StatementSync;
  readonly #all: StatementSync;
  readonly #markUsed: StatementSync;
  readonly #deleteOld: StatementSync;
  readonly #countEvaluated: StatementSync;
  /** Guesses are kept apart from secrets that were right once: those show that a pairing string got around. */
  readonly #guesses: RefusalTally;
  readonly #leaks: RefusalTally;
  #waiting = 0;

  private constructor(options: PairingOptions) {
    const { sql } = options.database;
    this.#options = options;
    this.#insert = sql.prepare(
      "INSERT INTO pairing_offers (secret_hash, kind, name, grants, made) VALUES (?, ?, ?, ?, ?)",
    );
    this.#all = sql.prepare("SELECT * FROM pairing_offers");
    this.#markUsed = sql.prepare("UPDATE pairing_offers SET used = 1, principal = ? WHERE id = ?");
    this.#deleteOld = sql.prepare("DELETE FROM pairing_offers WHERE made <= ? OR made > ?");
    this.#countEvaluated = sql.prepare("UPDATE pairing_offers SET evaluated = evaluated + 1 WHERE id = ?");
    this.#guesses = new RefusalTally({ ...options, action: "pair" });
    this.#leaks = new RefusalTally({ ...options, action: "pair" });
  }

  static open(options: PairingOptions): Pairing {
    options.database.migrate(migrations);
    return new Pairing(options);
  }

  /**
   * A pairing string that works once, within five minutes, over restarts too. Only a hash of its secret is kept.
   * @throws GatehouseError `request-invalid` for grants that cannot be given, `too-many-offers`
   */
  offer({ kind, name, grants }: OfferPairing): PairingOffer {
    const { database, clock, identity, address } = this.#options;
    assertGrantable(kind, grants);
    const secret = randomBytes(16);
    const made = clock.now();
    database.transaction(() => {
      this.#deleteOld.run(made - offerLifetimeMs, made);
      const open = this.#all.all().filter(({ used }) => used === 0).length;
      if (open >= maxOpenOffers) {
        throw new GatehouseError("too-many-offers", `${open} pairing strings are open, which is the most there can be`);
      }
      this.#insert.run(sha256(secret), kind, name, JSON.stringify(grants), made);
    });
    const keyHash = Buffer.from(identity.pin, "base64url").subarray(0, 16);
    const pairingString = formatPairingString({ address: address(), keyHash, secret });
    secret.fill(0);
    return { pairingString, expires: made + offerLifetimeMs };
  }

  /**
   * Turns an offer into a principal with a certificate for the caller's key, wholly or not at all.
   * An attempt that names no offer is not looked at, and each offer is compared with few: so no flood of guesses comes near a secret, and
   * none keeps the owner's own client out. Those that fail wait for their answer, which is the same whatever was wrong.
   * Within the five minutes, the key that used the offer is answered again: its first answer may have been lost in a crash.
   * @throws GatehouseError `pairing-invalid`, or `request-invalid` for a key that is not on P-256 or was paired before
   */
  async redeem(attempt: Pair, cancel: Cancellable & { readonly peer?: string }): Promise<Paired> {
    cancel.signal.throwIfAborted();
    const publicKey = spkiOf(readClientKey(Buffer.from(attempt.publicKey, "base64")));
    const secretHash = sha256(Buffer.from(attempt.secret, "base64url"));
    const outcome = this.#options.database.transaction(() => {
      const offer = this.#find(secretHash);
      if (offer === "unseen") return offer;
      const holder = this.#options.principals.byPin(spkiPin(publicKey));
      const verdict = judgeOffer(offer, { kind: attempt.kind, holder }, this.#options.clock.now());
      if (offer === undefined) return verdict;
      if (verdict === "repeated" && holder !== undefined) return this.#answer(holder, publicKey);
      return verdict === "accepted" ? this.#accept(offer, publicKey) : verdict;
    });
    this.#options.guessed?.add(outcome === "unseen" ? "refused" : "evaluated");
    if (typeof outcome === "object") return outcome;
    this.#writeDown(outcome, cancel.peer);
    await this.#holdBack(cancel);
    throw new GatehouseError("pairing-invalid", "this pairing string is wrong, was used, or is too old");
  }

  /** Writes down the refusals that are still only counted. */
  [Symbol.dispose](): void {
    this.#guesses[Symbol.dispose]();
    this.#leaks[Symbol.dispose]();
  }

  /** The offer with this secret, among those that it names; `unseen` where it names none that may still be compared. */
  #find(secretHash: Buffer): StoredOffer | "unseen" | undefined {
    const named = this.#all
      .all()
      .filter((row) => Number(row["evaluated"]) < mostEvaluated && isNamed(blob(row["secret_hash"]), secretHash));
    if (named.length === 0) return "unseen";
    for (const { id } of named) this.#countEvaluated.run(Number(id));
    const found = named.find((row) => timingSafeEqual(blob(row["secret_hash"]), secretHash));
    return found && StoredOffer.parse({ ...found, grants: JSON.parse(String(found["grants"])) as unknown });
  }

  #accept({ id, kind, name, grants }: StoredOffer, publicKey: Buffer): Paired {
    const principal = this.#options.principals.create({ kind, name, grants, pin: spkiPin(publicKey) });
    this.#markUsed.run(principal.id, id);
    return this.#answer(principal, publicKey);
  }

  #answer({ id, name }: Principal, publicKey: Buffer): Paired {
    const { identity, name: gatewayName } = this.#options;
    const certificate = identity.issue({ publicKey, principal: id });
    return { principal: id, name, gateway: { id: identity.id, name: gatewayName }, certificate };
  }

  #writeDown(verdict: OfferVerdict | "unseen", peer: string | undefined): void {
    const from = peer !== undefined && { peer };
    if (verdict === "unseen") this.#guesses.add("no such pairing string", { ...from, unseen: true });
    else if (verdict === "unknown") this.#guesses.add("no such pairing string", { ...from });
    else this.#leaks.add(`pairing string ${verdict}`, { ...from });
  }

  async #holdBack(cancel: Cancellable): Promise<void> {
    if (this.#waiting >= maxWaiting) return;
    this.#waiting += 1;
    try {
      await this.#options.clock.delay(refusalDelayMs, cancel);
    } finally {
      this.#waiting -= 1;
    }
  }
}

const sha256 = (bytes: Uint8Array): Buffer => hash("sha256", bytes, "buffer");
