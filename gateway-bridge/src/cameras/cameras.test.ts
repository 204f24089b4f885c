import { EventBus, GatehouseError, Secret, type CameraId, type Event } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";

import type { CameraRecord } from "../domain/camera.ts";
import type { SecretStore } from "../ports.ts";
import { Database } from "../store/database.ts";
import { CameraStore } from "./camera-store.ts";
import { Cameras } from "./cameras.ts";

const never = { signal: new AbortController().signal };
const id = "cam-aaaaaaaaaaaaaaaa" as CameraId;
const record: CameraRecord = {
  ...{ id, name: "Door", kind: "rtsp", url: "rtsp://192.0.2.1/main", pin: null, authFloor: "none", warm: false },
  description: {
    ...{ manufacturer: "", model: "", firmware: "", serial: "", tiers: [], audio: "none" },
    ...{ snapshot: false, motion: false, talk: false },
  },
};
const login = (username: string, password: string) => ({ username, password: Secret.of(password) });

class Secrets implements SecretStore {
  readonly held = new Map<string, Buffer>();
  put(name: string, content: Uint8Array): void {
    this.held.set(name, Buffer.from(content));
  }
  get(name: string): Buffer | undefined {
    return this.held.get(name);
  }
  delete(name: string): void {
    this.held.delete(name);
  }
}

let database: Database;
let secrets: Secrets;
let anew: CameraId[];
beforeEach(() => {
  database = Database.openInMemory();
  secrets = new Secrets();
  anew = [];
  const floors = { onvif: "none", snapshot: "none", rtsp: "none" } as const;
  new CameraStore(database, secrets).add({ record, credentials: login("admin", "old"), floors });
});
afterEach(() => database[Symbol.dispose]());

const open = (resting: readonly CameraId[] = []): Promise<Cameras> => {
  const [clock, log] = [new TestClock(), new MemoryLogger()];
  const bus = new EventBus<Event>(log);
  const unused = async () => Promise.reject(new GatehouseError("internal", "not in this test"));
  return Cameras.open(
    {
      ...{ database, secrets, bus, clock, log, resting, random: () => 0, interfaces: () => ({}) },
      ...{ openSource: unused, probeTalk: async () => false, onAccessChanged: (camera) => void anew.push(camera) },
    },
    never,
  );
};
const passwordAt = async (cameras: Cameras): Promise<string | undefined> =>
  (await cameras.endpoint(id, "main", never)).credentials?.password.reveal();

describe("a camera's other password", () => {
  it("is at work and durable at once, and has its streams connect anew", async () => {
    await using cameras = await open();
    cameras.changeCredentials(id, { watching: login("admin", "new") });
    expect(await passwordAt(cameras)).toBe("new");
    expect(anew).toEqual([id]);
    await using again = await open();
    expect(await passwordAt(again)).toBe("new");
  });

  it("changes wholly or not at all with what belongs to it", async () => {
    await using cameras = await open();
    const also = (): void => {
      throw new GatehouseError("internal", "disk full");
    };
    database.sql.exec("CREATE TABLE marks (name TEXT) STRICT");
    const marking = (): void => {
      database.sql.exec("INSERT INTO marks VALUES ('changed')");
      also();
    };
    expect(() => cameras.changeCredentials(id, { watching: login("admin", "new") }, marking)).toThrow("disk full");
    expect(database.sql.prepare("SELECT * FROM marks").all()).toEqual([]);
    expect(anew).toEqual([]);
  });

  it("is for settings alone where it is said so, and goes with the camera", async () => {
    await using cameras = await open();
    expect(cameras.managementCredentials(id)?.username).toBe("admin");
    cameras.changeCredentials(id, { watching: login("viewer", "view"), management: login("admin", "old") });
    expect([cameras.credentials(id)?.username, cameras.managementCredentials(id)?.username]).toEqual([
      "viewer",
      "admin",
    ]);
    cameras.changeCredentials(id, { management: null });
    expect(cameras.managementCredentials(id)?.username).toBe("viewer");
    cameras.changeCredentials(id, { management: login("admin", "old") });
    await cameras.remove(id);
    expect([...secrets.held.keys()]).toEqual([]);
  });
});

describe("a camera that rests", () => {
  it("has nobody log in to it until it is woken, and then by its new password", async () => {
    await using cameras = await open();
    await cameras.rest(id);
    const waiting = passwordAt(cameras);
    cameras.changeCredentials(id, { watching: login("admin", "new") });
    expect(await Promise.race([waiting, Promise.resolve("waits")])).toBe("waits");
    cameras.wake(id);
    expect(await waiting).toBe("new");
  });

  it("rests from the start where its password is in doubt", async () => {
    await using cameras = await open([id]);
    const waiting = passwordAt(cameras);
    expect(await Promise.race([waiting, Promise.resolve("waits")])).toBe("waits");
    cameras.wake(id);
    expect(await waiting).toBe("old");
  });

  it("keeps nobody waiting who goes away, nor once it or the gateway is gone", async () => {
    const cameras = await open();
    await cameras.rest(id);
    const leaving = new AbortController();
    const left = cameras.endpoint(id, "main", leaving);
    leaving.abort(new GatehouseError("aborted", "gone"));
    await expect(left).rejects.toMatchObject({ code: "aborted" });
    const closed = cameras.endpoint(id, "main", never);
    await cameras[Symbol.asyncDispose]();
    await expect(closed).rejects.toMatchObject({ code: "aborted" });
    await using others = await open();
    await others.rest(id);
    const removed = others.endpoint(id, "main", never);
    await others.remove(id);
    await expect(removed).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("a camera that moves", () => {
  it("is spoken to at its new address, by its new key", async () => {
    await using cameras = await open();
    cameras.relocate(id, { url: new URL("rtsps://192.0.2.2/main"), pin: "p".repeat(43) });
    expect(await cameras.endpoint(id, "main", never)).toMatchObject({
      url: "rtsps://192.0.2.2/main",
      pin: "p".repeat(43),
    });
    expect(anew).toEqual([id]);
    await using again = await open();
    expect(again.get(id)).toMatchObject({ url: "rtsps://192.0.2.2/main", pin: "p".repeat(43) });
  });

  it("does not take another's address", async () => {
    const floors = { onvif: "none", snapshot: "none", rtsp: "none" } as const;
    const other = { ...record, id: "cam-bbbbbbbbbbbbbbbb" as CameraId, url: "rtsp://192.0.2.9/main" };
    new CameraStore(database, secrets).add({ record: other, credentials: undefined, floors });
    await using cameras = await open();
    const to = { url: new URL("rtsp://192.0.2.9/main"), pin: null };
    expect(() => cameras.relocate(id, to)).toThrow(expect.objectContaining({ code: "camera-exists" }));
    expect(cameras.get(id).url).toBe(record.url);
  });
});
