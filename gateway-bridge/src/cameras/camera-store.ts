import { Camera, CameraId, CameraKind, GatehouseError, Secret, Tier } from "@gatehouse/shared";
import { z } from "zod";

import { authSchemes, type CameraRecord, type Credentials } from "../domain/camera.ts";
import type { SecretStore } from "../ports.ts";
import type { Database, Migrations } from "../store/database.ts";
import { loginPurposes, RisingMemory, type AuthFloors, type AuthMemories, type LoginPurpose } from "./auth-memories.ts";

const migrations: Migrations = {
  name: "cameras",
  steps: [
    `CREATE TABLE cameras (
       id TEXT PRIMARY KEY,
       url TEXT NOT NULL UNIQUE,
       name TEXT NOT NULL,
       kind TEXT NOT NULL CHECK (kind IN ('onvif', 'rtsp')),
       pin TEXT,
       warm INTEGER NOT NULL CHECK (warm IN (0, 1)),
       description TEXT NOT NULL
     ) STRICT;
     CREATE TABLE camera_auth_floors (
       camera TEXT NOT NULL REFERENCES cameras (id) ON DELETE CASCADE,
       purpose TEXT NOT NULL,
       floor TEXT NOT NULL,
       PRIMARY KEY (camera, purpose)
     ) STRICT, WITHOUT ROWID`,
    // Another kind, which a CHECK cannot learn in place. The floors move along first: dropping a table deletes what refers to it.
    `CREATE TABLE cameras_with_stills (
       id TEXT PRIMARY KEY,
       url TEXT NOT NULL UNIQUE,
       name TEXT NOT NULL,
       kind TEXT NOT NULL CHECK (kind IN ('onvif', 'rtsp', 'still')),
       pin TEXT,
       warm INTEGER NOT NULL CHECK (warm IN (0, 1)),
       description TEXT NOT NULL
     ) STRICT;
     INSERT INTO cameras_with_stills SELECT id, url, name, kind, pin, warm, description FROM cameras ORDER BY rowid;
     CREATE TABLE moved_auth_floors (
       camera TEXT NOT NULL REFERENCES cameras_with_stills (id) ON DELETE CASCADE,
       purpose TEXT NOT NULL,
       floor TEXT NOT NULL,
       PRIMARY KEY (camera, purpose)
     ) STRICT, WITHOUT ROWID;
     INSERT INTO moved_auth_floors SELECT camera, purpose, floor FROM camera_auth_floors;
     DROP TABLE camera_auth_floors;
     DROP TABLE cameras;
     ALTER TABLE cameras_with_stills RENAME TO cameras;
     ALTER TABLE moved_auth_floors RENAME TO camera_auth_floors`,
    `ALTER TABLE cameras ADD COLUMN secure_streams INTEGER NOT NULL DEFAULT 0 CHECK (secure_streams IN (0, 1))`,
  ],
};

const Description = z.strictObject({
  manufacturer: z.string(),
  model: z.string(),
  firmware: z.string(),
  serial: z.string(),
  tiers: z.array(Tier),
  audio: Camera.shape.audio,
  snapshot: z.boolean(),
  motion: z.boolean(),
  // Not asked of cameras that were added before there was two-way audio.
  talk: z.boolean().default(false),
});
const Row = z.object({
  id: CameraId,
  url: z.string(),
  name: z.string(),
  kind: CameraKind,
  pin: z.string().nullable(),
  warm: z.int(),
  secure_streams: z.int(),
  description: z.string(),
});
const StoredCredentials = z.strictObject({ username: z.string(), password: z.string() });
const Floor = z.enum(authSchemes);

/** A camera with what is kept of it outside of its record. */
export interface NewCamera {
  readonly record: CameraRecord;
  readonly credentials: Credentials | undefined;
  readonly floors: AuthFloors;
}

/** Logins of a camera that take the place of those before; the others stay. */
export interface ChangedCredentials {
  /** What it is watched with. */
  readonly watching?: Credentials;
  /** What may change its settings; null where that is what it is watched with. */
  readonly management?: Credentials | null;
}

/** The cameras that outlive the process. What a call has returned from survives a crash, wholly. */
export class CameraStore {
  readonly #database: Database;
  readonly #secrets: SecretStore;
  readonly #records = new Map<CameraId, CameraRecord>();

  constructor(database: Database, secrets: SecretStore) {
    database.migrate(migrations);
    this.#database = database;
    this.#secrets = secrets;
    for (const row of database.sql.prepare("SELECT * FROM cameras ORDER BY rowid").all()) {
      const { warm, secure_streams: secure, description, ...rest } = Row.parse(row);
      const authFloor = this.#floor(rest.id, "rtsp");
      this.#records.set(rest.id, {
        ...rest,
        authFloor,
        warm: warm === 1,
        ...(secure === 1 && { secureStreams: true }),
        description: Description.parse(JSON.parse(description)),
      });
    }
  }

  list(): readonly CameraRecord[] {
    return [...this.#records.values()];
  }

  /** @throws GatehouseError `not-found` */
  get(id: CameraId): CameraRecord {
    const record = this.#records.get(id);
    if (record === undefined) throw new GatehouseError("not-found", "There is no camera of that id.");
    return record;
  }

  /** @throws GatehouseError `camera-exists` where a camera has that address already */
  checkNew(url: string): void {
    const known = this.list().find((record) => record.url === url);
    if (known === undefined) return;
    throw new GatehouseError("camera-exists", `This camera is already here, as ${known.name}.`, {
      details: { camera: known.id },
    });
  }

  /** @throws GatehouseError `camera-exists` */
  add({ record, credentials, floors }: NewCamera): void {
    const { id, url, name, kind, pin, warm, description } = record;
    this.checkNew(url);
    this.#database.transaction(() => {
      this.#database.sql
        .prepare("INSERT INTO cameras (id, url, name, kind, pin, warm, description) VALUES (?, ?, ?, ?, ?, ?, ?)")
        .run(id, url, name, kind, pin, Number(warm), JSON.stringify(description));
      for (const purpose of loginPurposes) this.#setFloor(id, purpose, floors[purpose]);
      if (credentials !== undefined) this.#secrets.put(secretName(id), seal(credentials));
    });
    this.#records.set(id, record);
  }

  /** @throws GatehouseError `not-found` */
  remove(id: CameraId): void {
    this.get(id);
    this.#database.transaction(() => {
      this.#database.sql.prepare("DELETE FROM cameras WHERE id = ?").run(id);
      this.#secrets.delete(secretName(id));
      this.#secrets.delete(managementName(id));
    });
    this.#records.delete(id);
  }

  /** The login that the camera is watched with. */
  credentials(id: CameraId): Credentials | undefined {
    return unseal(this.#secrets.get(secretName(id)));
  }

  /** The login that may change the camera's settings: one of its own where there is one, else that which it is watched with. */
  managementCredentials(id: CameraId): Credentials | undefined {
    return unseal(this.#secrets.get(managementName(id))) ?? this.credentials(id);
  }

  /**
   * Replaces the logins that are named.
   * @param also what has to become durable with them, or not at all
   * @throws GatehouseError `not-found`
   */
  changeCredentials(id: CameraId, { watching, management }: ChangedCredentials, also?: () => void): void {
    this.get(id);
    this.#database.transaction(() => {
      if (watching !== undefined) this.#secrets.put(secretName(id), seal(watching));
      if (management === null) this.#secrets.delete(managementName(id));
      else if (management !== undefined) this.#secrets.put(managementName(id), seal(management));
      also?.();
    });
  }

  /**
   * The camera is at another address from now on, shows another key, or has its streams fetched otherwise. Without a key there is no TLS to
   * fetch them in.
   * @throws GatehouseError `not-found`, `camera-exists`
   */
  relocate(id: CameraId, { url, pin, secureStreams }: Pick<CameraRecord, "url" | "pin" | "secureStreams">): void {
    const record = this.get(id);
    if (url !== record.url) this.checkNew(url);
    const secure = pin !== null && (secureStreams ?? record.secureStreams ?? false);
    this.#database.sql
      .prepare("UPDATE cameras SET url = ?, pin = ?, secure_streams = ? WHERE id = ?")
      .run(url, pin, Number(secure), id);
    const { secureStreams: _before, ...rest } = record;
    this.#records.set(id, { ...rest, url, pin, ...(secure && { secureStreams: true }) });
  }

  /** Memories that are durable as soon as they rise. */
  memories(id: CameraId): AuthMemories {
    const memory = (purpose: LoginPurpose): RisingMemory =>
      new RisingMemory(this.#floor(id, purpose), (floor) => {
        const record = this.#records.get(id);
        // A camera that was removed meanwhile has nothing to remember.
        if (record === undefined) return;
        this.#setFloor(id, purpose, floor);
        if (purpose === "rtsp") this.#records.set(id, { ...record, authFloor: floor });
      });
    return { onvif: memory("onvif"), snapshot: memory("snapshot"), rtsp: memory("rtsp") };
  }

  #floor(id: CameraId, purpose: LoginPurpose): z.infer<typeof Floor> {
    const row = this.#database.sql
      .prepare("SELECT floor FROM camera_auth_floors WHERE camera = ? AND purpose = ?")
      .get(id, purpose);
    return row === undefined ? "none" : Floor.parse(row["floor"]);
  }

  #setFloor(id: CameraId, purpose: LoginPurpose, floor: z.infer<typeof Floor>): void {
    this.#database.sql
      .prepare("INSERT INTO camera_auth_floors VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET floor = excluded.floor")
      .run(id, purpose, floor);
  }
}

const secretName = (id: CameraId): string => `camera/${id}`;
const managementName = (id: CameraId): string => `camera/${id}/management`;

const unseal = (stored: Buffer | undefined): Credentials | undefined => {
  if (stored === undefined) return undefined;
  const { username, password } = StoredCredentials.parse(JSON.parse(stored.toString("utf8")));
  return { username, password: Secret.of(password) };
};

const seal = ({ username, password }: Credentials): Buffer =>
  Buffer.from(JSON.stringify({ username, password: password.reveal() } satisfies z.infer<typeof StoredCredentials>));
