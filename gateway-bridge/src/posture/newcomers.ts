import {
  EventBus,
  GatehouseError,
  Newcomer,
  NewcomerId,
  randomId,
  supervise,
  type CameraId,
  type Cancellable,
  type Clock,
  type Logger,
} from "@gatehouse/shared";
import { z } from "zod";

import type { Database, Migrations } from "../store/database.ts";
import { KnownEndpoints } from "./known-endpoints.ts";
import { judgeDevice, type AdoptedCamera, type SeenDevice, type Standing } from "./newcomer-policy.ts";

const migrations: Migrations = {
  name: "posture-newcomers",
  steps: [
    // `endpoint` is what the device calls itself, the same at every address.
    `CREATE TABLE posture_newcomers (
       id TEXT PRIMARY KEY,
       endpoint TEXT NOT NULL UNIQUE,
       address TEXT NOT NULL,
       name TEXT NOT NULL,
       hardware TEXT NOT NULL,
       first INTEGER NOT NULL,
       last INTEGER NOT NULL,
       dismissed INTEGER NOT NULL CHECK (dismissed IN (0, 1))
     ) STRICT`,
  ],
};

/** An added camera that says to be at another address now. */
export interface MovedCamera {
  readonly camera: CameraId;
  readonly address: string;
}

export interface NewcomersOptions {
  readonly database: Database;
  readonly cameras: { adopted(): readonly AdoptedCamera[] };
  /** Where names lead may change: asked before each look. */
  readonly resolve?: (cancel: Cancellable) => Promise<void>;
  readonly look: (cancel: Cancellable) => Promise<readonly SeenDevice[]>;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter only. */
  readonly random: () => number;
  /** Between two looks, in ms; five minutes unless told, never where null. */
  readonly everyMs?: number | null;
}

const fiveMinutesMs = 5 * 60_000;
/** What was not seen for so long has left. */
const keptMs = 30 * 86_400_000;
/** One device that answers under ever new names neither fills the table nor pushes out who was there before. */
const mostNewcomers = 64;

const Row = z.object({
  id: NewcomerId,
  endpoint: z.string(),
  address: z.string(),
  name: z.string(),
  hardware: z.string(),
  first: z.number(),
  last: z.number(),
  dismissed: z.number(),
});

/**
 * Cameras on the network that nobody has adopted: noticed once, and exposed to nothing, because only adopted cameras are cameras to all the
 * rest of the gateway. They are not spoken to beyond the question who is there.
 */
export class Newcomers implements AsyncDisposable {
  readonly #options: NewcomersOptions;
  readonly #endpoints: KnownEndpoints;
  readonly #noticed: EventBus<Newcomer>;
  readonly #moved: EventBus<MovedCamera>;
  readonly #back: EventBus<CameraId>;
  readonly #closing = new AbortController();
  #watch: Promise<void> = Promise.resolve();

  private constructor(options: NewcomersOptions) {
    this.#options = options;
    this.#endpoints = KnownEndpoints.open(options.database);
    this.#noticed = new EventBus(options.log);
    this.#moved = new EventBus(options.log);
    this.#back = new EventBus(options.log);
  }

  static open(options: NewcomersOptions): Newcomers {
    options.database.migrate(migrations);
    const newcomers = new Newcomers(options);
    newcomers.#watch = newcomers.#lookAgainAndAgain();
    return newcomers;
  }

  /** The newest first. */
  list(): readonly Newcomer[] {
    const adopted = new Set(this.#options.cameras.adopted().flatMap(({ addresses }) => addresses));
    return this.#rows()
      .filter(({ address }) => !adopted.has(address))
      .map(({ endpoint: _, dismissed, ...rest }) => ({ ...rest, dismissed: dismissed === 1 }));
  }

  /** It is not told of again. @throws GatehouseError `not-found` */
  dismiss(id: NewcomerId): void {
    const { sql } = this.#options.database;
    const { changes } = sql.prepare("UPDATE posture_newcomers SET dismissed = 1 WHERE id = ?").run(id);
    if (Number(changes) === 0) throw new GatehouseError("not-found", "There is no newcomer of that id.");
  }

  /** Tells of each once. */
  onNoticed(listener: (newcomer: Newcomer) => void): Disposable {
    return this.#noticed.on(listener);
  }

  /** Tells once of an added camera that says to be elsewhere: for each address. */
  onMoved(listener: (moved: MovedCamera) => void): Disposable {
    return this.#moved.on(listener);
  }

  /** Tells of added cameras that answer where they should be, at each look. */
  onBack(listener: (camera: CameraId) => void): Disposable {
    return this.#back.on(listener);
  }

  /** Looks now, beside the looks that it takes by itself. */
  async look(cancel: Cancellable): Promise<void> {
    const { resolve, look, cameras } = this.#options;
    await resolve?.(cancel);
    const devices = await look(cancel);
    const adopted = cameras.adopted();
    this.#endpoints.keep(adopted.map(({ id }) => id));
    const home = { adopted, endpoints: this.#endpoints.all(), answering: new Set(devices.map((each) => each.address)) };
    const strangers = devices.filter((device) => {
      const standing = judgeDevice(device, home);
      if (standing.kind === "stranger") return true;
      this.#noteAdded(device, standing);
      return false;
    });
    for (const newcomer of this.#keep(strangers)) this.#noticed.emit(newcomer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new GatehouseError("aborted", "the gateway is closing"));
    await this.#watch;
  }

  #noteAdded({ endpoint, address }: SeenDevice, { kind, camera }: Exclude<Standing, { kind: "stranger" }>): void {
    // It may have been taken for a stranger before it was known.
    this.#options.database.sql.prepare("DELETE FROM posture_newcomers WHERE endpoint = ?").run(endpoint);
    if (kind === "adopted") {
      this.#endpoints.noteHome(endpoint, camera);
      this.#back.emit(camera);
    } else if (this.#endpoints.noteMoved(endpoint, camera, address)) this.#moved.emit({ camera, address });
  }

  /** @returns those that were never seen before */
  #keep(devices: readonly SeenDevice[]): readonly Newcomer[] {
    const { database, clock } = this.#options;
    const now = clock.now();
    return database.transaction(() => {
      const known = new Set(this.#rows().map(({ endpoint }) => endpoint));
      const fresh = new Map<string, Newcomer>();
      for (const { endpoint, ...device } of devices.slice(0, mostNewcomers)) {
        const id = NewcomerId.parse(randomId("new"));
        const { address, name, hardware } = device;
        database.sql
          .prepare(
            `INSERT INTO posture_newcomers VALUES (?, ?, ?, ?, ?, ?6, ?6, 0) ON CONFLICT (endpoint) DO UPDATE
             SET address = excluded.address, name = excluded.name, hardware = excluded.hardware, last = excluded.last`,
          )
          .run(id, endpoint, address, name, hardware, now);
        if (!known.has(endpoint)) fresh.set(endpoint, { id, ...device, first: now, last: now, dismissed: false });
      }
      this.#prune(now);
      return this.#rows().flatMap(({ endpoint }) => fresh.get(endpoint) ?? []);
    });
  }

  #prune(now: number): void {
    const { sql } = this.#options.database;
    sql.prepare("DELETE FROM posture_newcomers WHERE last < ?").run(now - keptMs);
    // Dismissed ones are kept before others: they would be told of again.
    sql
      .prepare(
        `DELETE FROM posture_newcomers WHERE id NOT IN
           (SELECT id FROM posture_newcomers ORDER BY dismissed DESC, first, rowid LIMIT ${mostNewcomers})`,
      )
      .run();
  }

  #rows(): readonly z.infer<typeof Row>[] {
    const { sql } = this.#options.database;
    const rows = sql.prepare("SELECT * FROM posture_newcomers ORDER BY first DESC, rowid DESC").all();
    return rows.map((row) => Row.parse(row));
  }

  #lookAgainAndAgain(): Promise<void> {
    const { everyMs = fiveMinutesMs, clock, log, random } = this.#options;
    if (everyMs === null) return Promise.resolve();
    const { signal } = this.#closing;
    const run = async ({ healthy }: { readonly healthy: () => void }): Promise<never> => {
      for (;;) {
        await clock.delay(everyMs, { signal });
        await this.look({ signal });
        healthy();
      }
    };
    return supervise({ run, clock, log, random, signal });
  }
}
