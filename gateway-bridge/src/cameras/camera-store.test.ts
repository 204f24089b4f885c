import { GatehouseError, Secret, type CameraId } from "@gatehouse/shared";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { CameraRecord } from "../domain/camera.ts";
import type { SecretStore } from "../ports.ts";
import { Database } from "../store/database.ts";
import { CameraStore } from "./camera-store.ts";

const id = "cam-aaaaaaaaaaaaaaaa" as CameraId;
const record: CameraRecord = {
  id,
  name: "Door",
  kind: "onvif",
  url: "http://192.0.2.1/onvif/device_service",
  pin: "p".repeat(43),
  authFloor: "digest-md5",
  warm: true,
  description: {
    manufacturer: "A",
    model: "B",
    firmware: "5.10",
    serial: "000",
    tiers: [{ name: "main", codec: "h264", width: 1, height: 2, fps: 12.5 }],
    audio: "opus",
    snapshot: true,
    motion: false,
    talk: true,
  },
};
const floors = { onvif: "digest-sha-256", snapshot: "none", rtsp: "digest-md5" } as const;
const credentials = { username: "viewer", password: Secret.of("canary") };

class MemorySecrets implements SecretStore {
  readonly kept = new Map<string, Buffer>();
  failing = false;
  put(name: string, content: Uint8Array): void {
    if (this.failing) throw new GatehouseError("internal", "disk full");
    this.kept.set(name, Buffer.from(content));
  }
  get(name: string): Buffer | undefined {
    return this.kept.get(name);
  }
  delete(name: string): void {
    if (this.failing) throw new GatehouseError("internal", "disk full");
    this.kept.delete(name);
  }
}

let folder = "";
let database: Database;
let secrets: MemorySecrets;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gatehouse-camera-store-"));
  database = Database.open(join(folder, "db"));
  secrets = new MemorySecrets();
});
afterEach(() => {
  database[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});
const open = (): CameraStore => new CameraStore(database, secrets);

describe("CameraStore", () => {
  it("keeps a camera wholly, across a restart", () => {
    open().add({ record, credentials, floors });
    const store = open();
    expect(store.list()).toEqual([record]);
    expect(store.get(id)).toEqual(record);
    expect(store.credentials(id)?.username).toBe("viewer");
    expect(store.credentials(id)?.password.reveal()).toBe("canary");
    const { onvif, snapshot, rtsp } = store.memories(id);
    expect([onvif.floor, snapshot.floor, rtsp.floor]).toEqual(["digest-sha-256", "none", "digest-md5"]);
  });

  it("keeps no credential of its own", () => {
    open().add({ record, credentials, floors });
    database.sql.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    expect(readFileSync(join(folder, "db")).includes("canary")).toBe(false);
    expect([...secrets.kept.keys()]).toEqual([`camera/${id}`]);
  });

  it("keeps a camera without credentials", () => {
    open().add({ record: { ...record, pin: null, warm: false }, credentials: undefined, floors });
    expect(open().credentials(id)).toBeUndefined();
    expect(open().get(id)).toMatchObject({ pin: null, warm: false });
  });

  it("takes an address once", () => {
    const store = open();
    store.add({ record, credentials, floors });
    const other = { ...record, id: "cam-bbbbbbbbbbbbbbbb" as CameraId };
    expect(() => store.add({ record: other, credentials, floors })).toThrow(
      expect.objectContaining({ code: "camera-exists", details: { camera: id } }),
    );
    expect(() => store.checkNew("http://192.0.2.2/")).not.toThrow();
    expect(open().list()).toHaveLength(1);
  });

  it("adds and removes wholly or not at all", () => {
    const store = open();
    secrets.failing = true;
    expect(() => store.add({ record, credentials, floors })).toThrow("disk full");
    expect([store.list(), open().list()]).toEqual([[], []]);
    secrets.failing = false;
    store.add({ record, credentials, floors });
    secrets.failing = true;
    expect(() => store.remove(id)).toThrow("disk full");
    expect([store.list().length, open().list().length]).toEqual([1, 1]);
    secrets.failing = false;
    store.remove(id);
    expect([store.list(), open().list(), secrets.kept.size]).toEqual([[], [], 0]);
    expect(database.sql.prepare("SELECT count(*) AS n FROM camera_auth_floors").get()?.["n"]).toBe(0);
    for (const act of [() => store.remove(id), () => store.get(id)]) {
      expect(act).toThrow(expect.objectContaining({ code: "not-found" }));
    }
  });

  it("raises floors for good and lowers none", () => {
    const store = open();
    store.add({ record, credentials, floors });
    const { rtsp, snapshot } = store.memories(id);
    rtsp.raise("digest-sha-256");
    rtsp.raise("basic");
    snapshot.raise("digest-md5");
    expect([rtsp.floor, store.get(id).authFloor]).toEqual(["digest-sha-256", "digest-sha-256"]);
    const again = open();
    expect(again.get(id).authFloor).toBe("digest-sha-256");
    expect(again.memories(id).snapshot.floor).toBe("digest-md5");
  });

  it("lets the memory of a removed camera rise into nothing", () => {
    const store = open();
    store.add({ record, credentials, floors });
    const { rtsp } = store.memories(id);
    store.remove(id);
    expect(() => rtsp.raise("digest-sha-256")).not.toThrow();
    expect(open().list()).toEqual([]);
  });

  it("keeps cameras of every kind and sound", () => {
    const still: CameraRecord = { ...record, kind: "still", description: { ...record.description, audio: "l16" } };
    open().add({ record: still, credentials, floors });
    expect(open().list()).toEqual([still]);
  });

  it("keeps that streams are fetched within TLS alone, as long as there is a key to do it by", () => {
    const store = open();
    store.add({ record, credentials, floors });
    const { url, pin } = record;
    const told = () => [store.get(id).secureStreams, open().get(id).secureStreams];
    expect(told()).toEqual([undefined, undefined]);
    store.relocate(id, { url, pin, secureStreams: true });
    expect(told()).toEqual([true, true]);
    // A new address or key says nothing of streams.
    store.relocate(id, { url: "https://192.0.2.2/", pin: "q".repeat(43) });
    expect(told()).toEqual([true, true]);
    store.relocate(id, { url, pin, secureStreams: false });
    expect(told()).toEqual([undefined, undefined]);
    store.relocate(id, { url, pin, secureStreams: true });
    store.relocate(id, { url, pin: null });
    expect(told()).toEqual([undefined, undefined]);
  });

  it("takes over what a version without still cameras and two-way audio kept, with its logins, and still removes wholly", () => {
    const { sql } = database;
    sql.exec(
      `CREATE TABLE cameras (id TEXT PRIMARY KEY, url TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
         kind TEXT NOT NULL CHECK (kind IN ('onvif', 'rtsp')), pin TEXT, warm INTEGER NOT NULL, description TEXT NOT NULL) STRICT;
       CREATE TABLE camera_auth_floors (camera TEXT NOT NULL REFERENCES cameras (id) ON DELETE CASCADE, purpose TEXT NOT NULL,
         floor TEXT NOT NULL, PRIMARY KEY (camera, purpose)) STRICT, WITHOUT ROWID;
       INSERT INTO migrations VALUES ('cameras', 1)`,
    );
    const insert = sql.prepare("INSERT INTO cameras VALUES (?, ?, ?, 'onvif', NULL, 1, ?)");
    const ids = [id, "cam-bbbbbbbbbbbbbbbb" as CameraId];
    const { talk: _, ...older } = record.description;
    for (const one of ids) insert.run(one, `http://${one}/`, "Door", JSON.stringify(older));
    sql.prepare("INSERT INTO camera_auth_floors VALUES (?, 'rtsp', 'digest-sha-256')").run(id);
    const store = open();
    expect(store.list().map((camera) => [camera.id, camera.authFloor])).toEqual([
      [ids[0], "digest-sha-256"],
      [ids[1], "none"],
    ]);
    expect(store.get(id).description).toEqual({ ...older, talk: false });
    store.remove(id);
    expect(sql.prepare("SELECT count(*) AS n FROM camera_auth_floors").get()?.["n"]).toBe(0);
    store.memories(ids[1]!).rtsp.raise("basic");
    expect(
      open()
        .list()
        .map(({ authFloor }) => authFloor),
    ).toEqual(["basic"]);
  });
});
