import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { PrincipalId } from "@gatehouse/shared";
import { generateKeyPairSync } from "node:crypto";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openDoorOn, type Door } from "../support/door-writer.ts";
import { seeded } from "../support/fuzz.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "door-crash-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const writer = new URL("../support/door-writer.ts", import.meta.url).pathname;

/** Lets the writer work until it has told so many lines, kills it in the middle of the next deed, and gives what it told. */
const runUntilKilled = async (lines: number, pauseMs: number): Promise<string[]> => {
  const args = ["--conditions=source", "--disable-warning=ExperimentalWarning", writer, folder];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env: {} });
  let told = "";
  let complaint = "";
  let ending = false;
  child.stderr.on("data", (bytes: Buffer) => (complaint += bytes.toString()));
  child.stdout.on("data", (bytes: Buffer) => {
    told += bytes.toString();
    if (ending || told.split("\n").length <= lines) return;
    ending = true;
    setTimeout(() => child.kill("SIGKILL"), pauseMs);
  });
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  if (signal !== "SIGKILL") throw new Error(`the writer ended by itself: ${complaint}`);
  // A last line without its end was not told.
  return told.split("\n").slice(0, -1);
};

/** What a told line promises of the door after the crash. */
const checkLine = async (door: Door, line: string): Promise<void> => {
  const [kind = "", what = "", more = ""] = line.split(" ");
  const principal = (id: string) => door.principals.get(PrincipalId.parse(id));
  const never = { signal: new AbortController().signal };
  switch (kind) {
    case "open":
      expect(door.identity.pin).toBe(what);
      expect(principal(more)).toBeDefined();
      return;
    case "secret":
      expect(door.vault.get(`secret/${what}`)?.toString()).toBe(what);
      return;
    case "audit":
      expect(door.database.sql.prepare("SELECT 1 FROM audit WHERE detail = ?").all(what)).toHaveLength(1);
      return;
    case "principal":
      expect(principal(what)).toBeDefined();
      return;
    case "revoked":
      expect(principal(what)?.revoked).not.toBeNull();
      return;
    case "paired": {
      expect(principal(what)).toMatchObject({ kind: "node-red", revoked: null, grants: [{ action: "live" }] });
      // Once means once, over a crash too. The caller hangs up instead of waiting for the refusal.
      const secret = more.slice(more.lastIndexOf(".") + 1);
      const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const spki = publicKey.export({ type: "spki", format: "der" }).toString("base64");
      const before = door.principals.list().length;
      await expect(door.pairing.redeem({ kind: "node-red", secret, publicKey: spki }, never)).rejects.toMatchObject({
        code: "pairing-invalid",
      });
      expect(door.principals.list()).toHaveLength(before);
      return;
    }
    default:
  }
};

describe("a gateway that is killed while it writes", () => {
  it("has everything that it told of, and nothing by halves, every time", async () => {
    const random = seeded(6);
    const told: string[] = [];
    let pin: string | undefined;
    // The first rounds hit the making of keys and tables, the later ones a folder with a history.
    const rounds = [1, 1, 1, 1, 2, 5, 20, 60, 150, 300];
    for (const lines of rounds) {
      told.push(...(await runUntilKilled(lines, Math.floor(random() * 25))));
      using door = await openDoorOn(folder);
      pin ??= door.identity.pin;
      expect(door.identity.pin).toBe(pin);
      expect(door.database.sql.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
      expect(door.audit.verify()).toMatchObject({ intact: true });
      expect(door.vault.get("twin/one")?.toString()).toBe(door.vault.get("twin/two")?.toString());
      // A principal and its row in the log come together.
      const [rows] = door.database.sql
        .prepare(
          "SELECT (SELECT count(*) FROM principals) - (SELECT count(*) FROM audit WHERE action = 'pair' AND outcome = 'done') AS more",
        )
        .all();
      expect(rows?.["more"]).toBe(0);
      const owners = door.principals.list().filter(({ kind, revoked }) => kind === "owner" && revoked === null);
      expect(owners.map(({ id }) => id)).toEqual([door.owner.principal]);
    }
    const kinds = new Set(told.map((line) => line.split(" ")[0]));
    expect([...kinds].sort()).toEqual(
      ["audit", "offer", "open", "opening", "paired", "principal", "revoked", "secret", "twins"].sort(),
    );
    using door = await openDoorOn(folder);
    await Promise.all(told.map((line) => checkLine(door, line)));
    for (const name of readdirSync(folder))
      expect([name, statSync(join(folder, name)).mode & 0o077]).toEqual([name, 0]);
  }, 120_000);
});
