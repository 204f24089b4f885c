import { GatehouseError, PasskeyId, PrincipalId, randomId, type Clock, type Passkey } from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";
import { z } from "zod";

import { blob } from "../../store/column.ts";
import type { Database, Migrations } from "../../store/database.ts";

const migrations: Migrations = {
  name: "passkeys",
  steps: [
    `CREATE TABLE passkeys (
       id TEXT PRIMARY KEY,
       principal TEXT NOT NULL REFERENCES principals (id),
       credential TEXT NOT NULL UNIQUE,
       public_key BLOB NOT NULL,
       counter INTEGER NOT NULL,
       host TEXT NOT NULL,
       transports TEXT NOT NULL,
       backed_up INTEGER NOT NULL CHECK (backed_up IN (0, 1)),
       name TEXT NOT NULL,
       created INTEGER NOT NULL,
       used INTEGER
     ) STRICT;
     CREATE INDEX passkeys_of ON passkeys (principal)`,
  ],
};

/** Of one person. */
const mostPasskeys = 32;

/** What an authenticator told of a new credential. */
export interface NewCredential {
  /** The credential's own id, base64url. */
  readonly credential: string;
  /** COSE_Key. RFC 9052 7 */
  readonly publicKey: Uint8Array;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly backedUp: boolean;
}

/** A passkey as its row has it. */
export interface KeptPasskey extends NewCredential {
  readonly id: PasskeyId;
  readonly principal: PrincipalId;
  readonly host: string;
}

/** Checked again on the way out, like every row that can become a right. */
const Row = z.object({
  id: PasskeyId,
  principal: PrincipalId,
  credential: z.string(),
  public_key: z.instanceof(Uint8Array).transform(blob),
  counter: z.int().nonnegative(),
  host: z.string(),
  transports: z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text))),
  backed_up: z.int().transform((flag) => flag !== 0),
  name: z.string(),
  created: z.int(),
  used: z.int().nullable(),
});
type Row = z.infer<typeof Row>;

export interface PasskeysOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** The names by which the gateway goes. */
  readonly names: ReadonlySet<string>;
}

/** The public halves of people's passkeys. */
export class Passkeys {
  readonly #options: PasskeysOptions;
  readonly #of: StatementSync;
  readonly #byCredential: StatementSync;
  readonly #insert: StatementSync;
  readonly #use: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteAll: StatementSync;

  constructor(options: PasskeysOptions) {
    options.database.migrate(migrations);
    const { sql } = options.database;
    this.#options = options;
    this.#of = sql.prepare("SELECT * FROM passkeys WHERE principal = ? ORDER BY created, id");
    this.#byCredential = sql.prepare("SELECT * FROM passkeys WHERE credential = ?");
    this.#insert = sql.prepare("INSERT INTO passkeys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)");
    // Authenticators that do not count always tell 0. WebAuthn 6.1.1
    this.#use = sql.prepare(
      `UPDATE passkeys SET counter = ?2, backed_up = ?3, used = ?4
         WHERE id = ?1 AND (counter < ?2 OR (counter = 0 AND ?2 = 0))`,
    );
    this.#delete = sql.prepare("DELETE FROM passkeys WHERE id = ? AND principal = ?");
    this.#deleteAll = sql.prepare("DELETE FROM passkeys WHERE principal = ?");
  }

  /** @throws GatehouseError `passkey-refused` for one that somebody has already, or for one too many */
  add(principal: PrincipalId, { name, host, made }: { name: string; host: string; made: NewCredential }): Passkey {
    const { credential, publicKey, counter, transports, backedUp } = made;
    if (this.#byCredential.get(credential) !== undefined) {
      throw new GatehouseError("passkey-refused", "this passkey is somebody's already");
    }
    if (this.#rowsOf(principal).length >= mostPasskeys) {
      throw new GatehouseError("passkey-refused", `nobody has more than ${mostPasskeys} passkeys`, {
        remedy: "Remove one that you do not use any more.",
      });
    }
    const [id, created] = [PasskeyId.parse(randomId("passkey")), this.#options.clock.now()];
    const known = JSON.stringify(transports);
    this.#insert.run(id, principal, credential, publicKey, counter, host, known, backedUp ? 1 : 0, name, created);
    return { id, name, host, usable: this.#isUsable(host), backedUp, created, used: null };
  }

  /** The oldest first. */
  list(principal: PrincipalId): Passkey[] {
    return this.#rowsOf(principal).map(({ id, name, host, backed_up: backedUp, created, used }) => {
      return { id, name, host, usable: this.#isUsable(host), backedUp, created, used };
    });
  }

  /** Those of a person that a browser can be asked for under this name. */
  under(host: string, principal: PrincipalId): KeptPasskey[] {
    return this.#rowsOf(principal)
      .map(toKept)
      .filter((kept) => kept.host === host);
  }

  /** By the credential's own id, base64url. */
  find(credential: string): KeptPasskey | undefined {
    const row = this.#byCredential.get(credential);
    return row === undefined ? undefined : toKept(Row.parse(row));
  }

  /** How many a person can sign in with: of names by which the gateway still goes. */
  usable(principal: PrincipalId): number {
    return this.#rowsOf(principal).filter(({ host }) => this.#isUsable(host)).length;
  }

  /** Notes that it was shown. False where it is gone, or its counter did not go on: then there are two of it. WebAuthn 7.2 */
  use(id: PasskeyId, { counter, backedUp }: Pick<NewCredential, "counter" | "backedUp">): boolean {
    return Number(this.#use.run(id, counter, backedUp ? 1 : 0, this.#options.clock.now()).changes) === 1;
  }

  /** False where the person has no such passkey. */
  remove(id: PasskeyId, principal: PrincipalId): boolean {
    return Number(this.#delete.run(id, principal).changes) === 1;
  }

  forget(principal: PrincipalId): void {
    this.#deleteAll.run(principal);
  }

  #isUsable(host: string): boolean {
    return this.#options.names.has(host);
  }

  #rowsOf(principal: PrincipalId): Row[] {
    return this.#of.all(principal).map((row) => Row.parse(row));
  }
}

const toKept = ({ id, principal, credential, public_key, counter, host, transports, backed_up }: Row): KeptPasskey => ({
  id,
  principal,
  credential,
  publicKey: public_key,
  counter,
  host,
  transports,
  backedUp: backed_up,
});
