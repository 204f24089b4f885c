import type { Clock } from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";

import type { Database } from "../../store/database.ts";
import { remoteTables } from "./remote-tables.ts";

/**
 * The number of the set of devices that may knock. It only grows, so that no older set can be put in the place of a newer one. It is a
 * time where that is larger: after a restore it is beyond all that the relay saw before.
 */
export class AdmissionEpoch {
  readonly #clock: Clock;
  readonly #select: StatementSync;
  readonly #put: StatementSync;

  /** Begins a new one: a database may be older than what the relay saw last. */
  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    database.migrate(remoteTables);
    this.#clock = clock;
    this.#select = database.sql.prepare("SELECT epoch FROM admission_epoch");
    this.#put = database.sql.prepare(
      "INSERT INTO admission_epoch VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET epoch = excluded.epoch",
    );
    this.raise();
  }

  get current(): number {
    return Number(this.#select.get()?.["epoch"] ?? 0);
  }

  /** Durable when it returns, or with the transaction that it is part of. */
  raise(): void {
    this.#put.run(Math.max(this.current + 1, this.#clock.now()));
  }
}
