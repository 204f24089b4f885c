import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { GatewayClient, loadIdentity, silentLogger, systemClock, type UpdateState } from "@gatehouse/shared";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Installation } from "../../gateway-bridge/src/update/installation.ts";
import { readJournal, writeJournal, type UpdateJournal } from "../../gateway-bridge/src/update/journal.ts";
import { supportedUntil, version } from "../../gateway-bridge/src/version.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { locked } from "../support/lock-file.ts";
import { installRelease, script, withKeys } from "../support/release.ts";
import { read } from "../support/repository.ts";

const never = { signal: new AbortController().signal };
const zod = locked["node_modules/zod"]?.version ?? "";
const [major = ""] = zod.split(".");
const faultOf = (id: string, name: string, range: string): object => ({
  id,
  package: name,
  ranges: [range],
  severity: "high",
  url: "https://example.org/advisory",
});
/** What the release was known to have, on the day on which it was made. */
const list = {
  format: 1,
  date: "2026-11-22",
  advisories: [
    faultOf("GHSA-0000-0000-0001", "zod", `>=${major}.0.0 <${Number(major) + 1}.0.0`),
    faultOf("GHSA-0000-0000-0002", "zod", "<0.0.1"),
    // For development only: nobody installs it.
    faultOf("GHSA-0000-0000-0003", "jest", "<99.0.0"),
  ],
};

const stack = new AsyncDisposableStack();
let folder: string;
let install: string;
let owner: GatewayClient;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-update-state-"));
  stack.defer(() => rm(folder, { recursive: true }));
  install = join(folder, "install");
  const files = {
    "bin/gatehouse": script([]),
    "advisories.json": JSON.stringify(list),
    "package-lock.json": read("package-lock.json"),
  };
  await installRelease(install, version, withKeys(files, generateKeyPairSync("ed25519").privateKey));
  const [data, release] = [join(folder, "data"), join(install, "versions", version)];
  stack.use(await GatewayProcess.start({ data, config: { listen: { port: 0 } }, release }));
  const identity = (await loadIdentity(join(data, "cli.json")))!;
  owner = stack.use(new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0 }));
}, 60_000);
afterAll(() => stack.disposeAsync());

const note = async (changes: Partial<UpdateJournal>): Promise<void> => {
  const installation = await Installation.open(install);
  await writeJournal(installation, { ...(await readJournal(installation)), ...changes });
};
const ask = (): Promise<UpdateState> => owner.call("updateState", {}, never);

describe("what the gateway tells its owner of its own age", () => {
  it("is its version, until when that is supported, and no update where none was ever looked for", async () => {
    expect(await ask()).toMatchObject({ current: version, supportedUntil, available: null, step: "idle" });
  });

  it("is each known fault of what came with it, out of the list and the lock of its release, and of which day the list is", async () => {
    const { advisories } = await ask();
    const { ranges: _, ...first } = list.advisories[0] as { ranges: unknown };
    expect(advisories).toEqual({ asOf: list.date, found: [{ ...first, version: zod }] });
  });

  it("is among the notices of who governs", async () => {
    const look = () => owner.call("listNotices", {}, never);
    let notices = await look();
    // It is read in the background of the start.
    while (notices.length === 0) notices = await look();
    expect(notices.map(({ kind, text }) => [kind, text.includes("GHSA-0000-0000-0001 of zod (high)")])).toEqual([
      ["advisory", true],
    ]);
  });

  it("is a newer release that `gatehouse update` has seen, unless that was taken back", async () => {
    const newest = { version: "9.0.0", released: 1_795_000_000_000 };
    await note({ newest, step: "starting" });
    expect(await ask()).toMatchObject({ available: newest, step: "starting" });
    await note({ failed: "9.0.0", step: "idle" });
    expect(await ask()).toMatchObject({ available: null, step: "idle" });
    await note({ newest: { version, released: 0 }, failed: null });
    expect(await ask()).toMatchObject({ available: null });
  });

  it("is nothing of updates where it was not installed from a release", async () => {
    const data = join(folder, "elsewhere");
    await using _gateway = await GatewayProcess.start({ data, config: { listen: { port: 0 } } });
    const identity = (await loadIdentity(join(data, "cli.json")))!;
    await using client = new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0 });
    const advisories = { asOf: null, found: [] };
    expect(await client.call("updateState", {}, never)).toEqual({
      current: version,
      supportedUntil,
      available: null,
      step: null,
      advisories,
    });
  });
});
