import { Acceptance, CameraId, CheckId, Grade, Severity, Statement, Tally, type TrendPoint } from "@gatehouse/shared";
import type { StatementSync } from "node:sqlite";
import { z } from "zod";

import type { Database, Migrations } from "../store/database.ts";
import type { KnownFinding } from "./finding-policy.ts";
import type { WebPage } from "./guides/guide-for.ts";

const migrations: Migrations = {
  name: "posture",
  steps: [
    // `camera` is empty for what concerns the home.
    `CREATE TABLE posture_consents (camera TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE posture_findings (
       camera TEXT NOT NULL,
       check_id TEXT NOT NULL,
       finding TEXT NOT NULL,
       PRIMARY KEY (camera, check_id)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE posture_acceptances (
       camera TEXT NOT NULL,
       check_id TEXT NOT NULL,
       severity TEXT NOT NULL,
       acceptance TEXT NOT NULL,
       PRIMARY KEY (camera, check_id)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE posture_statements (check_id TEXT PRIMARY KEY, statement TEXT NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE posture_looks (camera TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE posture_trend (day INTEGER PRIMARY KEY, at INTEGER NOT NULL, grade TEXT NOT NULL, tally TEXT NOT NULL) STRICT`,
    `CREATE TABLE posture_courses (
       camera TEXT NOT NULL,
       day INTEGER NOT NULL,
       at INTEGER NOT NULL,
       grade TEXT NOT NULL,
       tally TEXT NOT NULL,
       PRIMARY KEY (camera, day)
     ) STRICT, WITHOUT ROWID;
     INSERT INTO posture_courses SELECT '', day, at, grade, tally FROM posture_trend;
     DROP TABLE posture_trend`,
    "CREATE TABLE posture_pages (camera TEXT PRIMARY KEY, page TEXT NOT NULL) STRICT, WITHOUT ROWID",
  ],
};

const Known = z.strictObject({
  status: z.enum(["failed", "passed", "unknown", "not-applicable", "behind"]),
  severity: Severity,
  evidence: z.array(z.string()),
  note: z.string().nullable(),
  since: z.number(),
  seen: z.number().nullable(),
  pending: z.enum(["failed", "passed"]).nullable(),
});
const Page = z.strictObject({ secure: z.boolean(), port: z.int().min(1).max(65_535) });
const TrendRow = z.object({ at: z.number(), grade: Grade, tally: z.string() });

const dayMs = 86_400_000;
/** How many days of a course are kept: a year of the home's, a month of each camera's. */
const daysOf = (camera: CameraId | null): number => (camera === null ? 366 : 31);

/** One observation's place: of a camera, or of the home where `camera` is null. */
export interface FindingKey {
  readonly check: CheckId;
  readonly camera: CameraId | null;
}

export interface KeptFinding extends FindingKey {
  readonly known: KnownFinding;
}

/** An acceptance, and how bad the weakness was that was accepted. */
export interface KeptAcceptance extends FindingKey {
  readonly acceptance: Acceptance;
  readonly severity: Severity;
}

/** What is known of weaknesses, and what the owner said about them. Durable when a call returns. */
export class PostureStore {
  readonly #database: Database;
  readonly #upsert: StatementSync;

  private constructor(database: Database) {
    this.#database = database;
    this.#upsert = database.sql.prepare(
      `INSERT INTO posture_findings VALUES (?, ?, ?)
       ON CONFLICT (camera, check_id) DO UPDATE SET finding = excluded.finding`,
    );
  }

  static open(database: Database): PostureStore {
    database.migrate(migrations);
    return new PostureStore(database);
  }

  granted(camera: CameraId): boolean {
    return this.#database.sql.prepare("SELECT 1 FROM posture_consents WHERE camera = ?").get(camera) !== undefined;
  }

  consent(camera: CameraId, granted: boolean, now: number): void {
    const { sql } = this.#database;
    if (granted) sql.prepare("INSERT INTO posture_consents VALUES (?, ?) ON CONFLICT DO NOTHING").run(camera, now);
    else sql.prepare("DELETE FROM posture_consents WHERE camera = ?").run(camera);
  }

  findings(): readonly KeptFinding[] {
    return this.#database.sql
      .prepare("SELECT camera, check_id, finding FROM posture_findings")
      .all()
      .flatMap((row) => {
        const key = keyOf(row);
        // A check that a newer version knew, or a camera's id that is none: neither is shown.
        return key === undefined ? [] : [{ ...key, known: Known.parse(JSON.parse(String(row["finding"]))) }];
      });
  }

  keep({ check, camera }: FindingKey, known: KnownFinding): void {
    this.#upsert.run(camera ?? "", check, JSON.stringify(known));
  }

  acceptances(): readonly KeptAcceptance[] {
    return this.#database.sql
      .prepare("SELECT * FROM posture_acceptances")
      .all()
      .flatMap((row) => {
        const key = keyOf(row);
        if (key === undefined) return [];
        const acceptance = Acceptance.parse(JSON.parse(String(row["acceptance"])));
        return [{ ...key, acceptance, severity: Severity.parse(row["severity"]) }];
      });
  }

  accept({ check, camera, severity, acceptance }: KeptAcceptance): void {
    this.#database.sql
      .prepare(
        `INSERT INTO posture_acceptances VALUES (?, ?, ?, ?)
         ON CONFLICT (camera, check_id) DO UPDATE SET severity = excluded.severity, acceptance = excluded.acceptance`,
      )
      .run(camera ?? "", check, severity, JSON.stringify(acceptance));
  }

  /** @returns whether there was one */
  withdraw({ check, camera }: FindingKey): boolean {
    const { changes } = this.#database.sql
      .prepare("DELETE FROM posture_acceptances WHERE camera = ? AND check_id = ?")
      .run(camera ?? "", check);
    return Number(changes) > 0;
  }

  statement(check: CheckId): Statement | null {
    const row = this.#database.sql.prepare("SELECT statement FROM posture_statements WHERE check_id = ?").get(check);
    return row === undefined ? null : Statement.parse(JSON.parse(String(row["statement"])));
  }

  state(check: CheckId, statement: Statement): void {
    this.#database.sql
      .prepare("INSERT INTO posture_statements VALUES (?, ?) ON CONFLICT DO UPDATE SET statement = excluded.statement")
      .run(check, JSON.stringify(statement));
  }

  /** When a camera, or the home, was last looked at as a whole. */
  lookedAt(camera: CameraId | null): number | null {
    const row = this.#database.sql.prepare("SELECT at FROM posture_looks WHERE camera = ?").get(camera ?? "");
    return row === undefined ? null : Number(row["at"]);
  }

  noteLook(camera: CameraId | null, at: number): void {
    this.#database.sql
      .prepare("INSERT INTO posture_looks VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at")
      .run(camera ?? "", at);
  }

  /** The course of a camera, or of the home: oldest first, one for each day, its last. */
  trend(camera: CameraId | null): readonly TrendPoint[] {
    return this.#database.sql
      .prepare("SELECT at, grade, tally FROM posture_courses WHERE camera = ? ORDER BY day DESC LIMIT ?")
      .all(camera ?? "", daysOf(camera))
      .map((row) => {
        const { at, grade, tally } = TrendRow.parse(row);
        return { at, grade, tally: Tally.parse(JSON.parse(tally)) };
      })
      .reverse();
  }

  noteTrend(camera: CameraId | null, { at, grade, tally }: TrendPoint): void {
    const day = Math.floor(at / dayMs);
    const { sql } = this.#database;
    this.#database.transaction(() => {
      sql
        .prepare(
          `INSERT INTO posture_courses VALUES (?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET at = excluded.at, grade = excluded.grade, tally = excluded.tally`,
        )
        .run(camera ?? "", day, at, grade, JSON.stringify(tally));
      const first = day - daysOf(camera);
      sql.prepare("DELETE FROM posture_courses WHERE camera = ? AND day <= ?").run(camera ?? "", first);
    });
  }

  /** Where the camera's page was seen last. */
  page(camera: CameraId): WebPage | undefined {
    const row = this.#database.sql.prepare("SELECT page FROM posture_pages WHERE camera = ?").get(camera);
    return row === undefined ? undefined : Page.parse(JSON.parse(String(row["page"])));
  }

  notePage(camera: CameraId, { secure, port }: WebPage): void {
    this.#database.sql
      .prepare("INSERT INTO posture_pages VALUES (?, ?) ON CONFLICT DO UPDATE SET page = excluded.page")
      .run(camera, JSON.stringify({ secure, port }));
  }

  /** Of a camera that was removed. */
  forget(camera: CameraId): void {
    this.#database.transaction(() => {
      for (const table of ["consents", "findings", "acceptances", "looks", "courses", "pages"]) {
        this.#database.sql.prepare(`DELETE FROM posture_${table} WHERE camera = ?`).run(camera);
      }
    });
  }
}

const keyOf = (row: Readonly<Record<string, unknown>>): FindingKey | undefined => {
  const check = CheckId.safeParse(row["check_id"]);
  const camera = CameraId.safeParse(row["camera"]);
  if (!check.success || (row["camera"] !== "" && !camera.success)) return undefined;
  return { check: check.data, camera: camera.success ? camera.data : null };
};
