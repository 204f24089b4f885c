import {
  EventBus,
  GatehouseError,
  Principal,
  PrincipalId,
  randomId,
  type Clock,
  type Grant,
  type Logger,
  type PrincipalKind,
} from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";

import type { AuditSink } from "../ports.ts";
import type { Database, Migrations } from "../store/database.ts";

const migrations: Migrations = {
  name: "principals",
  steps: [
    `CREATE TABLE principals (
       id TEXT PRIMARY KEY,
       name TEXT NOT NULL,
       kind TEXT NOT NULL,
       pin TEXT NOT NULL UNIQUE,
       created INTEGER NOT NULL,
       revoked INTEGER
     ) STRICT;
     CREATE TABLE grants (
       principal TEXT NOT NULL REFERENCES principals (id),
       action TEXT NOT NULL,
       camera TEXT NOT NULL,
       PRIMARY KEY (principal, action, camera)
     ) STRICT, WITHOUT ROWID`,
  ],
};

export interface PrincipalsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly audit: AuditSink;
  readonly log: Logger;
}

export interface NewPrincipal {
  readonly name: string;
  readonly kind: PrincipalKind;
  readonly grants: readonly Grant[];
  /** SHA-256 of its public key in SPKI form, base64url; left out for who has no key and logs in with a password. */
  readonly pin?: string;
}

/** Everybody who was ever let in, with what they may do. Nobody is ever deleted, so the audit log's ids stay readable. */
export class Principals {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #audit: AuditSink;
  readonly #revocations: EventBus<PrincipalId>;
  readonly #byId: StatementSync;
  readonly #byPin: StatementSync;
  readonly #all: StatementSync;

  private constructor({ database, clock, audit, log }: PrincipalsOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#audit = audit;
    this.#revocations = new EventBus(log);
    const select = (rest: string): StatementSync =>
      database.sql.prepare(
        `SELECT id, name, kind, created, revoked,
           (SELECT json_group_array(json_object('action', action, 'camera', camera) ORDER BY camera, action)
              FROM grants WHERE principal = principals.id) AS grants
         FROM principals ${rest}`,
      );
    this.#byId = select("WHERE id = ?");
    this.#byPin = select("WHERE pin = ?");
    this.#all = select("ORDER BY created, id");
  }

  static open(options: PrincipalsOptions): Principals {
    options.database.migrate(migrations);
    return new Principals(options);
  }

  /** @throws GatehouseError `request-invalid` when the key belongs to a principal, revoked or not */
  create({ name, kind, grants, pin }: NewPrincipal): Principal {
    const { sql } = this.#database;
    const id = PrincipalId.parse(randomId("who"));
    return this.#database.transaction(() => {
      if (pin !== undefined && this.byPin(pin) !== undefined) {
        throw new GatehouseError("request-invalid", "this key was paired before; a client makes a new one each time");
      }
      const insert = sql.prepare("INSERT INTO principals VALUES (?, ?, ?, ?, ?, NULL)");
      // A colon is in no pin: no key ever stands for who has none.
      insert.run(id, name, kind, pin ?? `${kind}:${id}`, this.#clock.now());
      const addGrant = sql.prepare("INSERT OR IGNORE INTO grants VALUES (?, ?, ?)");
      for (const { action, camera } of grants) addGrant.run(id, action, camera);
      const detail = `${kind} "${name}": ${grants.map(({ action, camera }) => `${action} on ${camera}`).join(", ")}`;
      this.#audit.append({ principal: id, action: "pair", target: id, outcome: "done", detail });
      return this.#existing(id);
    });
  }

  get(id: PrincipalId): Principal | undefined {
    return toPrincipal(this.#byId.get(id));
  }

  /** Whose key this is, revoked or not. */
  byPin(pin: string): Principal | undefined {
    return toPrincipal(this.#byPin.get(pin));
  }

  /** The oldest first, revoked ones too. */
  list(): Principal[] {
    return this.#all.all().map((row) => parse(row));
  }

  /**
   * Takes a principal's rights away for good, and then tells the listeners. A second time does nothing.
   * @throws GatehouseError `not-found`
   */
  revoke(id: PrincipalId): void {
    const { kind, name, revoked } = this.#existing(id);
    if (revoked !== null) return;
    this.#database.transaction(() => {
      this.#database.sql.prepare("UPDATE principals SET revoked = ? WHERE id = ?").run(this.#clock.now(), id);
      this.#audit.append({
        principal: "-",
        action: "revoke",
        target: id,
        outcome: "done",
        detail: `${kind} "${name}"`,
      });
    });
    this.#revocations.emit(id);
  }

  onRevoked(listener: (id: PrincipalId) => void): Disposable {
    return this.#revocations.on(listener);
  }

  #existing(id: PrincipalId): Principal {
    const principal = this.get(id);
    if (principal === undefined) throw new GatehouseError("not-found", `there is no principal ${id}`);
    return principal;
  }
}

type Columns = Record<string, unknown>;

const toPrincipal = (row: Columns | undefined): Principal | undefined => (row === undefined ? undefined : parse(row));

/** Checked again on the way out: a row that somebody bent must not become a right. */
const parse = (row: Columns): Principal =>
  Principal.parse({ ...row, grants: JSON.parse(String(row["grants"])) as unknown });
