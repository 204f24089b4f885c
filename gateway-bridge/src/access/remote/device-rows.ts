import { DeviceId, Name, PrincipalId, Thumbprint } from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";
import { z } from "zod";

import type { Database } from "../../store/database.ts";
import { remoteTables } from "./remote-tables.ts";

/** Checked again on the way out, like every row that can become a right. */
const DeviceRow = z.object({
  id: DeviceId,
  person: PrincipalId,
  name: Name,
  /** Of its Ed25519 key. */
  thumbprint: Thumbprint,
  /** Unix milliseconds, as all that follow. */
  added: z.int(),
  /** When it last expected the gateway's newest key. */
  current: z.int(),
  /** When it last came through. */
  used: z.int().nullable(),
  revoked: z.int().nullable(),
});
export type DeviceRow = z.infer<typeof DeviceRow>;

/** What was noted within this time is not noted anew. */
const noteMs = 60_000;

/** Every device that was ever paired, as its row has it. None is deleted, so that the audit log's ids stay readable. */
export class DeviceRows {
  readonly #all: StatementSync;
  readonly #byId: StatementSync;
  readonly #byThumbprint: StatementSync;
  readonly #insert: StatementSync;
  readonly #revoke: StatementSync;
  readonly #note: Readonly<Record<"current" | "used", StatementSync>>;

  constructor(database: Database) {
    database.migrate(remoteTables);
    const { sql } = database;
    this.#all = sql.prepare("SELECT * FROM remote_devices ORDER BY added, id");
    this.#byId = sql.prepare("SELECT * FROM remote_devices WHERE id = ?");
    this.#byThumbprint = sql.prepare("SELECT * FROM remote_devices WHERE thumbprint = ?");
    this.#insert = sql.prepare("INSERT INTO remote_devices VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)");
    this.#revoke = sql.prepare("UPDATE remote_devices SET revoked = ? WHERE id = ? AND revoked IS NULL");
    const note = (column: "current" | "used"): StatementSync =>
      sql.prepare(
        `UPDATE remote_devices SET ${column} = ?2 WHERE id = ?1 AND (${column} IS NULL OR abs(?2 - ${column}) >= ${noteMs})`,
      );
    this.#note = { current: note("current"), used: note("used") };
  }

  /** The oldest first, revoked ones too. */
  list(): DeviceRow[] {
    return this.#all.all().map((row) => DeviceRow.parse(row));
  }

  /** Those that are not revoked. */
  standing(): DeviceRow[] {
    return this.list().filter(({ revoked }) => revoked === null);
  }

  get(id: DeviceId): DeviceRow | undefined {
    return toRow(this.#byId.get(id));
  }

  byThumbprint(thumbprint: Thumbprint): DeviceRow | undefined {
    return toRow(this.#byThumbprint.get(thumbprint));
  }

  insert({ id, person, name, thumbprint, added }: Omit<DeviceRow, "current" | "used" | "revoked">): void {
    this.#insert.run(id, person, name, thumbprint, added, added);
  }

  revoke(id: DeviceId, now: number): void {
    this.#revoke.run(now, id);
  }

  /** Writes down that something happened now, at most once a minute. */
  note(what: "current" | "used", id: DeviceId, now: number): void {
    this.#note[what].run(id, now);
  }
}

const toRow = (row: Record<string, unknown> | undefined): DeviceRow | undefined =>
  row === undefined ? undefined : DeviceRow.parse(row);
