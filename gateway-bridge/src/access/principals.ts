import {
  EventBus,
  GatehouseError,
  Grant,
  Principal,
  PrincipalId,
  randomId,
  type Clock,
  type Logger,
  type PrincipalKind,
} from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";

import { describeGrants } from "../domain/grant-text.ts";
import { isGoverned } from "../domain/last-owner-policy.ts";
import type { AuditSink } from "../ports.ts";
import type { Database, Migrations } from "../store/database.ts";
import { assertGrantable } from "./grantable.ts";

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
    // Grants get their limits, and there may be several on one camera. What is NULL is not limited, and places NULL is home.
    `CREATE TABLE limited_grants (
       principal TEXT NOT NULL REFERENCES principals (id),
       ordinal INTEGER NOT NULL,
       action TEXT NOT NULL,
       camera TEXT NOT NULL,
       schedule TEXT,
       places TEXT,
       until INTEGER,
       PRIMARY KEY (principal, ordinal)
     ) STRICT, WITHOUT ROWID;
     INSERT INTO limited_grants (principal, ordinal, action, camera)
       SELECT principal, row_number() OVER (PARTITION BY principal ORDER BY camera, action), action, camera FROM grants;
     DROP TABLE grants;
     ALTER TABLE limited_grants RENAME TO grants`,
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
  readonly #changes: EventBus<PrincipalId>;
  readonly #byId: StatementSync;
  readonly #byPin: StatementSync;
  readonly #all: StatementSync;

  private constructor({ database, clock, audit, log }: PrincipalsOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#audit = audit;
    this.#revocations = new EventBus(log);
    this.#changes = new EventBus(log);
    const select = (rest: string): StatementSync =>
      database.sql.prepare(
        `SELECT id, name, kind, created, revoked,
           (SELECT json_group_array(
                json_patch('{}', json_object('action', action, 'camera', camera,
                  'schedule', json(schedule), 'places', json(places), 'until', until)) ORDER BY ordinal)
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
      this.#give(id, grants);
      const detail = `${kind} "${name}": ${shortForm(grants)}`;
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
    this.#changes.emit(id);
  }

  /**
   * Puts these grants in the place of all that a principal holds, and then tells the listeners.
   * @throws GatehouseError `not-found`, `request-invalid` for grants that cannot be given or a principal that was revoked, or
   * `last-owner` where nobody could govern the gateway any more
   */
  setGrants(id: PrincipalId, grants: readonly Grant[]): Principal {
    const changed = this.#database.transaction(() => {
      const before = this.#existing(id);
      if (before.revoked !== null) throw new GatehouseError("request-invalid", `${id} was revoked, for good`);
      assertGrantable(before.kind, grants);
      const governed = isGoverned(this.list());
      this.#database.sql.prepare("DELETE FROM grants WHERE principal = ?").run(id);
      this.#give(id, grants);
      if (governed && !isGoverned(this.list())) {
        throw new GatehouseError("last-owner", `without these grants of ${id}, nobody could govern the gateway`);
      }
      const after = this.#existing(id);
      this.#audit.append({
        principal: "-",
        action: "grantsChanged",
        target: id,
        outcome: "done",
        detail: `${shortForm(before.grants)} -> ${shortForm(after.grants)}`,
      });
      return after;
    });
    this.#changes.emit(id);
    return changed;
  }

  onRevoked(listener: (id: PrincipalId) => void): Disposable {
    return this.#revocations.on(listener);
  }

  /** Tells of each principal at the moment it was revoked or may do something else. */
  onChanged(listener: (id: PrincipalId) => void): Disposable {
    return this.#changes.on(listener);
  }

  /** Each grant counts once. */
  #give(id: PrincipalId, grants: readonly Grant[]): void {
    const insert = this.#database.sql.prepare("INSERT INTO grants VALUES (?, ?, ?, ?, ?, ?, ?)");
    const different = new Map(grants.map((grant) => [JSON.stringify(Grant.parse(grant)), grant]));
    for (const [ordinal, { action, camera, schedule, places, until }] of [...different.values()].entries()) {
      insert.run(id, ordinal, action, camera, textOf(schedule), textOf(places), until ?? null);
    }
  }

  #existing(id: PrincipalId): Principal {
    const principal = this.get(id);
    if (principal === undefined) throw new GatehouseError("not-found", `there is no principal ${id}`);
    return principal;
  }
}

/** Longest description of somebody's grants in the audit log. */
const longestForm = 1_000;

const shortForm = (grants: readonly Grant[]): string => {
  const text = describeGrants(grants);
  return text.length <= longestForm ? text : `${text.slice(0, longestForm)}... (${grants.length} grants)`;
};

const textOf = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

type Columns = Record<string, unknown>;

const toPrincipal = (row: Columns | undefined): Principal | undefined => (row === undefined ? undefined : parse(row));

/** Checked again on the way out: a row that somebody bent must not become a right. */
const parse = (row: Columns): Principal =>
  Principal.parse({ ...row, grants: JSON.parse(String(row["grants"])) as unknown });
