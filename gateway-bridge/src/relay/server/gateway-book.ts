import { GatehouseError, SpkiPin, TunnelId, type Clock } from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";
import { z } from "zod";

import type { AuditSink } from "../../ports.ts";
import type { Database, Migrations } from "../../store/database.ts";
import { goodKeys, type NotedKey } from "./gateway-key-policy.ts";
import { KeyChanges } from "./key-changes.ts";
import { invalid, Invites, type Invite } from "./invites.ts";
import type { GatewayLimits } from "./limits.ts";

const migrations: Migrations = {
  name: "relay-gateways",
  steps: [
    `CREATE TABLE relay_gateways (
       id TEXT PRIMARY KEY,
       enrolled INTEGER NOT NULL,
       revoked INTEGER,
       limits TEXT NOT NULL
     ) STRICT;
     CREATE TABLE relay_gateway_keys (
       pin TEXT PRIMARY KEY,
       gateway TEXT NOT NULL REFERENCES relay_gateways (id),
       noted INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX relay_gateway_keys_of ON relay_gateway_keys (gateway)`,
  ],
};

const Bound = z.int().positive().exactOptional();
const StoredLimits = z.strictObject({ channelsPerGateway: Bound, channelsPerDevice: Bound, bytesPerSecond: Bound });

/** A gateway as the relay keeps it: nothing of its devices, nor of where it is. */
export interface EnrolledGateway {
  readonly id: TunnelId;
  readonly enrolled: number;
  readonly revoked: number | undefined;
  /** Of the keys that it may come with, the oldest first; two while it changes its key. */
  readonly pins: readonly string[];
  /** Where they are others than the relay's own. */
  readonly limits: GatewayLimits;
}

export interface GatewayBookOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly audit: AuditSink;
}

/**
 * The gateways of a relay, and the invites by which they come in. What gateways do here is written into the audit log with it, wholly or not at
 * all; what operators do, by whoever calls, who knows them.
 */
export class GatewayBook {
  readonly #options: GatewayBookOptions;
  readonly #invites: Invites;
  readonly #rows: Rows;
  readonly #keyChanges: KeyChanges;
  readonly #listeners = new Set<(gateway: EnrolledGateway) => void>();

  private constructor(options: GatewayBookOptions) {
    this.#options = options;
    this.#invites = Invites.open(options.database, options.clock);
    this.#rows = prepare(options.database);
    this.#keyChanges = new KeyChanges(options.clock);
  }

  static open(options: GatewayBookOptions): GatewayBook {
    options.database.migrate(migrations);
    return new GatewayBook(options);
  }

  /** @throws GatehouseError `too-many-invites` */
  invite({ ttlMs }: { readonly ttlMs: number }): Invite {
    return this.#invites.make(ttlMs);
  }

  /**
   * Enrols a gateway by an invite, wholly or not at all.
   * @param pin of the key that it proved to have
   * @throws GatehouseError `invite-invalid`, also for a key that was revoked; `audit-unwritable`
   */
  redeem({
    secret,
    gateway,
    pin,
  }: {
    readonly secret: string;
    readonly gateway: TunnelId;
    readonly pin: string;
  }): void {
    const { database, clock, audit } = this.#options;
    database.transaction(() => {
      const { again } = this.#invites.use(secret, gateway);
      const known = this.find(gateway);
      const owner = this.#rows.ofPin.get(pin)?.["gateway"] ?? gateway;
      const isItsOwn = known === undefined || (known.revoked === undefined && known.pins.includes(pin));
      if (owner !== gateway || !isItsOwn) throw invalid();
      if (again) return;
      const now = clock.now();
      if (known === undefined) {
        this.#rows.insert.run(gateway, now, "{}");
        this.#rows.insertKey.run(pin, gateway, now);
      }
      audit.append({ principal: gateway, action: "enrol", target: gateway, outcome: "done", detail: `key ${pin}` });
    });
  }

  /** Whose key this is. Undefined also for a gateway that was revoked, and for a key that is good no more. */
  byPin(pin: string): EnrolledGateway | undefined {
    const row = this.#rows.ofPin.get(pin);
    const gateway = row === undefined ? undefined : this.find(TunnelId.parse(row["gateway"]));
    return gateway?.revoked === undefined && gateway?.pins.includes(pin) === true ? gateway : undefined;
  }

  find(id: TunnelId): EnrolledGateway | undefined {
    const row = this.#rows.one.get(id);
    return row === undefined ? undefined : this.#toGateway(row);
  }

  /** How many may come. */
  get count(): number {
    return Number(this.#rows.standing.get()?.["gateways"]);
  }

  list(): readonly EnrolledGateway[] {
    return this.#rows.all.all().map((row) => this.#toGateway(row));
  }

  /** For good: its key never comes back. Its tunnel and its channels end. @throws GatehouseError `not-found` */
  revoke(id: TunnelId): void {
    this.#change(id, () => this.#rows.revoke.run(this.#options.clock.now(), id));
  }

  /** In place of those before. @throws GatehouseError `not-found` */
  setLimits(id: TunnelId, limits: GatewayLimits): void {
    this.#change(id, () => this.#rows.limit.run(JSON.stringify(StoredLimits.parse(limits)), id));
  }

  /**
   * The gateway will come with another key.
   * @param only the key that it came with is good for nothing any more
   * @throws GatehouseError `not-found`, `request-invalid` for a key of another gateway, `too-many-requests`, `audit-unwritable`
   */
  noteKey(id: TunnelId, pin: string, { only, now: current }: { readonly only: boolean; readonly now: string }): void {
    const { database, clock, audit } = this.#options;
    this.#keyChanges.count(id);
    database.transaction(() => {
      this.#standing(id);
      const owner = this.#rows.ofPin.get(pin)?.["gateway"];
      if (owner !== undefined && owner !== id)
        throw new GatehouseError("request-invalid", "this key is another gateway's");
      // The one that it came with, and the one that it will come with; no third.
      this.#rows.keepKeys.run(id, pin, only ? pin : current);
      if (owner === undefined) this.#rows.insertKey.run(pin, id, clock.now());
      const detail = only ? `${pin}, and no other` : pin;
      audit.append({ principal: id, action: "noteKey", target: id, outcome: "done", detail });
    });
  }

  /** The gateway came with this key: those from before it are good no more. @throws GatehouseError `audit-unwritable` */
  useKey(id: TunnelId, pin: string): void {
    const { database, audit } = this.#options;
    database.transaction(() => {
      if (this.#rows.dropOlder.run(id, pin).changes === 0) return;
      audit.append({ principal: id, action: "useKey", target: id, outcome: "done", detail: pin });
    });
  }

  /** Tells of each that was revoked, or given other limits. */
  onChanged(listener: (gateway: EnrolledGateway) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  #change(id: TunnelId, work: () => void): void {
    this.#options.database.transaction(() => {
      this.#standing(id);
      work();
    });
    const gateway = this.find(id);
    if (gateway !== undefined) for (const listener of this.#listeners) listener(gateway);
  }

  #standing(id: TunnelId): void {
    const known = this.find(id);
    if (known === undefined || known.revoked !== undefined) {
      throw new GatehouseError("not-found", `no gateway ${id} is enrolled`);
    }
  }

  #toGateway(row: Record<string, unknown>): EnrolledGateway {
    const id = TunnelId.parse(row["id"]);
    const keys = this.#rows.keysOf.all(id).map(toKey);
    return {
      id,
      enrolled: Number(row["enrolled"]),
      revoked: row["revoked"] === null ? undefined : Number(row["revoked"]),
      pins: goodKeys(keys, this.#options.clock.now()).map(({ pin }) => pin),
      limits: StoredLimits.parse(JSON.parse(String(row["limits"]))),
    };
  }
}

const toKey = (row: Record<string, unknown>): NotedKey => ({
  pin: SpkiPin.parse(row["pin"]),
  noted: Number(row["noted"]),
});

type Rows = Record<RowName, StatementSync>;
type RowName =
  | "insert"
  | "standing"
  | "insertKey"
  | "ofPin"
  | "one"
  | "all"
  | "revoke"
  | "limit"
  | "keysOf"
  | "keepKeys"
  | "dropOlder";

const prepare = ({ sql }: Database): Rows => ({
  insert: sql.prepare("INSERT INTO relay_gateways (id, enrolled, limits) VALUES (?, ?, ?)"),
  insertKey: sql.prepare("INSERT INTO relay_gateway_keys (pin, gateway, noted) VALUES (?, ?, ?)"),
  ofPin: sql.prepare("SELECT gateway FROM relay_gateway_keys WHERE pin = ?"),
  one: sql.prepare("SELECT * FROM relay_gateways WHERE id = ?"),
  all: sql.prepare("SELECT * FROM relay_gateways ORDER BY enrolled, id"),
  standing: sql.prepare("SELECT count(*) AS gateways FROM relay_gateways WHERE revoked IS NULL"),
  revoke: sql.prepare("UPDATE relay_gateways SET revoked = ? WHERE id = ?"),
  limit: sql.prepare("UPDATE relay_gateways SET limits = ? WHERE id = ?"),
  keysOf: sql.prepare("SELECT pin, noted FROM relay_gateway_keys WHERE gateway = ? ORDER BY noted, rowid"),
  keepKeys: sql.prepare("DELETE FROM relay_gateway_keys WHERE gateway = ? AND pin NOT IN (?, ?)"),
  dropOlder: sql.prepare(
    `DELETE FROM relay_gateway_keys WHERE gateway = ?1 AND pin <> ?2
       AND rowid < (SELECT rowid FROM relay_gateway_keys WHERE pin = ?2)`,
  ),
});
