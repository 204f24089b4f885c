import { expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { CameraStore } from "../../gateway-bridge/src/cameras/camera-store.ts";
import { Database } from "../../gateway-bridge/src/store/database.ts";
import { Vault } from "../../gateway-bridge/src/vault/vault.ts";

const churn = fileURLToPath(new URL("onvif-camera-churn.ts", import.meta.url));

/** Lets the process work until it has said so many lines, then kills it in the midst of its next deed. */
const killAfter = async (data: string, lines: number): Promise<readonly string[]> => {
  const child = spawn(process.execPath, ["--conditions=source", churn, data], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  let said = "";
  child.stdout.setEncoding("utf8");
  for await (const chunk of child.stdout as AsyncIterable<string>) {
    said += chunk;
    if (said.split("\n").length > lines) child.kill("SIGKILL");
  }
  expect(await exited).toEqual([null, "SIGKILL"]);
  return said.split("\n").slice(0, -1);
};

it("a camera is added or removed wholly, and for good, whenever the process is killed", async () => {
  const data = await mkdtemp(join(tmpdir(), "gatehouse-crash-"));
  try {
    const expected = new Set<string>();
    for (let round = 0; round < 6; round += 1) {
      for (const line of await killAfter(data, 3 + round * 7)) {
        const [deed, id = ""] = line.split(" ");
        if (deed === "added") expected.add(id);
        else expected.delete(id);
      }
      using database = Database.open(join(data, "gatehouse.db"));
      const secrets = await Vault.open(
        { database, keyFile: join(data, "vault.key") },
        { signal: new AbortController().signal },
      );
      const store = new CameraStore(database, secrets);
      const found = store.list().map(({ id }) => id as string);
      // Only the deed that was under way may differ from what was said: one camera more, or one less.
      const more = found.filter((id) => !expected.has(id));
      const less = [...expected].filter((id) => !found.includes(id));
      expect(more.length + less.length).toBeLessThanOrEqual(1);
      for (const { id } of store.list()) {
        expect(store.credentials(id)?.password.reveal()).toBe(`word of ${id}`);
        expect(store.memories(id).onvif.floor).toBe("digest-md5");
      }
      const count = (table: string): unknown => database.sql.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"];
      expect([count("vault_secrets"), count("camera_auth_floors")]).toEqual([found.length, found.length * 3]);
      more.forEach((id) => expected.add(id));
      less.forEach((id) => expected.delete(id));
    }
    expect(expected.size).toBeGreaterThan(0);
  } finally {
    await rm(data, { recursive: true });
  }
}, 120_000);
