import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { InstanceLock } from "../store/instance-lock.ts";
import { erase } from "./erase.ts";

let folder: string;
let data: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "erase-"));
  data = join(folder, "data");
  mkdirSync(join(data, "before-restore-20261122T102233"), { recursive: true });
  for (const name of ["gatehouse.db", "gatehouse.db-wal", "config.json", "vault.key", "cli.json"]) {
    writeFileSync(join(data, name), `content of ${name}`);
  }
  writeFileSync(join(data, "before-restore-20261122T102233/vault.key"), "an older key");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("erase", () => {
  it("overwrites every key before it is removed, and leaves nothing", async () => {
    // A second name of the same file shows what its blocks hold in the end.
    const names = ["vault.key", "cli.json", "before-restore-20261122T102233/vault.key"];
    for (const [index, name] of names.entries()) linkSync(join(data, name), join(folder, `witness-${index}`));
    expect(await erase(data)).toEqual({ left: [] });
    expect(existsSync(data)).toBe(false);
    const witnesses = names.map((_name, index) => readFileSync(join(folder, `witness-${index}`)));
    expect(witnesses.map(({ length }) => length)).toEqual([20, 19, 12]);
    for (const bytes of witnesses) expect(bytes.toString("latin1")).not.toMatch(/content|older/);
  });

  it("leaves what is not Gatehouse's, and says so", async () => {
    writeFileSync(join(data, "holiday.jpg"), "not ours");
    expect(await erase(data)).toEqual({ left: ["holiday.jpg"] });
    expect(readdirSync(data)).toEqual(["holiday.jpg"]);
  });

  it("does nothing to a folder without a gateway, nor to one that runs", async () => {
    await expect(erase(join(folder, "nowhere"))).rejects.toMatchObject({ code: "not-found" });
    await expect(erase(folder)).rejects.toMatchObject({ code: "not-found" });
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
    using _running = InstanceLock.open(join(data, "gateway.lock"));
    await expect(erase(data)).rejects.toMatchObject({ code: "gateway-running" });
    expect(readFileSync(join(data, "vault.key"), "utf8")).toBe("content of vault.key");
  });
});
