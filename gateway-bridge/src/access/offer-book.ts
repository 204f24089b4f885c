import {
  formatPairingString,
  GatehouseError,
  type Cancellable,
  type Clock,
  type PairingOffer,
} from "@gatehouse/shared";
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { StatementSync } from "node:sqlite";

import type { GuessCount } from "../domain/guess-count.ts";
import type { AuditSink } from "../ports.ts";
import { blob } from "../store/column.ts";
import type { Database } from "../store/database.ts";
import {
  isNamed,
  maxOpenOffers,
  maxWaiting,
  mostEvaluated,
  offerLifetimeMs,
  refusalDelayMs,
  type OfferVerdict,
} from "./pairing-policy.ts";
import { RefusalTally } from "./refusal-tally.ts";

export interface OfferBookOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly audit: AuditSink;
  /** Has the columns `id`, `secret_hash`, `made`, `used` and `evaluated`, and what else such an offer holds. */
  readonly table: "pairing_offers" | "device_offers";
  /** What is refused, for the audit log. */
  readonly action: string;
  readonly identity: { readonly pin: string };
  /** `host:port` at which clients reach the gateway. */
  readonly address: () => string;
  /** Where attempts are counted. */
  readonly guessed?: GuessCount;
}

export type OfferRow = Readonly<Record<string, unknown>>;

/** The pairing strings of one kind that are out: five minutes each, once, and few at a time. Only a hash of each secret is kept. */
export class OfferBook implements Disposable {
  readonly #options: OfferBookOptions;
  readonly #all: StatementSync;
  readonly #deleteOld: StatementSync;
  readonly #countEvaluated: StatementSync;
  /** Guesses are kept apart from secrets that were right once: those show that a pairing string got around. */
  readonly #guesses: RefusalTally;
  readonly #leaks: RefusalTally;
  #waiting = 0;

  constructor(options: OfferBookOptions) {
    const { database, table } = options;
    this.#options = options;
    this.#all = database.sql.prepare(`SELECT * FROM ${table}`);
    this.#deleteOld = database.sql.prepare(`DELETE FROM ${table} WHERE made <= ? OR made > ?`);
    this.#countEvaluated = database.sql.prepare(`UPDATE ${table} SET evaluated = evaluated + 1 WHERE id = ?`);
    this.#guesses = new RefusalTally(options);
    this.#leaks = new RefusalTally(options);
  }

  /**
   * A pairing string that works once, within five minutes, over restarts too.
   * @param insert writes the row
   * @throws GatehouseError `too-many-offers`
   */
  make(insert: (secretHash: Buffer, made: number) => void): PairingOffer {
    const { database, clock, identity, address } = this.#options;
    const secret = randomBytes(16);
    const made = clock.now();
    database.transaction(() => {
      this.#deleteOld.run(made - offerLifetimeMs, made);
      const open = this.#all.all().filter(({ used }) => used === 0).length;
      if (open >= maxOpenOffers) {
        throw new GatehouseError("too-many-offers", `${open} pairing strings are open, which is the most there can be`);
      }
      insert(sha256(secret), made);
    });
    const keyHash = Buffer.from(identity.pin, "base64url").subarray(0, 16);
    const pairingString = formatPairingString({ address: address(), keyHash, secret });
    secret.fill(0);
    return { pairingString, expires: made + offerLifetimeMs };
  }

  /**
   * Has the offer judged that a secret names, and does what follows from it wholly or not at all. An attempt that names no offer is not
   * looked at, and each offer is compared with few: so no flood of guesses comes near a secret, and none keeps the owner's own client
   * out. Those that fail wait for their answer, which is the same whatever was wrong.
   * @param secret base64url
   * @param judge gives what is answered, or why nothing is
   * @throws GatehouseError `pairing-invalid`, or what `judge` throws
   */
  async redeem<T extends object>(
    secret: string,
    judge: (offer: OfferRow | undefined) => T | OfferVerdict,
    cancel: Cancellable & { readonly peer?: string },
  ): Promise<T> {
    cancel.signal.throwIfAborted();
    const secretHash = sha256(Buffer.from(secret, "base64url"));
    const outcome = this.#options.database.transaction(() => {
      const offer = this.#find(secretHash);
      return offer === "unseen" ? offer : judge(offer);
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
  #find(secretHash: Buffer): OfferRow | "unseen" | undefined {
    const named = this.#all
      .all()
      .filter((row) => Number(row["evaluated"]) < mostEvaluated && isNamed(blob(row["secret_hash"]), secretHash));
    if (named.length === 0) return "unseen";
    for (const { id } of named) this.#countEvaluated.run(Number(id));
    return named.find((row) => timingSafeEqual(blob(row["secret_hash"]), secretHash));
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
