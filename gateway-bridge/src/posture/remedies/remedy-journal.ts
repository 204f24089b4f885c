import { CameraId, PrincipalId, RemedyId, RemedyPlane, RemedyRunId, type RemedyRun } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import { z } from "zod";

import type { Database, Migrations } from "../../store/database.ts";
import { openPhases, RunPhase, stateOf } from "./run-phase.ts";

const migrations: Migrations = {
  name: "remedies",
  steps: [
    `CREATE TABLE remedy_runs (
       id TEXT PRIMARY KEY,
       camera TEXT NOT NULL,
       phase TEXT NOT NULL,
       content TEXT NOT NULL
     ) STRICT;
     CREATE INDEX remedy_runs_by_phase ON remedy_runs (phase)`,
  ],
};

const Who = z.strictObject({ id: PrincipalId, name: z.string() });
export type Who = z.infer<typeof Who>;

/** A run as it is stored. What was before the change is sealed elsewhere, because it may hold secrets. */
const Content = z.strictObject({
  remedy: RemedyId,
  plane: RemedyPlane,
  proven: z.boolean(),
  /** The camera's login is in doubt while it is applied or undone. */
  changesLogin: z.boolean(),
  options: z.strictObject({ vendor: z.boolean(), firmware: z.string().optional() }),
  steps: z.array(z.string()),
  stops: z.array(z.string()),
  undoable: z.boolean(),
  proposedBy: Who,
  confirmedBy: Who.nullable(),
  proposedAt: z.int(),
  endedAt: z.int().nullable(),
  evidence: z.array(z.string()),
  /** Why it failed. */
  error: z.string().nullable(),
  /** What is not as before. */
  left: z.string().nullable(),
  /** Until when nothing is done, and why; null where nothing is waited for, and in rows of before there was such a thing. */
  waiting: z.strictObject({ until: z.int(), why: z.string() }).nullable().default(null),
  /** Starts of the gateway, and failures, since this phase began. */
  starts: z.int().nonnegative(),
  failures: z.int().nonnegative(),
});
const Row = z.object({ id: RemedyRunId, camera: CameraId, phase: RunPhase, content: z.string() });

export interface Run extends z.infer<typeof Content> {
  readonly id: RemedyRunId;
  readonly camera: CameraId;
  readonly phase: RunPhase;
}

const mostKept = 500;

/** Runs of remedies, which outlive the process: each part is written down before it begins. */
export class RemedyJournal {
  readonly #database: Database;

  constructor(database: Database) {
    database.migrate(migrations);
    this.#database = database;
  }

  /** Newest first. */
  list(): readonly Run[] {
    return this.#database.sql.prepare("SELECT * FROM remedy_runs ORDER BY rowid DESC").all().map(toRun);
  }

  get(id: RemedyRunId): Run | undefined {
    const row = this.#database.sql.prepare("SELECT * FROM remedy_runs WHERE id = ?").get(id);
    return row === undefined ? undefined : toRun(row);
  }

  /** Durable when it returns. */
  save({ id, camera, phase, ...content }: Run): void {
    this.#database.sql
      .prepare(
        `INSERT INTO remedy_runs VALUES (?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET phase = excluded.phase, content = excluded.content`,
      )
      .run(id, camera, phase, JSON.stringify(content));
  }

  remove(id: RemedyRunId): void {
    this.#database.sql.prepare("DELETE FROM remedy_runs WHERE id = ?").run(id);
  }

  /** Those that have ended and that nobody needs to know any more. */
  surplus(): readonly Run[] {
    return this.list()
      .filter(({ endedAt }) => endedAt !== null)
      .slice(mostKept);
  }
}

/** Cameras whose password is in doubt, because a change of it was cut off: nobody may log in to them until that is settled. */
export const camerasInDoubt = (database: Database): readonly CameraId[] => {
  database.migrate(migrations);
  const open = openPhases.map(() => "?").join(", ");
  const rows = database.sql.prepare(`SELECT * FROM remedy_runs WHERE phase IN (${open})`).all(...openPhases);
  const doubtful = rows.map(toRun).filter(isLoginInDoubt);
  return [...new Set(doubtful.map(({ camera }) => camera))];
};

/** Whether the camera may have another password than the gateway knows of. */
export const isLoginInDoubt = ({ phase, changesLogin }: Pick<Run, "phase" | "changesLogin">): boolean =>
  changesLogin && (phase === "applying" || phase === "undoing");

const toRun = (row: unknown): Run => {
  const { content, ...rest } = Row.parse(row);
  return { ...Content.parse(JSON.parse(content)), ...rest };
};

/** As it is told. */
export const viewOfRun = (run: Run): RemedyRun => ({
  id: run.id,
  remedy: run.remedy,
  camera: run.camera,
  plane: run.plane,
  proven: run.proven,
  state: stateOf(run.phase),
  steps: [...run.steps],
  stops: [...run.stops],
  undoable: run.undoable,
  proposedBy: run.proposedBy,
  confirmedBy: run.confirmedBy,
  proposedAt: run.proposedAt,
  endedAt: run.endedAt,
  evidence: [...run.evidence],
  error: run.error,
  left: run.left,
  waiting: run.waiting,
});

/** `mend-` and 16 letters of base32: 80 random bits. */
export const newRunId = (): RemedyRunId => {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  return RemedyRunId.parse(`mend-${[...randomBytes(16)].map((byte) => letters.charAt(byte % 32)).join("")}`);
};
