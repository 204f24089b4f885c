import {
  EventBus,
  GatehouseError,
  ListedPrincipal,
  Principal,
  PrincipalId,
  randomId,
  type Clock,
  type Grant,
  type Logger,
  type PrincipalKind,
} from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";

import { isGoverned } from "../domain/last-owner-policy.ts";
import type { AuditSink } from "../ports.ts";
import type { Database, Migrations } from "../store/database.ts";
import { grantsAsJson, replaceGrants, shortForm } from "./grant-rows.ts";
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
    // Roles: grants that people hold together. Whoever asks what somebody may do asks the view.
    `CREATE TABLE roles (
       id TEXT PRIMARY KEY,
       name TEXT NOT NULL UNIQUE
     ) STRICT;
     CREATE TABLE role_grants (
       role TEXT NOT NULL REFERENCES roles (id),
       ordinal INTEGER NOT NULL,
       action TEXT NOT NULL,
       camera TEXT NOT NULL,
       schedule TEXT,
       places TEXT,
       until INTEGER,
       PRIMARY KEY (role, ordinal)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE principal_roles (
       principal TEXT NOT NULL REFERENCES principals (id),
       role TEXT NOT NULL REFERENCES roles (id),
       PRIMARY KEY (principal, role)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX principals_of_role ON principal_roles (role);
     CREATE VIEW effective_grants AS
       SELECT principal, '' AS role, ordinal, action, camera, schedule, places, until FROM grants
       UNION ALL
       SELECT principal, role, ordinal, action, camera, schedule, places, until FROM principal_roles JOIN role_grants USING (role)`,
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
  readonly #described: StatementSync;
  /** Whose rights a change that is under way touches. */
  #changing: Set<PrincipalId> | undefined;

  private constructor({ database, clock, audit, log }: PrincipalsOptions) {
    this.#database = database;
    this.#clock = clock;
    this.#audit = audit;
    this.#revocations = new EventBus(log);
    this.#changes = new EventBus(log);
    const grants = grantsAsJson("effective_grants WHERE principal = principals.id", "role, ordinal");
    const own = grantsAsJson("grants WHERE principal = principals.id");
    const roles = "(SELECT json_group_array(role ORDER BY role) FROM principal_roles WHERE principal = principals.id)";
    const select = (rest: string, more = ""): StatementSync =>
      database.sql.prepare(
        `SELECT id, name, kind, created, revoked, ${grants} AS grants${more} FROM principals ${rest}`,
      );
    this.#byId = select("WHERE id = ?");
    this.#byPin = select("WHERE pin = ?");
    this.#all = select("ORDER BY created, id");
    this.#described = select("WHERE id = ?", `, ${own} AS own, ${roles} AS roles`);
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
      replaceGrants(sql, { table: "grants", owner: id }, grants);
      const detail = `${kind} "${name}": ${shortForm(grants)}`;
      this.#audit.append({ principal: id, action: "pair", target: id, outcome: "done", detail });
      return this.#existing(id);
    });
  }

  /** With all that it may do: its own grants and those of its roles. */
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
   * A principal with where its grants come from.
   * @throws GatehouseError `not-found`
   */
  describe(id: PrincipalId): ListedPrincipal {
    const row = this.#described.get(id);
    if (row === undefined) throw unknown(id);
    const [grants, own, roles] = ["grants", "own", "roles"].map((name) => JSON.parse(String(row[name])) as unknown);
    return ListedPrincipal.parse({ ...row, grants, own, roles });
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

  /** @throws GatehouseError `not-found` */
  rename(id: PrincipalId, name: string): void {
    const { kind, name: before } = this.#existing(id);
    this.#database.transaction(() => {
      this.#database.sql.prepare("UPDATE principals SET name = ? WHERE id = ?").run(name, id);
      const detail = `${kind} "${before}" -> "${name}"`;
      this.#audit.append({ principal: "-", action: "renamed", target: id, outcome: "done", detail });
    });
  }

  /**
   * Puts these grants in the place of all that a principal holds by itself, and then tells the listeners.
   * @throws GatehouseError `not-found`, `request-invalid` for grants that cannot be given or a principal that was revoked, or
   * `last-owner` where nobody could govern the gateway any more
   */
  setGrants(id: PrincipalId, grants: readonly Grant[]): Principal {
    return this.change([id], () => {
      const { kind, own, revoked } = this.describe(id);
      if (revoked !== null) throw new GatehouseError("request-invalid", `${id} was revoked, for good`);
      if (kind === "guest") throw new GatehouseError("request-invalid", "a guest may do what its link says");
      assertGrantable(kind, grants);
      replaceGrants(this.#database.sql, { table: "grants", owner: id }, grants);
      this.#audit.append({
        principal: "-",
        action: "grantsChanged",
        target: id,
        outcome: "done",
        detail: `${shortForm(own)} -> ${shortForm(this.describe(id).own)}`,
      });
      return this.#existing(id);
    });
  }

  /**
   * Runs what changes the rights of these principals, wholly or not at all, and then tells the listeners of each. Within another
   * change, it is part of that one.
   * @throws GatehouseError `last-owner` where nobody could govern the gateway any more, or what `work` throws
   */
  change<T>(ids: readonly PrincipalId[], work: () => T): T {
    if (this.#changing !== undefined) {
      for (const id of ids) this.#changing.add(id);
      return work();
    }
    const touched = (this.#changing = new Set(ids));
    let result: T;
    try {
      result = this.#database.transaction(() => this.#governed(work));
    } finally {
      this.#changing = undefined;
    }
    for (const id of touched) this.#changes.emit(id);
    return result;
  }

  #governed<T>(work: () => T): T {
    const before = isGoverned(this.list());
    const result = work();
    if (before && !isGoverned(this.list())) {
      throw new GatehouseError("last-owner", "without these grants, nobody could govern the gateway");
    }
    return result;
  }

  onRevoked(listener: (id: PrincipalId) => void): Disposable {
    return this.#revocations.on(listener);
  }

  /** Tells of each principal at the moment it was revoked or may do something else. */
  onChanged(listener: (id: PrincipalId) => void): Disposable {
    return this.#changes.on(listener);
  }

  #existing(id: PrincipalId): Principal {
    const principal = this.get(id);
    if (principal === undefined) throw unknown(id);
    return principal;
  }
}

const unknown = (id: PrincipalId): GatehouseError => new GatehouseError("not-found", `there is no principal ${id}`);

type Columns = Record<string, unknown>;

const toPrincipal = (row: Columns | undefined): Principal | undefined => (row === undefined ? undefined : parse(row));

/** Checked again on the way out: a row that somebody bent must not become a right. */
const parse = (row: Columns): Principal =>
  Principal.parse({ ...row, grants: JSON.parse(String(row["grants"])) as unknown });
