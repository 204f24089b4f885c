import type { Clock, PrincipalId } from "@gatehouse/shared";
import { hash, randomBytes } from "node:crypto";
import type { StatementSync } from "node:sqlite";

import type { Database, Migrations } from "../../store/database.ts";
import { findCookie, makeCookie } from "./cookies.ts";

const migrations: Migrations = {
  name: "devices",
  steps: [
    `CREATE TABLE devices (
       secret_hash BLOB PRIMARY KEY,
       principal TEXT NOT NULL REFERENCES principals (id),
       used INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID`,
  ],
};

/** Of one person; the one unused longest goes. */
const mostDevices = 32;

/**
 * Browsers in which a person has signed in before. They prove nothing; but guesses of strangers are counted apart from theirs, so
 * nobody can keep a person out by guessing.
 */
export class Devices {
  readonly #clock: Clock;
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #forget: StatementSync;
  readonly #forgetAll: StatementSync;
  readonly #trim: StatementSync;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    database.migrate(migrations);
    const { sql } = database;
    this.#clock = clock;
    this.#find = sql.prepare("SELECT 1 FROM devices WHERE secret_hash = ? AND principal = ?");
    this.#insert = sql.prepare("INSERT INTO devices VALUES (?, ?, ?)");
    this.#forget = sql.prepare("DELETE FROM devices WHERE secret_hash = ?");
    this.#forgetAll = sql.prepare("DELETE FROM devices WHERE principal = ?");
    this.#trim = sql.prepare(
      `DELETE FROM devices WHERE principal = ?1 AND secret_hash NOT IN
         (SELECT secret_hash FROM devices WHERE principal = ?1 ORDER BY used DESC LIMIT ${mostDevices})`,
    );
  }

  /** What this browser's guesses are counted under, if that person has signed in with it before. */
  keyOf(cookieHeader: string | undefined, principal: PrincipalId): string | undefined {
    const found = findCookie(cookieHeader, "device");
    if (found.kind !== "found") return undefined;
    const digest = sha256(found.secret);
    return this.#find.get(digest, principal) === undefined ? undefined : digest.toString("base64url");
  }

  /** Notes that the person signed in with it. Its cookie is exchanged each time. */
  remember(cookieHeader: string | undefined, principal: PrincipalId): string {
    const before = findCookie(cookieHeader, "device");
    if (before.kind === "found") this.#forget.run(sha256(before.secret));
    const secret = randomBytes(32);
    this.#insert.run(sha256(secret), principal, this.#clock.now());
    this.#trim.run(principal);
    return makeCookie("device", secret);
  }

  forgetAll(principal: PrincipalId): void {
    this.#forgetAll.run(principal);
  }
}

const sha256 = (secret: Buffer): Buffer => hash("sha256", secret, "buffer");
