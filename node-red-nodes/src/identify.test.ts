import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { formatPairingString, Secret, stopped, systemClock } from "@gatehouse/shared";
import { FakeGateway, TestClock } from "@gatehouse/shared/testing";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { identify } from "./identify.ts";
import { loadSealedIdentity, type SealedIdentity } from "./sealed-identity.ts";

const never = { signal: new AbortController().signal };
const turn = () => new Promise((resolve) => setImmediate(resolve));

let folder: string;
let gateway: FakeGateway;
let identity: SealedIdentity;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-identify-"));
  gateway = await FakeGateway.open();
  identity = { path: join(folder, "node.identity"), pairingString: Secret.of(gateway.pairingString) };
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe("identify", () => {
  it("pairs the first time, and reads what it kept from then on", async () => {
    const first = await identify({ identity, clock: systemClock }, never);
    expect(await identify({ identity, clock: systemClock }, never)).toEqual(first);
    expect(gateway.requests.map(({ name }) => name)).toEqual(["pair"]);
  });

  it("does not spend a pairing string for a caller that goes away in the middle", async () => {
    const closing = new AbortController();
    const identified = identify({ identity, clock: systemClock }, closing);
    // The gateway has read the string and answers; nothing of that has come here yet.
    while (gateway.requests.length === 0) await turn();
    closing.abort(stopped("closed"));
    expect(await loadSealedIdentity(identity)).toBeUndefined();
    const paired = await identified;
    expect(await loadSealedIdentity(identity)).toEqual(paired);
  });

  it("lets its caller go after five seconds when the gateway does not answer", async () => {
    const silent = createServer();
    await once(silent.listen(0, "127.0.0.1"), "listening");
    const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const [keyHash, secret] = [Buffer.alloc(16), Buffer.alloc(16)];
    const pairingString = Secret.of(formatPairingString({ address, keyHash, secret }));
    const clock = new TestClock();
    const closing = new AbortController();
    const identified = identify({ identity: { ...identity, pairingString }, clock }, closing);
    const refused = expect(identified).rejects.toMatchObject({ code: "aborted" });
    const [socket] = (await once(silent, "connection")) as [Socket];
    closing.abort(stopped("closed"));
    await clock.advance(5_000);
    await refused;
    socket.destroy();
    silent.close();
  });

  it("does not begin for a caller that has gone", async () => {
    const gone = { signal: AbortSignal.abort(stopped("closed")) };
    await expect(identify({ identity, clock: systemClock }, gone)).rejects.toMatchObject({ code: "aborted" });
    expect(gateway.connections).toBe(0);
  });

  it("says how to pair when there is no pairing string", async () => {
    await expect(identify({ identity: undefined, clock: systemClock }, never)).rejects.toMatchObject({
      code: "unauthenticated",
      remedy: expect.stringContaining("gatehouse pair --for node-red") as unknown,
    });
  });
});
