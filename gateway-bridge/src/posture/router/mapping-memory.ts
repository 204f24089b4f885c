import { CameraId } from "@gatehouse/shared";

import type { Database, Migrations } from "../../store/database.ts";
import type { WatchedMapping } from "./watch-policy.ts";

const migrations: Migrations = {
  name: "router-watch",
  steps: [
    `CREATE TABLE watched_mappings (
      place INTEGER PRIMARY KEY,
      camera TEXT NOT NULL,
      protocol TEXT NOT NULL,
      external_port INTEGER NOT NULL,
      internal_client TEXT NOT NULL,
      internal_port INTEGER NOT NULL,
      there INTEGER NOT NULL
    ) STRICT`,
  ],
};

/** What the router's watch saw, so that it knows after a restart what has come back. */
export class MappingMemory {
  readonly #database: Database;

  constructor(database: Database) {
    database.migrate(migrations);
    this.#database = database;
  }

  load(): readonly WatchedMapping[] {
    const rows = this.#database.sql.prepare("SELECT * FROM watched_mappings ORDER BY place").all();
    return rows.map((row) => ({
      mapping: {
        camera: CameraId.parse(row["camera"]),
        protocol: row["protocol"] === "UDP" ? "UDP" : "TCP",
        externalPort: Number(row["external_port"]),
        internalClient: String(row["internal_client"]),
        internalPort: Number(row["internal_port"]),
      },
      there: row["there"] === 1,
    }));
  }

  /** In the place of all that was known. */
  save(known: readonly WatchedMapping[]): void {
    const { sql } = this.#database;
    this.#database.transaction(() => {
      sql.exec("DELETE FROM watched_mappings");
      const insert = sql.prepare("INSERT INTO watched_mappings VALUES (NULL, ?, ?, ?, ?, ?, ?)");
      for (const { mapping, there } of known) {
        const { camera, protocol, externalPort, internalClient, internalPort } = mapping;
        insert.run(camera, protocol, externalPort, internalClient, internalPort, there ? 1 : 0);
      }
    });
  }
}
