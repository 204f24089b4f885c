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

import { assuranceOf, cookieEnd, endOfLogin, isLoginOver, type LiveLogin } from "../../domain/login-policy.ts";
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
    "ALTER TABLE logins ADD COLUMN stays INTEGER NOT NULL DEFAULT 0 CHECK (stays IN (0, 1))",
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
  stays: z.int().transform((flag) => flag !== 0),
});
type Row = z.infer<typeof Row>;
interface TimedRow extends Row {
  readonly until: number | undefined;
}

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
  /** Whether the person wishes to stay signed in when the browser is closed. */
  readonly stays?: boolean;
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
    this.#insert = sql.prepare("INSERT INTO logins VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
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

  begin({ principal, factors, device, complete, stays = false }: NewLogin): BegunLogin {
    const [id, now, secret] = [LoginId.parse(randomId("login")), this.#options.clock.now(), randomBytes(32)];
    const standing = this.list(principal);
    for (const { id: surplus } of standing.slice(0, Math.max(0, standing.length - mostLogins + 1))) this.end(surplus);
    const shown = JSON.stringify(factors);
    const steppedUp = complete ? now : null;
    this.#insert.run(id, sha256(secret), principal, device, shown, now, now, steppedUp, stays ? 1 : 0);
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

  /** All of a principal, perhaps but one. */
  endAll(principal: PrincipalId, except?: LoginId): void {
    const theirs = this.#all.all().filter((row) => row["principal"] === principal && row["id"] !== except);
    for (const row of theirs) this.end(LoginId.parse(row["id"]));
  }

  /** Tells of each login at the moment it ends. */
  onEnded(listener: (id: LoginId) => void): Disposable {
    return this.#ended.on(listener);
  }

  [Symbol.dispose](): void {
    this.#revocations[Symbol.dispose]();
  }

  /** Ends those that are over. */
  #standing(): TimedRow[] {
    const now = this.#options.clock.now();
    const rows = this.#all.all().map((row) => this.#read(row));
    const over = new Set(rows.filter((row) => isLoginOver(row, this.#isAdmin(row), now)));
    for (const { id } of over) this.end(id);
    return rows.filter((row) => !over.has(row));
  }

  #begun(id: LoginId, secret: Buffer): BegunLogin {
    const row = this.#read(this.#byId.get(id));
    // A guest could not sign in again; a person's cookie goes with the browser's own session, unless that was wished otherwise.
    const end = cookieEnd(row, this.#isAdmin(row));
    const keptMs = end === undefined ? undefined : end - this.#options.clock.now();
    return { login: toLive(row), cookie: makeCookie("login", secret, keptMs) };
  }

  #read(found: Record<string, unknown> | undefined): TimedRow {
    const row = Row.parse(found);
    return { ...row, until: endOfGuest(this.#options.principals.get(row.principal)) };
  }

  #use(found: Record<string, unknown> | undefined): LiveLogin | undefined {
    if (found === undefined) return undefined;
    const row = this.#read(found);
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

/** When a guest's time is over; a guest who holds nothing has none. Undefined for people. */
const endOfGuest = (principal: Principal | undefined): number | undefined =>
  principal?.kind === "guest" ? Math.max(0, ...principal.grants.map(({ until = 0 }) => until)) : undefined;

const toLive = ({ id, principal, factors, stepped_up }: Row): LiveLogin => ({
  id,
  principal,
  factors,
  assurance: assuranceOf(factors),
  steppedUp: stepped_up ?? undefined,
});

const sha256 = (secret: Buffer): Buffer => hash("sha256", secret, "buffer");
