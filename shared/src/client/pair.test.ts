import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parsePairingString, formatPairingString } from "../contract/pairing-string.ts";
import { systemClock } from "../kernel/clock.ts";
import { FakeGateway, makeCamera } from "../testing/fake-gateway.ts";
import { MemoryLogger } from "../testing/memory-logger.ts";
import { GatewayClient } from "./gateway-client.ts";
import { loadIdentity, saveIdentity } from "./identity-file.ts";
import { pair } from "./pair.ts";

const never = { signal: new AbortController().signal };
let gateway: FakeGateway;
beforeEach(async () => {
  gateway = await FakeGateway.open({ cameras: [makeCamera()] });
});
afterEach(() => gateway[Symbol.asyncDispose]());
const pairWith = (pairingString: string) => pair({ pairingString, kind: "node-red", clock: systemClock }, never);

describe("pair", () => {
  it("gives an identity that the gateway lets in", async () => {
    const identity = await pairWith(gateway.pairingString);
    expect(identity).toMatchObject({ version: 1, address: gateway.address, gatewayPin: gateway.certificate.pin });
    const client = new GatewayClient({ identity, clock: systemClock, log: new MemoryLogger(), random: () => 0 });
    expect(await client.call("listCameras", {}, never)).toHaveLength(1);
    await client[Symbol.asyncDispose]();
  });

  it("makes a new key for every pairing and never sends it", async () => {
    const identity = await pairWith(gateway.pairingString);
    expect(identity.privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(JSON.stringify(gateway.requests)).not.toContain(identity.privateKey.split("\n")[1]);
  });

  it("says that a used string is used", async () => {
    await pairWith(gateway.pairingString);
    await expect(pairWith(gateway.pairingString)).rejects.toMatchObject({ code: "pairing-invalid" });
  });

  it("shows the secret to nobody whose key does not match the string", async () => {
    const ticket = parsePairingString(gateway.pairingString);
    const keyHash = Buffer.from(ticket.keyHash);
    keyHash[15]! ^= 1;
    await expect(pairWith(formatPairingString({ ...ticket, keyHash }))).rejects.toMatchObject({
      code: "gateway-impostor",
    });
    expect(gateway.requests).toEqual([]);
  });

  it("refuses half a string before it connects", async () => {
    await expect(pairWith(gateway.pairingString.slice(0, -1))).rejects.toMatchObject({
      code: "pairing-string-malformed",
    });
    expect(gateway.connections).toBe(0);
  });
});

describe("identity file", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("keeps an identity readable by its owner only", async () => {
    const path = join(folder, "identity.json");
    await saveIdentity(path, gateway.identity);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await loadIdentity(path)).toEqual(gateway.identity);
    expect((await readFile(path, "utf8")).endsWith("}\n")).toBe(true);
  });

  it("gives nothing where there is no file", async () => {
    expect(await loadIdentity(join(folder, "none"))).toBeUndefined();
  });

  it.each(["", "{", "null", '{"version":2}'])("says that %j is no identity, without quoting it", async (content) => {
    const path = join(folder, "identity.json");
    await writeFile(path, content, { mode: 0o600 });
    await expect(loadIdentity(path)).rejects.toMatchObject({
      code: "identity-damaged",
      message: `${path} does not hold a client identity`,
    });
  });

  it("refuses to save what is no identity", async () => {
    await expect(
      (async () => saveIdentity(join(folder, "x"), { ...gateway.identity, gatewayPin: "?" }))(),
    ).rejects.toThrow();
  });
});
