import {
  EventBus,
  Factor,
  LoginId,
  PrincipalId,
  randomId,
  type Clock,
  type Logger,
  type Login,
  type Principal,
} from "@gatehouse/shared";
import { hash, randomBytes } from "node:crypto";
import type { StatementSync } from "node:sqlite";
import { z } from "zod";

import { assuranceOf, endOfLogin, isLoginOver, type LiveLogin } from "../../domain/login-policy.ts";
import type { Database, Migrations } from "../../store/database.ts";
import { findCookie, makeCookie } from "./cookies.ts";

const migrations: Migrations = {
  name: "logins",
  steps: [
    `CREATE TABLE logins (
       id TEXT PRIMARY KEY,
       secret_hash BLOB NOT NULL UNIQUE,
       principal TEXT NOT NULL REFERENCES principals (id),
       device TEXT NOT NULL,
       factors TEXT NOT NULL,
       created INTEGER NOT NULL,
       used INTEGER NOT NULL,
       stepped_up INTEGER
     ) STRICT`,
  ],
};

/** Of one person; the one unused longest ends. */
const mostLogins = 16;
/** How often at most a login's use is written down. */
const touchMs = 60_000;

/** Checked again on the way out: a row that somebody bent must not become a right. */
const Row = z.object({
  id: LoginId,
  principal: PrincipalId,
  device: z.string(),
  factors: z.string().transform((text) => z.array(Factor).parse(JSON.parse(text))),
  created: z.int(),
  used: z.int(),
  stepped_up: z.int().nullable(),
});
type Row = z.infer<typeof Row>;

export interface LoginsOptions {
  readonly database: Database;
  readonly principals: {
    get(id: PrincipalId): Principal | undefined;
    onRevoked(listener: (id: PrincipalId) => void): Disposable;
  };
  readonly clock: Clock;
  readonly log: Logger;
}

export interface NewLogin {
  readonly principal: PrincipalId;
  readonly factors: readonly Factor[];
  /** What the browser calls itself. */
  readonly device: string;
  /** Whether that is all that the person has. */
  readonly complete: boolean;
}

/** A login with the Set-Cookie value that its browser is given. */
export interface BegunLogin {
  readonly login: LiveLogin;
  readonly cookie: string;
}

/** Who is signed in, in which browser. Only a hash of each cookie is kept, so nobody signs in with what lies on the disk. */
export class Logins implements Disposable {
  readonly #options: LoginsOptions;
  readonly #ended: EventBus<LoginId>;
  readonly #revocations: Disposable;
  readonly #byHash: StatementSync;
  readonly #byId: StatementSync;
  readonly #all: StatementSync;
  readonly #insert: StatementSync;
  readonly #rotate: StatementSync;
  readonly #touch: StatementSync;
  readonly #delete: StatementSync;

  private constructor(options: LoginsOptions) {
    const { sql } = options.database;
    this.#options = options;
    this.#ended = new EventBus(options.log);
    this.#byHash = sql.prepare("SELECT * FROM logins WHERE secret_hash = ?");
    this.#byId = sql.prepare("SELECT * FROM logins WHERE id = ?");
    this.#all = sql.prepare("SELECT * FROM logins ORDER BY used, id");
    this.#insert = sql.prepare("INSERT INTO logins VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    this.#rotate = sql.prepare("UPDATE logins SET secret_hash = ?, factors = ?, used = ?, stepped_up = ? WHERE id = ?");
    this.#touch = sql.prepare("UPDATE logins SET used = ? WHERE id = ?");
    this.#delete = sql.prepare("DELETE FROM logins WHERE id = ?");
    this.#revocations = options.principals.onRevoked((principal) => this.endAll(principal));
  }

  static open(options: LoginsOptions): Logins {
    options.database.migrate(migrations);
    return new Logins(options);
  }

  /** The login whose cookie this is; `none` where there is no such cookie, `ended` for one that is of no use. */
  find(cookieHeader: string | undefined): LiveLogin | "none" | "ended" {
    const found = findCookie(cookieHeader, "login");
    if (found.kind === "none") return "none";
    if (found.kind === "damaged") return "ended";
    return this.#use(this.#byHash.get(sha256(found.secret))) ?? "ended";
  }

  /** The login, while it stands; asking counts as using it. */
  get(id: LoginId): LiveLogin | undefined {
    return this.#use(this.#byId.get(id));
  }

  begin({ principal, factors, device, complete }: NewLogin): BegunLogin {
    const [id, now, secret] = [LoginId.parse(randomId("login")), this.#options.clock.now(), randomBytes(32)];
    const standing = this.list(principal);
    for (const { id: surplus } of standing.slice(0, Math.max(0, standing.length - mostLogins + 1))) this.end(surplus);
    this.#insert.run(id, sha256(secret), principal, device, JSON.stringify(factors), now, now, complete ? now : null);
    return this.#begun(id, secret);
  }

  /** Notes that all that the person has was shown, anew or for the first time. The cookie is exchanged: the one before is of no use from here on. */
  raise(login: LoginId, shown: readonly Factor[]): BegunLogin | undefined {
    const before = this.get(login);
    if (before === undefined) return undefined;
    const [now, secret] = [this.#options.clock.now(), randomBytes(32)];
    const factors = [...new Set([...before.factors, ...shown])];
    this.#rotate.run(sha256(secret), JSON.stringify(factors), now, now, login);
    return this.#begun(login, secret);
  }

  /** Those that stand, of one person or of all; the one unused longest first. None is `current`. */
  list(principal?: PrincipalId): Login[] {
    return this.#standing()
      .filter((row) => principal === undefined || row.principal === principal)
      .map((row) => ({
        id: row.id,
        person: row.principal,
        device: row.device,
        factors: row.factors,
        created: row.created,
        used: row.used,
        ends: endOfLogin(row, this.#isAdmin(row)),
        steppedUp: row.stepped_up,
        current: false,
      }));
  }

  /** A second time does nothing. */
  end(id: LoginId): void {
    if (Number(this.#delete.run(id).changes) > 0) this.#ended.emit(id);
  }

  endAll(principal: PrincipalId): void {
    for (const row of this.#all.all()) if (row["principal"] === principal) this.end(LoginId.parse(row["id"]));
  }

  /** Tells of each login at the moment it ends. */
  onEnded(listener: (id: LoginId) => void): Disposable {
    return this.#ended.on(listener);
  }

  [Symbol.dispose](): void {
    this.#revocations[Symbol.dispose]();
  }

  /** Ends those that are over. */
  #standing(): Row[] {
    const now = this.#options.clock.now();
    const rows = this.#all.all().map((row) => Row.parse(row));
    const over = new Set(rows.filter((row) => isLoginOver(row, this.#isAdmin(row), now)));
    for (const { id } of over) this.end(id);
    return rows.filter((row) => !over.has(row));
  }

  #begun(id: LoginId, secret: Buffer): BegunLogin {
    return { login: toLive(Row.parse(this.#byId.get(id))), cookie: makeCookie("login", secret) };
  }

  #use(found: Record<string, unknown> | undefined): LiveLogin | undefined {
    if (found === undefined) return undefined;
    const row = Row.parse(found);
    const now = this.#options.clock.now();
    if (isLoginOver(row, this.#isAdmin(row), now)) {
      this.end(row.id);
      return undefined;
    }
    if (now - row.used >= touchMs) this.#touch.run(now, row.id);
    return toLive(row);
  }

  #isAdmin({ principal }: Row): boolean {
    return this.#options.principals.get(principal)?.grants.some(({ action }) => action === "admin") ?? true;
  }
}

const toLive = ({ id, principal, factors, stepped_up }: Row): LiveLogin => ({
  id,
  principal,
  factors,
  assurance: assuranceOf(factors),
  steppedUp: stepped_up ?? undefined,
});

const sha256 = (secret: Buffer): Buffer => hash("sha256", secret, "buffer");
