import { GatehouseError, type Clock, type TunnelId } from "@gatehouse/shared";
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { StatementSync } from "node:sqlite";

import { blob } from "../../store/column.ts";
import type { Database, Migrations } from "../../store/database.ts";

const migrations: Migrations = {
  name: "relay-invites",
  steps: [
    `CREATE TABLE relay_invites (
       id INTEGER PRIMARY KEY,
       secret_hash BLOB NOT NULL UNIQUE,
       made INTEGER NOT NULL,
       expires INTEGER NOT NULL,
       gateway TEXT
     ) STRICT`,
  ],
};

/** Most invites that are open at a time: each attempt is compared with all of them. */
const mostOpen = 64;

export interface Invite {
  /** 16 random bytes, base64url. A secret; only its hash is kept. */
  readonly secret: string;
  /** Unix milliseconds. */
  readonly expires: number;
}

/** What lets a gateway in that nobody knows yet. */
export class Invites {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #insert: StatementSync;
  readonly #current: StatementSync;
  readonly #use: StatementSync;
  readonly #deleteOld: StatementSync;

  private constructor(database: Database, clock: Clock) {
    const { sql } = database;
    this.#database = database;
    this.#clock = clock;
    this.#insert = sql.prepare("INSERT INTO relay_invites (secret_hash, made, expires) VALUES (?, ?, ?)");
    this.#current = sql.prepare("SELECT * FROM relay_invites WHERE made <= ?1 AND expires > ?1");
    this.#use = sql.prepare("UPDATE relay_invites SET gateway = ? WHERE id = ? AND gateway IS NULL");
    // Also those of a time that the clock has not reached again: nobody knows how old they are.
    this.#deleteOld = sql.prepare("DELETE FROM relay_invites WHERE expires <= ?1 OR made > ?1");
  }

  static open(database: Database, clock: Clock): Invites {
    database.migrate(migrations);
    return new Invites(database, clock);
  }

  /** One that works once, over restarts too. @throws GatehouseError `too-many-invites` */
  make(ttlMs: number): Invite {
    const secret = randomBytes(16);
    const made = this.#clock.now();
    const expires = made + ttlMs;
    this.#database.transaction(() => {
      this.#deleteOld.run(made);
      const open = this.#current.all(made).filter(({ gateway }) => gateway === null).length;
      if (open >= mostOpen) {
        throw new GatehouseError("too-many-invites", `${open} invites are open, which is the most there can be`);
      }
      this.#insert.run(sha256(secret), made, expires);
    });
    return { secret: secret.toString("base64url"), expires };
  }

  /**
   * Uses the invite up; within its time, the gateway that did is told so again, for its first answer may have been lost.
   * To be called within the transaction that enrols it.
   * @returns whether this gateway used it before
   * @throws GatehouseError `invite-invalid`, whatever was wrong with it
   */
  use(secret: string, gateway: TunnelId): { readonly again: boolean } {
    const wanted = sha256(Buffer.from(secret, "base64url"));
    let found: Record<string, unknown> | undefined;
    // All are compared: how long it takes tells nothing.
    for (const row of this.#current.all(this.#clock.now())) {
      if (timingSafeEqual(blob(row["secret_hash"]), wanted)) found = row;
    }
    if (found?.["gateway"] === gateway) return { again: true };
    if (found === undefined || this.#use.run(gateway, Number(found["id"])).changes !== 1) throw invalid();
    return { again: false };
  }
}

const sha256 = (bytes: Buffer): Buffer => hash("sha256", bytes, "buffer");

export const invalid = (): GatehouseError =>
  new GatehouseError("invite-invalid", "the invite is unknown, used or over");
