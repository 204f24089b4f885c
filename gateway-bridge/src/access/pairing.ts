import {
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
import type { StatementSync } from "node:sqlite";
import { z } from "zod";

import type { GuessCount } from "../domain/guess-count.ts";
import type { AuditSink } from "../ports.ts";
import type { Database, Migrations } from "../store/database.ts";
import { readClientKey, spkiOf, type GatewayIdentity } from "./gateway-identity.ts";
import { assertGrantable } from "./grantable.ts";
import { OfferBook, type OfferRow } from "./offer-book.ts";
import { judgeOffer } from "./pairing-policy.ts";
import type { Principals } from "./principals.ts";

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
  readonly #offers: OfferBook;
  readonly #insert: StatementSync;
  readonly #markUsed: StatementSync;

  private constructor(options: PairingOptions) {
    const { sql } = options.database;
    this.#options = options;
    this.#offers = new OfferBook({ ...options, table: "pairing_offers", action: "pair" });
    this.#insert = sql.prepare(
      "INSERT INTO pairing_offers (secret_hash, kind, name, grants, made) VALUES (?, ?, ?, ?, ?)",
    );
    this.#markUsed = sql.prepare("UPDATE pairing_offers SET used = 1, principal = ? WHERE id = ?");
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
    assertGrantable(kind, grants);
    return this.#offers.make((secretHash, made) => {
      this.#insert.run(secretHash, kind, name, JSON.stringify(grants), made);
    });
  }

  /**
   * Turns an offer into a principal with a certificate for the caller's key, wholly or not at all.
   * Within the five minutes, the key that used the offer is answered again: its first answer may have been lost in a crash.
   * @throws GatehouseError `pairing-invalid`, or `request-invalid` for a key that is not on P-256 or was paired before
   */
  async redeem(attempt: Pair, cancel: Cancellable & { readonly peer?: string }): Promise<Paired> {
    const publicKey = spkiOf(readClientKey(Buffer.from(attempt.publicKey, "base64")));
    return this.#offers.redeem(
      attempt.secret,
      (row) => {
        const offer = row && readOffer(row);
        const holder = this.#options.principals.byPin(spkiPin(publicKey));
        const asked = { kind: attempt.kind, holder };
        const verdict = judgeOffer(offer && { ...offer, letIn: offer.principal }, asked, this.#options.clock.now());
        if (offer === undefined) return verdict;
        if (verdict === "repeated" && holder !== undefined) return this.#answer(holder, publicKey);
        return verdict === "accepted" ? this.#accept(offer, publicKey) : verdict;
      },
      cancel,
    );
  }

  /** Writes down the refusals that are still only counted. */
  [Symbol.dispose](): void {
    this.#offers[Symbol.dispose]();
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
}

const readOffer = (row: OfferRow): StoredOffer =>
  StoredOffer.parse({ ...row, grants: JSON.parse(String(row["grants"])) as unknown });
