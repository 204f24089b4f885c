import { CameraId } from "@gatehouse/shared";
import { z } from "zod";

import type { Database, Migrations } from "../store/database.ts";

const migrations: Migrations = {
  name: "posture-endpoints",
  steps: [
    // `told` is the other address that was last told of; empty while it is where it should be.
    `CREATE TABLE posture_endpoints (endpoint TEXT PRIMARY KEY, camera TEXT NOT NULL, told TEXT NOT NULL) STRICT, WITHOUT ROWID`,
  ],
};

const Row = z.object({ endpoint: z.string(), camera: CameraId, told: z.string() });

/** A recorder answers for each of its channels. */
const mostOfOne = 64;

/** What added cameras call themselves on the network, so that one is known again at another address. */
export class KnownEndpoints {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  static open(database: Database): KnownEndpoints {
    database.migrate(migrations);
    return new KnownEndpoints(database);
  }

  /** By what they call themselves. */
  all(): ReadonlyMap<string, CameraId> {
    const rows = this.#database.sql.prepare("SELECT * FROM posture_endpoints").all();
    return new Map(rows.map((row) => Row.parse(row)).map(({ endpoint, camera }) => [endpoint, camera]));
  }

  /** That one answers where the camera should be. */
  noteHome(endpoint: string, camera: CameraId): void {
    const { sql } = this.#database;
    sql
      .prepare(
        `INSERT INTO posture_endpoints SELECT ?1, ?2, '' WHERE (SELECT count(*) FROM posture_endpoints WHERE camera = ?2) < ${mostOfOne}
         ON CONFLICT (endpoint) DO UPDATE SET camera = excluded.camera, told = ''`,
      )
      .run(endpoint, camera);
  }

  /** That one answers elsewhere. @returns whether that is news */
  noteMoved(endpoint: string, camera: CameraId, address: string): boolean {
    const { sql } = this.#database;
    const { changes } = sql
      .prepare(
        `INSERT INTO posture_endpoints VALUES (?1, ?2, ?3)
         ON CONFLICT (endpoint) DO UPDATE SET camera = excluded.camera, told = excluded.told WHERE told <> excluded.told`,
      )
      .run(endpoint, camera, address);
    return Number(changes) > 0;
  }

  /** Keeps only what is known of these. */
  keep(cameras: readonly CameraId[]): void {
    const { sql } = this.#database;
    sql
      .prepare("DELETE FROM posture_endpoints WHERE camera NOT IN (SELECT value FROM json_each(?))")
      .run(JSON.stringify(cameras));
  }
}
