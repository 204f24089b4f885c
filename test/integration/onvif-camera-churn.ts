import { CameraId, Secret } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { CameraStore } from "../../gateway-bridge/src/cameras/camera-store.ts";
import { Database } from "../../gateway-bridge/src/store/database.ts";
import { Vault } from "../../gateway-bridge/src/vault/vault.ts";

/** A process that adds and removes cameras without end, and says what is done. To be killed. */
const [, , data = ""] = process.argv;
const database = Database.open(join(data, "gatehouse.db"));
const secrets = await Vault.open(
  { database, keyFile: join(data, "vault.key") },
  { signal: new AbortController().signal },
);
const store = new CameraStore(database, secrets);
const description = { manufacturer: "", model: "", firmware: "", serial: "", tiers: [], audio: "none", snapshot: false, motion: false, talk: false } as const; // prettier-ignore
const floors = { onvif: "digest-md5", snapshot: "digest-md5", rtsp: "digest-md5" } as const;

const say = (line: string): Promise<void> =>
  new Promise((resolve) => process.stdout.write(`${line}\n`, () => resolve()));

for (;;) {
  const [oldest] = store.list();
  if (oldest !== undefined && store.list().length >= 5) {
    store.remove(oldest.id);
    await say(`removed ${oldest.id}`);
  }
  const id = CameraId.parse(`cam-${randomBytes(16).toString("hex").replace(/[0-9]/g, "a").slice(0, 16)}`);
  const record = { id, name: id, kind: "rtsp", url: `rtsp://${id}/`, pin: null, authFloor: "digest-md5", warm: false, description } as const; // prettier-ignore
  store.add({ record, credentials: { username: id, password: Secret.of(`word of ${id}`) }, floors });
  await say(`added ${id}`);
}
