import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { PairDevice, PairedDevice } from "../contract/remote.ts";
import { formatPairingString, parsePairingString } from "../contract/pairing-string.ts";
import { systemClock } from "../kernel/clock.ts";
import { GatehouseError } from "../kernel/errors.ts";
import { FakeGateway } from "../testing/fake-gateway.ts";
import { ed25519Certificate, makeDevice } from "../testing/fake-relay.ts";
import { loadDeviceIdentity, makeDeviceKey, saveDeviceIdentity } from "./device-identity.ts";
import { pairDevice } from "./pair-device.ts";

const never = { signal: new AbortController().signal };
const authority = { name: "clients", privateKey: createPrivateKey(ed25519Certificate("clients").privateKey) };
const relay = {
  place: { address: "relay.test:443", name: "relay.test", keys: ["k".repeat(43)] },
  tunnel: "gr-aaaaaaaaaaaaaaaa",
} as unknown as Parameters<typeof makeDevice>[0]["relay"];
const { identity } = makeDevice({ authority, relay, gatewayKeys: ["g".repeat(43)] });
const { version: _version, privateKey: _key, ...paired } = identity;

describe("pairDevice", () => {
  const asked: PairDevice[] = [];
  let answer: () => PairedDevice;
  let gateway: FakeGateway;
  beforeEach(async () => {
    asked.length = 0;
    answer = () => paired;
    gateway = await FakeGateway.open({
      handlers: {
        pairDevice: ({ body }) => {
          asked.push(body);
          return answer();
        },
      },
    });
  });
  afterEach(() => gateway[Symbol.asyncDispose]());
  const pair = async (pairingString: string, privateKey: string) =>
    pairDevice({ pairingString, privateKey, clock: systemClock }, never);

  it("gives an identity with our own key, which never left", async () => {
    const privateKey = await makeDeviceKey();
    expect(await pair(gateway.pairingString, privateKey)).toEqual({ version: 1, ...paired, privateKey });
    const spki = createPublicKey(createPrivateKey(privateKey)).export({ type: "spki", format: "der" });
    const secret = parsePairingString(gateway.pairingString).secret.toString("base64url");
    expect(asked).toEqual([{ secret, publicKey: spki.toString("base64") }]);
  });

  it("shows the secret to nobody whose key does not match the string", async () => {
    const ticket = parsePairingString(gateway.pairingString);
    const keyHash = Buffer.from(ticket.keyHash);
    keyHash[15]! ^= 1;
    const string = formatPairingString({ ...ticket, keyHash });
    await expect(pair(string, await makeDeviceKey())).rejects.toMatchObject({ code: "gateway-impostor" });
    expect(asked).toEqual([]);
  });

  it("says what the gateway said", async () => {
    answer = () => {
      throw new GatehouseError("pairing-invalid", "this pairing string does not work");
    };
    const pairing = pair(gateway.pairingString, await makeDeviceKey());
    await expect(pairing).rejects.toMatchObject({ code: "pairing-invalid" });
  });

  it("refuses half a string before it connects", async () => {
    const pairing = pair(gateway.pairingString.slice(0, -1), await makeDeviceKey());
    await expect(pairing).rejects.toMatchObject({ code: "pairing-string-malformed" });
    expect(gateway.connections).toBe(0);
  });
});

describe("device's identity file", () => {
  let path: string;
  beforeEach(async () => {
    path = join(await mkdtemp(join(tmpdir(), "gatehouse-")), "device.json");
  });
  afterEach(() => rm(join(path, ".."), { recursive: true }));

  it("is readable by its owner only", async () => {
    await saveDeviceIdentity(path, identity);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await loadDeviceIdentity(path)).toEqual(identity);
  });

  it("is not read where others can read it", async () => {
    await writeFile(path, JSON.stringify(identity), { mode: 0o644 });
    await expect(loadDeviceIdentity(path)).rejects.toMatchObject({ code: "file-permissions" });
  });

  it("need not be there", async () => {
    expect(await loadDeviceIdentity(path)).toBeUndefined();
  });

  it.each(["", "{", "null", '{"version":2}', JSON.stringify({ ...identity, more: 1 })])(
    "is damaged where it holds %j, which is not quoted",
    async (content) => {
      await writeFile(path, content, { mode: 0o600 });
      await expect(loadDeviceIdentity(path)).rejects.toMatchObject({
        code: "identity-damaged",
        message: `${path} does not hold a device's identity`,
      });
    },
  );

  it("is not saved where it is none", async () => {
    await expect((async () => saveDeviceIdentity(path, { ...identity, name: "" }))()).rejects.toThrow();
  });
});
