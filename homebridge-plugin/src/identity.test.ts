import { GatehouseError, type Identity } from "@gatehouse/shared";
import { MemoryLogger, TestClock } from "@gatehouse/shared/testing";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { obtainIdentity, type IdentityPort, type Ticket } from "./identity.ts";

const string = "gh1.aG9zdDo4NDQz.abcdefghijklmnopqrstuv.ABCDEFGHIJKLMNOPQRSTUV";
const identityOf = (address: string) => ({ version: 1, address, principal: "who-x" }) as unknown as Identity;

/** Keeps an identity in memory and pairs as the test says; every answer of `pair` is used once. */
class FakeIdentities implements IdentityPort {
  kept: Identity | undefined;
  readonly answers: (Identity | GatehouseError)[] = [];
  readonly tried: string[] = [];
  readonly keys: string[] = [];
  readonly steps: string[] = [];
  damaged = false;

  async load(): Promise<Identity | undefined> {
    if (this.damaged) throw new GatehouseError("identity-damaged", "half a file");
    return this.kept;
  }

  async save(_path: string, identity: Identity): Promise<void> {
    this.steps.push("save");
    this.kept = identity;
  }

  async pair({ pairingString, privateKey }: Ticket): Promise<Identity> {
    this.tried.push(pairingString);
    this.keys.push(privateKey);
    const answer = this.answers.shift();
    if (answer === undefined) throw new Error("the test gave no answer");
    if (answer instanceof GatehouseError) throw answer;
    return answer;
  }
}

describe("obtainIdentity", () => {
  let folder: string;
  let configPath: string;
  let port: FakeIdentities;
  let log: MemoryLogger;
  let clock: TestClock;
  const stop = new AbortController();

  const obtain = (pairingString?: string) =>
    obtainIdentity({ port, folder, configPath, pairingString, clock, log, random: () => 0.5, signal: stop.signal });
  const configured = async () =>
    (JSON.parse(await readFile(configPath, "utf8")) as { pairingString: string }).pairingString;
  const said = () => log.lines.map(({ level, message }) => `${level} ${message}`).join("\n");

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-identity-"));
    configPath = join(folder, "config.json");
    await writeFile(configPath, JSON.stringify({ pairingString: string }));
    [port, log, clock] = [new FakeIdentities(), new MemoryLogger(), new TestClock()];
  });

  afterEach(() => rm(folder, { recursive: true }));

  it("says in one line what to do when there is neither a string nor an identity", async () => {
    expect(await obtain()).toBeUndefined();
    expect(log.lines).toHaveLength(1);
    expect(said()).toContain("gatehouse pair --for homebridge");
  });

  it("uses the identity that it has", async () => {
    port.kept = identityOf("kept");
    expect(await obtain()).toBe(port.kept);
    expect(port.tried).toEqual([]);
  });

  it("pairs with the string, keeps the identity, then blanks the string", async () => {
    port.answers.push(identityOf("new"));
    expect(await obtain(string)).toEqual(identityOf("new"));
    expect(port.kept).toEqual(identityOf("new"));
    expect(await configured()).toBe("");
    expect(said()).not.toContain(string);
    for (const name of await readdir(folder)) expect(await readFile(join(folder, name), "utf8")).not.toContain(string);
    expect((await stat(join(folder, "used-pairing-string"))).mode & 0o777).toBe(0o600);
  });

  it("keeps its key from before the string is used until the identity is stored, so that a crash loses neither", async () => {
    const lost = new GatehouseError("gateway-unreachable", "the answer was lost");
    port.kept = identityOf("kept");
    port.answers.push(lost, lost, identityOf("new"));
    await obtain(string);
    const file = join(folder, "pairing-key.json");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await obtain(`${string.slice(0, -1)}W`);
    await obtain(string);
    const [first, other] = port.keys;
    expect(first).toContain("PRIVATE KEY");
    expect(other).not.toBe(first);
    expect(await readdir(folder)).not.toContain("pairing-key.json");
  });

  it("tries the same string with the same key", async () => {
    port.kept = identityOf("kept");
    port.answers.push(new GatehouseError("gateway-unreachable", "gone"), identityOf("new"));
    await obtain(string);
    await obtain(string);
    expect(port.keys).toHaveLength(2);
    expect(port.keys[0]).toBe(port.keys[1]);
  });

  it("blanks and ignores a used string that comes back, without asking the gateway", async () => {
    port.answers.push(identityOf("new"));
    await obtain(string);
    await writeFile(configPath, JSON.stringify({ pairingString: string }));
    expect(await obtain(string)).toEqual(identityOf("new"));
    expect(port.tried).toHaveLength(1);
    expect(await configured()).toBe("");
  });

  it("ignores a used string also where config.json cannot be written, and says that", async () => {
    port.answers.push(identityOf("new"));
    await rm(configPath);
    expect(await obtain(string)).toEqual(identityOf("new"));
    expect(said()).toContain("warn The pairing string was used but could not be removed");
    expect(await obtain(string)).toEqual(identityOf("new"));
    expect(port.tried).toHaveLength(1);
  });

  it("pairs anew with a new string, as after a revocation", async () => {
    port.kept = identityOf("old");
    port.answers.push(identityOf("new"));
    expect(await obtain(string)).toEqual(identityOf("new"));
    expect(port.kept).toEqual(identityOf("new"));
  });

  it("stays with what it has when a string is refused, and blanks it", async () => {
    port.kept = identityOf("old");
    port.answers.push(new GatehouseError("pairing-invalid", "used before"));
    expect(await obtain(string)).toEqual(identityOf("old"));
    expect(await configured()).toBe("");
    expect(said()).toContain("error Pairing failed: used before. Make a new pairing string");
  });

  it("ends unpaired when the only string is refused", async () => {
    port.answers.push(new GatehouseError("gateway-impostor", "another key"));
    expect(await obtain(string)).toBeUndefined();
    expect(port.kept).toBeUndefined();
    expect(await configured()).toBe("");
  });

  it("waits for a gateway that is not there yet, and complains once", async () => {
    const away = new GatehouseError("gateway-unreachable", "refused");
    port.answers.push(away, away, away, identityOf("new"));
    const obtaining = obtain(string);
    while (port.answers.length > 0) await clock.advance(60_000);
    expect(await obtaining).toEqual(identityOf("new"));
    expect(said().match(/trying again/g)).toHaveLength(1);
  });

  it("does not wait while it has an identity to go on with, and keeps the string for the next start", async () => {
    port.kept = identityOf("old");
    port.answers.push(new GatehouseError("gateway-unreachable", "refused"));
    expect(await obtain(string)).toEqual(identityOf("old"));
    expect(await configured()).toBe(string);
  });

  it("replaces a damaged identity by a string, and otherwise reports it", async () => {
    port.damaged = true;
    await expect(obtain()).rejects.toMatchObject({ code: "identity-damaged" });
    port.answers.push(identityOf("new"));
    expect(await obtain(string)).toEqual(identityOf("new"));
  });
});
