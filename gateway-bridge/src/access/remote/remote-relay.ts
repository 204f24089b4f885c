import { RelayPlace, TunnelId } from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";
import { z } from "zod";

import type { Database } from "../../store/database.ts";
import { remoteTables } from "./remote-tables.ts";

const Row = z.object({
  address: RelayPlace.shape.address,
  name: RelayPlace.shape.name,
  keys: z.string().transform((text) => RelayPlace.shape.keys.parse(JSON.parse(text))),
  tunnel: TunnelId,
  enabled: z.int().transform((flag) => flag !== 0),
});

/** The relay that this gateway was enrolled at, and what it knows the gateway by. */
export interface Enrolment {
  readonly place: RelayPlace;
  readonly tunnel: TunnelId;
}

/** Where the relay is, and whether the gateway goes there. Off until the owner says otherwise. */
export class RemoteRelay {
  readonly #select: StatementSync;
  readonly #replace: StatementSync;
  readonly #setEnabled: StatementSync;
  readonly #setKeys: StatementSync;
  readonly #delete: StatementSync;

  constructor(database: Database) {
    database.migrate(remoteTables);
    const { sql } = database;
    this.#select = sql.prepare("SELECT * FROM remote_relay");
    this.#replace = sql.prepare("REPLACE INTO remote_relay VALUES (1, ?, ?, ?, ?, 0)");
    this.#setEnabled = sql.prepare("UPDATE remote_relay SET enabled = ?");
    this.#setKeys = sql.prepare("UPDATE remote_relay SET keys = ?");
    this.#delete = sql.prepare("DELETE FROM remote_relay");
  }

  /** Undefined where no relay knows this gateway. */
  get enrolment(): Enrolment | undefined {
    const row = this.#row();
    return row && { place: { address: row.address, name: row.name, keys: row.keys }, tunnel: row.tunnel };
  }

  get enabled(): boolean {
    return this.#row()?.enabled ?? false;
  }

  /** Puts another in the place of the one before; off. */
  enrol({ place: { address, name, keys }, tunnel }: Enrolment): void {
    this.#replace.run(address, name, JSON.stringify(keys), tunnel);
  }

  /** Without an enrolment it stays off. */
  switch(enabled: boolean): void {
    this.#setEnabled.run(enabled ? 1 : 0);
  }

  /** The relay's keys, the newest first: what it said of itself over a connection to a pinned one. */
  notePlaceKeys(keys: RelayPlace["keys"]): void {
    this.#setKeys.run(JSON.stringify(RelayPlace.shape.keys.parse(keys)));
  }

  leave(): void {
    this.#delete.run();
  }

  #row(): z.infer<typeof Row> | undefined {
    const row = this.#select.get();
    return row && Row.parse(row);
  }
}
