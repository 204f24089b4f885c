import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import {
  GatewayClient,
  pair,
  silentLogger,
  systemClock,
  type AuditRow,
  type Camera,
  type Identity,
  type PairingOffer,
  type Principal,
} from "@gatehouse/shared";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Database } from "../../gateway-bridge/src/store/database.ts";
import { Simulator } from "../simulator/simulator.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { gatehouse, gatehouseJson, GatewayProcess } from "../support/gateway-process.ts";
import { HomeKitReceiver, makeStart } from "../support/homekit-receiver.ts";

// Commands are processes of their own, and passphrases are dear.
jest.setTimeout(300_000);

const never = { signal: new AbortController().signal };
const passphrase = "correct horse battery staple";
const cameraPassword = "kiln-9f2b-Quarry";

let folder: string;
let simulator: Simulator;
let gateway: GatewayProcess;
let identity: Identity;
let camera: Camera;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-backup-"));
  file = join(folder, "home.gatehouse");
  const config = { name: "Our house", listen: { port: await freePort() }, rtsp: { port: await freePort() } };
  [gateway, simulator] = await Promise.all([
    GatewayProcess.start({ data: join(folder, "first"), config }),
    Simulator.open({ password: cameraPassword }),
  ]);
  const add = ["camera", "add", simulator.onvifUrl, "--user", "viewer", "--password-stdin", "--name", "Door"];
  camera = (await gateway.command(add, cameraPassword)) as Camera;
  const { pairingString } = (await gateway.command(["pair", "--for", "homebridge"])) as PairingOffer;
  identity = await pair({ pairingString, kind: "homebridge", clock: systemClock }, never);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await simulator[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const plugin = (): GatewayClient =>
  new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0 });

/** Live pictures, by the plugin's key. */
const watch = async (): Promise<void> => {
  await using client = plugin();
  using receiver = await HomeKitReceiver.open();
  const params = { camera: camera.id };
  const prepared = await client.call("prepareHomeKitSession", { params, body: receiver.request }, never);
  receiver.listen(prepared);
  await client.call("startHomeKitSession", { params: { session: prepared.id }, body: makeStart() }, never);
  await eventually("live pictures", () => receiver.video.units.length >= 3);
};

const audit = async (): Promise<AuditRow[]> => (await gateway.command(["audit"])) as AuditRow[];

const countsOf = ({ sql }: Database, tables: readonly string[]): unknown[] =>
  tables.map((table) => sql.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.["rows"]);

/** Each file of the folder with its content; undefined for what is not there. */
const contentOf = async (data: string): Promise<unknown> => {
  const names = await readdir(data, { recursive: true }).catch(() => undefined);
  if (names === undefined) return undefined;
  const files = names.filter((name) => !name.startsWith("gateway.lock"));
  return Object.fromEntries(
    await Promise.all(
      files.sort().map(async (name) => {
        const path = join(data, name);
        return [name, (await stat(path)).isFile() ? (await readFile(path)).toString("hex") : "folder"] as const;
      }),
    ),
  );
};

describe("a backup", () => {
  it("is made while the gateway runs and somebody watches, encrypted, and for its owner only", async () => {
    await watch();
    const made = (await gatehouseJson(gateway.data, ["backup", file, "--passphrase-stdin"], passphrase)) as object;
    expect(made).toMatchObject({ file, files: ["gatehouse.db", "vault.key", "config.json"] });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const bytes = await readFile(file);
    for (const hidden of ["Our house", "SQLite", "vault.key", camera.id, cameraPassword]) {
      expect(bytes.includes(hidden)).toBe(false);
    }
    const again = await gatehouse(gateway.data, ["backup", file, "--passphrase-stdin"], passphrase);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("There is a file")]);
    expect((await readFile(file)).equals(bytes)).toBe(true);
    await watch();
  });

  it("is refused with one clear error, and nothing changes, when the passphrase is wrong or the file was cut or bent", async () => {
    const whole = await readFile(file);
    const [cut, bent] = [join(folder, "cut"), join(folder, "bent")];
    await writeFile(cut, whole.subarray(0, whole.length - 1_000));
    const changed = Buffer.from(whole);
    changed[whole.length >> 1]! ^= 0x10;
    await writeFile(bent, changed);
    const used = join(folder, "used");
    await cp(gateway.data, used, { recursive: true });
    const wrong = /^gatehouse: This is not the passphrase .*\n.*\(passphrase-wrong\)\n$/;
    const damaged = /^gatehouse: The backup was cut off or changed .*\n.*\(backup-damaged\)\n$/;
    const empty = [join(folder, "nowhere"), []] as const;
    const taken = [used, ["--replace"]] as const;
    for (const { from, given, to, message } of [
      { from: file, given: "not the passphrase", to: empty, message: wrong },
      { from: file, given: "not the passphrase", to: taken, message: wrong },
      { from: cut, given: passphrase, to: empty, message: damaged },
      { from: bent, given: passphrase, to: taken, message: damaged },
    ]) {
      const [data, more] = to;
      const before = await contentOf(data);
      const { code, stderr, stdout } = await gatehouse(data, ["restore", from, "--passphrase-stdin", ...more], given);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(message);
      expect(await contentOf(data)).toEqual(before);
    }
    const refused = await gatehouse(used, ["restore", file, "--passphrase-stdin"], passphrase);
    expect(refused.stderr).toContain("(data-folder-used)");
    const running = await gatehouse(gateway.data, ["restore", file, "--passphrase-stdin", "--replace"], passphrase);
    expect(running.stderr).toContain("(gateway-running)");
  });

  it("brings everything back on an empty machine: cameras with their passwords, who is let in, live pictures", async () => {
    const facts = async (): Promise<unknown> => ({
      cameras: ((await gateway.command(["camera", "list"])) as Camera[]).map((one) => ({ ...one, state: "any" })),
      clients: ((await gateway.command(["client", "list"])) as Principal[]).filter(({ kind }) => kind !== "owner"),
      address: gateway.address,
    });
    const before = await facts();
    const { pairingString } = (await gateway.command(["pair", "--for", "node-red"])) as PairingOffer;
    const moment = [
      ...["pairing_offers", "one_time_codes", "recovery_codes", "guest_links", "logins", "devices"],
      ...["remote_devices", "device_offers", "vault_secrets WHERE name = 'remote/door-keys'"],
    ];
    const owner = ((await gateway.command(["client", "list"])) as Principal[]).find(({ kind }) => kind === "owner");
    {
      using database = Database.open(join(gateway.data, "gatehouse.db"));
      const { sql } = database;
      sql.prepare("INSERT INTO logins VALUES ('in-1', x'01', ?, 'a browser', '[]', 1, 1, 1, 0)").run(owner!.id);
      sql.prepare("INSERT INTO recovery_codes VALUES (?, x'01')").run(owner!.id);
      sql.prepare("INSERT INTO devices VALUES (x'01', ?, 1)").run(owner!.id);
      sql.prepare("INSERT INTO one_time_codes VALUES ('abcde', 'invitation', ?, x'01', 1, 0)").run(owner!.id);
      sql.prepare("INSERT INTO guest_links VALUES ('link-a', ?1, ?1, 1, 2, NULL)").run(owner!.id);
      sql.prepare("INSERT INTO remote_devices VALUES ('dev-a', ?, 'Phone', 'thumb', 1, 1, 1, NULL)").run(owner!.id);
      sql
        .prepare("INSERT INTO device_offers (secret_hash, person, name, made) VALUES (x'01', ?, 'Phone', 1)")
        .run(owner!.id);
      sql.exec(
        "INSERT INTO vault_secrets SELECT 'remote/door-keys', version, key_id, wrapped_key, sealed FROM vault_secrets LIMIT 1",
      );
      expect(countsOf(database, moment).every((count) => Number(count) > 0)).toBe(true);
    }
    const late = join(folder, "late.gatehouse");
    await gatehouseJson(gateway.data, ["backup", late, "--passphrase-stdin"], passphrase);
    await gateway.kill();
    await rm(gateway.data, { recursive: true });

    const data = join(folder, "another", "place");
    await gatehouseJson(data, ["restore", late, "--passphrase-stdin"], `${passphrase}\n`);
    {
      using database = Database.open(join(data, "gatehouse.db"));
      expect(countsOf(database, moment)).toEqual(moment.map(() => 0));
    }
    gateway = await GatewayProcess.start({ data });
    expect(await facts()).toEqual(before);
    await watch();
    // What was good for a moment only is over.
    const stale = pair({ pairingString, kind: "node-red", clock: systemClock }, never);
    await expect(stale).rejects.toMatchObject({ code: "pairing-invalid" });
    const rows = await audit();
    expect(rows.filter(({ action }) => action === "backupMade")).toHaveLength(2);
    const restored = rows.find(({ action }) => action === "restored");
    expect(restored?.detail).toMatch(/backup of .* by Gatehouse .*; continues from row \d+ [0-9a-f]{64}$/);
    expect(await gateway.command(["status"])).toMatchObject({
      audit: { intact: true },
      gateway: { name: "Our house" },
    });
  });

  it("takes the place of a gateway that is there, which is kept beside and opens as before", async () => {
    const extra = ["app", "add", "Only now", "--camera", camera.id];
    await gateway.command(extra);
    await gateway.kill("SIGTERM");
    const replace = ["restore", file, "--passphrase-stdin", "--replace"];
    const { kept } = (await gatehouseJson(gateway.data, replace, passphrase)) as { kept: string };
    const namesIn = async (): Promise<string[]> =>
      ((await gateway.command(["client", "list"])) as Principal[]).map(({ name }) => name);
    gateway = await GatewayProcess.start({ data: gateway.data });
    expect(await namesIn()).not.toContain("Only now");
    await watch();
    await gateway.kill("SIGTERM");
    const { data } = gateway;
    gateway = await GatewayProcess.start({ data: join(data, kept) });
    expect(await namesIn()).toContain("Only now");
    await gateway.kill("SIGTERM");
    gateway = await GatewayProcess.start({ data });
  });
});

describe("a vault under a passphrase", () => {
  it("opens with it only, keeps everything, and is rotated and backed up under it", async () => {
    const { data } = gateway;
    await gateway.kill("SIGTERM");
    const input = ["--passphrase-stdin"];
    await gatehouseJson(data, ["vault", "protect", ...input], passphrase);
    const locked = await gatehouse(data, ["up"]);
    expect([locked.code, locked.stderr]).toEqual([1, expect.stringContaining("(vault-locked)")]);
    const wrong = await gatehouse(data, ["up", ...input], "not the passphrase");
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("(passphrase-wrong)")]);
    expect(await gatehouseJson(data, ["vault", "rotate", ...input], passphrase)).toMatchObject({
      secrets: expect.any(Number),
    });
    // Its own passphrase opens the backup; the vault in it stays under the vault's.
    const locker = join(folder, "locked.gatehouse");
    await gatehouseJson(data, ["backup", locker, ...input], "another horse altogether");
    const target = join(folder, "locked");
    await gatehouseJson(target, ["restore", locker, ...input], "another horse altogether");
    expect((await gatehouse(target, ["up"])).stderr).toContain("(vault-locked)");

    const credentials = join(folder, "credentials");
    await mkdir(credentials);
    await writeFile(join(credentials, "vault-passphrase"), `${passphrase}\n`, { mode: 0o600 });
    gateway = await GatewayProcess.start({ data: target, credentials });
    await watch();
    const actions = (await audit()).map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(["vaultProtected", "vaultRotated", "restored"]));
    await gateway.kill("SIGTERM");
    await gatehouseJson(target, ["vault", "unprotect", ...input], passphrase);
    gateway = await GatewayProcess.start({ data: target });
    await watch();
  });
});

describe("gatehouse erase", () => {
  it("asks to be meant, refuses while the gateway runs, and leaves nothing", async () => {
    const { data } = gateway;
    expect((await gatehouse(data, ["erase"])).stderr).toContain("--yes");
    expect((await gatehouse(data, ["erase", "--yes"])).stderr).toContain("(gateway-running)");
    await gateway.kill("SIGTERM");
    expect(await gatehouseJson(data, ["erase", "--yes"])).toEqual({ data, left: [] });
    await expect(stat(data)).rejects.toMatchObject({ code: "ENOENT" });
  });
});
