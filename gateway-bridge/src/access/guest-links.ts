import {
  GatehouseError,
  GuestLink,
  GuestLinkId,
  PrincipalId,
  randomId,
  Schedule,
  type Clock,
  type Grant,
  type NewGuestLink,
  type Principal,
  type Secret,
} from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";
import { z } from "zod";

import { judgeEnd } from "../domain/guest-link-policy.ts";
import type { AuditSink } from "../ports.ts";
import type { Database, Migrations } from "../store/database.ts";
import { assertGrantable } from "./grantable.ts";
import type { OneTimeCodes } from "./people/one-time-codes.ts";
import type { Principals } from "./principals.ts";
import { RefusalTally } from "./refusal-tally.ts";

const migrations: Migrations = {
  name: "guest-links",
  steps: [
    `CREATE TABLE guest_links (
       id TEXT PRIMARY KEY,
       guest TEXT NOT NULL UNIQUE REFERENCES principals (id),
       made_by TEXT NOT NULL REFERENCES principals (id),
       made INTEGER NOT NULL,
       until INTEGER NOT NULL,
       used INTEGER
     ) STRICT`,
  ],
};

/** Checked again on the way out, like every row that can become a right. */
const Row = z.object({
  id: GuestLinkId,
  guest: PrincipalId,
  made_by: PrincipalId,
  made: z.int(),
  until: z.int(),
  used: z.int().nullable(),
});
type Row = z.infer<typeof Row>;

export interface GuestLinksOptions {
  readonly database: Database;
  readonly principals: Principals;
  readonly codes: OneTimeCodes;
  readonly audit: AuditSink;
  readonly clock: Clock;
}

/** A link that was just made; the secret is kept nowhere. */
export interface MadeGuest {
  readonly link: GuestLink;
  readonly secret: Secret;
}

/** Somebody opens a link. */
export interface GuestAttempt {
  readonly secret: Secret;
  /** The address that it comes from. */
  readonly peer: string;
}

/**
 * Links by which guests come in without a password: each makes a principal of its own, which holds what the link says until its end,
 * and opens for one browser, once. Who made it answers for it: the link falls with that person's password, or right to govern.
 */
export class GuestLinks implements Disposable {
  readonly #options: GuestLinksOptions;
  readonly #refusals: RefusalTally;
  readonly #changes: Disposable;
  readonly #all: StatementSync;
  readonly #byGuest: StatementSync;
  readonly #markUsed: StatementSync;

  private constructor(options: GuestLinksOptions) {
    const { sql } = options.database;
    this.#options = options;
    this.#refusals = new RefusalTally({ ...options, action: "openGuestLink" });
    this.#all = sql.prepare("SELECT * FROM guest_links ORDER BY made DESC, id");
    this.#byGuest = sql.prepare("SELECT * FROM guest_links WHERE guest = ?");
    this.#markUsed = sql.prepare("UPDATE guest_links SET used = ? WHERE id = ?");
    this.#changes = options.principals.onChanged((id) => this.#follow(id));
  }

  static open(options: GuestLinksOptions): GuestLinks {
    options.database.migrate(migrations);
    const links = new GuestLinks(options);
    // A crash may have come between somebody's revocation and the end of their links.
    for (const maker of new Set(links.#standing().map(({ made_by: by }) => by))) links.#follow(maker);
    return links;
  }

  /** The newest first, those that are over too. */
  list(): GuestLink[] {
    return this.#rows().map((row) => this.#describe(row));
  }

  /** @throws GatehouseError `request-invalid` for an end or a time zone that is none */
  make(link: NewGuestLink, madeBy: PrincipalId): MadeGuest {
    const { database, principals, codes, audit, clock } = this.#options;
    const made = clock.now();
    const verdict = judgeEnd(link.until, made);
    if (verdict !== "fine") throw new GatehouseError("request-invalid", verdict);
    const grants = grantsOf(link);
    assertGrantable("guest", grants);
    return database.transaction(() => {
      const id = GuestLinkId.parse(randomId("link"));
      const { id: guest } = principals.create({ name: link.name, kind: "guest", grants });
      const { code: secret } = codes.make("guest", guest);
      database.sql
        .prepare("INSERT INTO guest_links VALUES (?, ?, ?, ?, ?, NULL)")
        .run(id, guest, madeBy, made, link.until);
      audit.append({ principal: madeBy, action: "guestLinkMade", target: guest, outcome: "done", detail: id });
      return { link: this.#describe(this.#existing(guest)), secret };
    });
  }

  /**
   * Uses the link up, to let its guest in: wholly, or not at all where that fails.
   * @throws GatehouseError `guest-link-invalid` for one that is wrong, was used, was revoked or is over: in the same words
   */
  use<T extends object>({ secret, peer }: GuestAttempt, letIn: (guest: Principal) => T): T {
    const { database, codes, audit, clock } = this.#options;
    const entered = database.transaction(() => {
      const found = codes.use("guest", secret)?.principal ?? undefined;
      const standing = found && this.#standing().find((row) => row.guest === found);
      if (standing === undefined) return undefined;
      const { id, guest: principal } = standing;
      this.#markUsed.run(clock.now(), id);
      audit.append({ principal, action: "openGuestLink", target: principal, outcome: "allowed", detail: id });
      return letIn(this.#principalOf(standing));
    });
    if (entered !== undefined) return entered;
    this.#refusals.add("wrong, used, or over", { peer });
    throw new GatehouseError("guest-link-invalid", "this link is wrong, was opened before, or is over");
  }

  /**
   * Locks the guest out, and ends all that flows to it. A second time does nothing.
   * @throws GatehouseError `not-found`
   */
  revoke(id: GuestLinkId): void {
    const row = this.#rows().find((one) => one.id === id);
    if (row === undefined) throw new GatehouseError("not-found", "there is no such guest link");
    this.#end(row, "by itself");
  }

  /** Ends the links that somebody made, for what happened to their maker. */
  endMadeBy(maker: PrincipalId, why: string): void {
    for (const row of this.#standing()) if (row.made_by === maker) this.#end(row, why);
  }

  /** Writes down the refusals that are still only counted. */
  [Symbol.dispose](): void {
    this.#changes[Symbol.dispose]();
    this.#refusals[Symbol.dispose]();
  }

  #follow(maker: PrincipalId): void {
    const principal = this.#options.principals.get(maker);
    const governs = principal?.grants.some(({ action, camera }) => action === "admin" && camera === "*");
    if (principal?.revoked !== null || governs !== true) this.endMadeBy(maker, "its maker governs no more");
  }

  #end(row: Row, why: string): void {
    const { principals, codes, audit } = this.#options;
    const { id, guest } = row;
    if (this.#principalOf(row).revoked !== null) return;
    audit.append({
      principal: "-",
      action: "guestLinkRevoked",
      target: guest,
      outcome: "done",
      detail: `${id}: ${why}`,
    });
    codes.forget(guest);
    principals.revoke(guest);
  }

  #rows(): Row[] {
    return this.#all.all().map((row) => Row.parse(row));
  }

  /** Those that are neither revoked nor over; one from the future is over, too, as everywhere. */
  #standing(): Row[] {
    const now = this.#options.clock.now();
    return this.#rows().filter((row) => row.made <= now && now < row.until && this.#principalOf(row).revoked === null);
  }

  #existing(guest: PrincipalId): Row {
    return Row.parse(this.#byGuest.get(guest));
  }

  #principalOf({ guest }: Row): Principal {
    const principal = this.#options.principals.get(guest);
    if (principal === undefined) throw new TypeError(`${guest} is a guest without a principal`);
    return principal;
  }

  #describe(row: Row): GuestLink {
    const { id, guest, made_by: madeBy, made, until, used } = row;
    const { name, grants, revoked } = this.#principalOf(row);
    const schedule = Schedule.optional().parse(grants[0]?.schedule);
    return GuestLink.parse({
      ...{ id, guest, name, madeBy, made, until, used, revoked },
      cameras: [...new Set(grants.map(({ camera }) => camera))],
      actions: [...new Set(grants.map(({ action }) => action))],
      ...(schedule !== undefined && { schedule }),
    });
  }
}

/** What the guest may, at home and until the end. */
const grantsOf = ({ cameras, actions, until, schedule }: NewGuestLink): Grant[] =>
  cameras.flatMap((camera) =>
    actions.map((action): Grant => ({ action, camera, until, ...(schedule !== undefined && { schedule }) })),
  );
