import {
  GatehouseError,
  Role,
  RoleId,
  randomId,
  type NewRole,
  type Principal,
  type PrincipalId,
} from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";

import type { AuditSink } from "../ports.ts";
import type { Database } from "../store/database.ts";
import { grantsAsJson, replaceGrants, shortForm } from "./grant-rows.ts";
import { assertGrantable } from "./grantable.ts";
import type { Principals } from "./principals.ts";

export interface RolesOptions {
  /** With the tables of the principals. */
  readonly database: Database;
  readonly principals: Principals;
  readonly audit: AuditSink;
}

/**
 * Grants under a name, for people to hold together. What somebody may do is the principals' to say; no decision ever asks for a role.
 * Each change is told as one of everybody's who holds the role.
 */
export class Roles {
  readonly #options: RolesOptions;
  readonly #all: StatementSync;
  readonly #byId: StatementSync;
  readonly #holders: StatementSync;

  constructor(options: RolesOptions) {
    const { sql } = options.database;
    this.#options = options;
    const select = (rest: string): StatementSync =>
      sql.prepare(
        `SELECT id, name, ${grantsAsJson("role_grants WHERE role = roles.id")} AS grants,
           (SELECT count(*) FROM principal_roles JOIN principals ON principals.id = principal
              WHERE role = roles.id AND revoked IS NULL) AS people
         FROM roles ${rest}`,
      );
    this.#all = select("ORDER BY name");
    this.#byId = select("WHERE id = ?");
    this.#holders = sql.prepare("SELECT principal FROM principal_roles WHERE role = ?");
  }

  list(): Role[] {
    return this.#all.all().map((row) => parse(row));
  }

  /** @throws GatehouseError `name-taken`, `request-invalid` for a time zone that there is not */
  add(role: NewRole): Role {
    const id = RoleId.parse(randomId("role"));
    return this.#options.database.transaction(() => {
      this.#insistOnName(role.name, id);
      this.#options.database.sql.prepare("INSERT INTO roles VALUES (?, ?)").run(id, role.name);
      return this.#fill(id, role.grants, "roleAdded");
    });
  }

  /** @throws GatehouseError `not-found`, `name-taken`, `request-invalid`, `last-owner` */
  change(id: RoleId, { name, grants }: NewRole): Role {
    const before = this.#existing(id);
    return this.#options.principals.change(this.#heldBy(id), () => {
      this.#insistOnName(name, id);
      this.#options.database.sql.prepare("UPDATE roles SET name = ? WHERE id = ?").run(name, id);
      return this.#fill(id, grants, "roleChanged", `"${before.name}": ${shortForm(before.grants)} -> `);
    });
  }

  /** @throws GatehouseError `not-found`, or `role-in-use` while somebody holds it */
  remove(id: RoleId): void {
    const { name, people } = this.#existing(id);
    if (people > 0) throw new GatehouseError("role-in-use", `somebody holds the role "${name}"`);
    const { database } = this.#options;
    database.transaction(() => {
      for (const from of ["principal_roles WHERE role", "role_grants WHERE role", "roles WHERE id"]) {
        database.sql.prepare(`DELETE FROM ${from} = ?`).run(id);
      }
      this.#writeDown("roleRemoved", id, `"${name}"`);
    });
  }

  /**
   * Has a person hold these, in the place of those before.
   * @throws GatehouseError `not-found`, `last-owner`, or `request-invalid` for whoever is no person
   */
  give(principal: PrincipalId, roles: readonly RoleId[]): Principal {
    const { database, principals } = this.#options;
    return principals.change([principal], () => {
      const { kind, revoked, roles: before } = principals.describe(principal);
      if (kind !== "person") throw new GatehouseError("request-invalid", "roles are for people");
      if (revoked !== null) throw new GatehouseError("request-invalid", `${principal} was revoked, for good`);
      const names = new Map([...before, ...roles].map((id) => [id, this.#existing(id).name]));
      database.sql.prepare("DELETE FROM principal_roles WHERE principal = ?").run(principal);
      const insert = database.sql.prepare("INSERT INTO principal_roles VALUES (?, ?)");
      for (const role of new Set(roles)) insert.run(principal, role);
      const text = (ids: readonly RoleId[]): string => `[${ids.map((id) => names.get(id)).join(", ")}]`;
      this.#writeDown("rolesGiven", principal, `${text(before)} -> ${text(roles)}`);
      return principals.describe(principal);
    });
  }

  #heldBy(id: RoleId): PrincipalId[] {
    return this.#holders.all(id).map(({ principal }) => principal as PrincipalId);
  }

  #fill(id: RoleId, grants: NewRole["grants"], action: string, before = ""): Role {
    // Whatever any person can hold.
    assertGrantable("person", grants);
    replaceGrants(this.#options.database.sql, { table: "role_grants", owner: id }, grants);
    const role = this.#existing(id);
    this.#writeDown(action, id, `${before}"${role.name}": ${shortForm(role.grants)}`);
    return role;
  }

  #insistOnName(name: string, id: RoleId): void {
    if (!this.list().some((role) => role.name === name && role.id !== id)) return;
    throw new GatehouseError("name-taken", `there is a role "${name}" already`, { remedy: "Choose another name." });
  }

  #writeDown(action: string, target: string, detail: string): void {
    this.#options.audit.append({ principal: "-", action, target, outcome: "done", detail });
  }

  #existing(id: RoleId): Role {
    const row = this.#byId.get(id);
    if (row !== undefined) return parse(row);
    throw new GatehouseError("not-found", "there is no such role", { remedy: "`gatehouse role list` shows the ids." });
  }
}

/** Checked again on the way out: a row that somebody bent must not become a right. */
const parse = (row: Record<string, unknown>): Role =>
  Role.parse({ ...row, grants: JSON.parse(String(row["grants"])) as unknown });
