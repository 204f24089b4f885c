import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import {
  formatRelayInvite,
  parseRelayInvite,
  RelayName,
  systemClock,
  type PairingOffer,
  type RemoteDevice,
  type RemoteState,
} from "@gatehouse/shared";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { openRelayStore } from "../../gateway-bridge/src/relay-store.ts";
import { GatewayBook, type EnrolledGateway } from "../../gateway-bridge/src/relay/server/gateway-book.ts";
import { enrolAtRelay } from "../../gateway-bridge/src/relay/tunnel/enrol.ts";
import { idOfKey, tunnelKey } from "../../gateway-bridge/src/relay/tunnel/tunnel-key.ts";
import { freePort } from "../support/free-port.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import type { PageClient } from "../support/page-client.ts";
import { initRelay, RelayProcess } from "../support/relay-process.ts";
import { takeHold } from "../support/take-hold.ts";
import { Traveller } from "../support/traveller.ts";

jest.setTimeout(120_000);

const never = { signal: new AbortController().signal };
const clock = systemClock;
const name = RelayName.parse("relay.test");
const nowhere = { host: "127.0.0.1", port: 0 };
const config = { rtsp: nowhere, advertise: false };

let folder: string;
let relayData: string;
let address: string;
let relayKey: string;
let port: number;
let page: PageClient;
let relay: RelayProcess;
let gateway: GatewayProcess;

/** What the relay keeps, looked at while it does not run. */
const withBook = async <T>(look: (book: GatewayBook) => T): Promise<T> => {
  await using opening = new AsyncDisposableStack();
  const { database, audit } = await openRelayStore({ data: relayData, clock }, opening, never);
  return look(GatewayBook.open({ database, clock, audit }));
};

const enrolled = (): Promise<readonly EnrolledGateway[]> => withBook((book) => book.list());

const drawInvite = async (): Promise<string> => {
  const { secret } = await withBook((book) => book.invite({ ttlMs: 600_000 }));
  return formatRelayInvite({ address, relay: name, relayKey, secret });
};

const startRelay = async (): Promise<void> => {
  relay = await RelayProcess.start({ data: relayData });
};

const startGateway = async (): Promise<void> => {
  gateway = await GatewayProcess.start({
    data: join(folder, "gateway"),
    config: { ...config, listen: { ...nowhere, port } },
  });
};

const change = async (method: string, path: string, body?: object): Promise<unknown> =>
  page.get({ method, path, ...(body !== undefined && { body }) });
const state = (): Promise<RemoteState> => page.get({ path: "/v1/remote" }) as Promise<RemoteState>;

/** Whoever was killed in the middle of it answers nothing. */
const settled = async (work: Promise<unknown>): Promise<boolean> => {
  try {
    await work;
    return true;
  } catch {
    return false;
  }
};

/** Does something, and meanwhile somebody is killed. @returns whether an answer came all the same */
const killAfter = async (ms: number, victim: { kill(): Promise<void> }, work: Promise<unknown>): Promise<boolean> => {
  const answered = settled(work);
  await delay(ms);
  await victim.kill();
  return answered;
};

/** Nobody is signed in on it, so the answer shows that it reached the gateway, and no more. */
const reach = async (traveller: Traveller): Promise<void> => {
  expect(await traveller.ask({ path: "/v1/remote/way-home" })).toMatchObject({ status: 401 });
};

/** Tries until it is let in, as a program does: while the home is not there, every device is refused alike. */
const returnHome = async (traveller: Traveller): Promise<void> => {
  while (!(await settled(traveller.knock().then((socket) => socket.destroy())))) await delay(50);
  await reach(traveller);
};

const pair = async (called: string): Promise<Traveller> =>
  Traveller.pair((await change("POST", "/v1/me/remote-device-offers", { name: called })) as PairingOffer);
const revoke = ({ identity: { device } }: Traveller): Promise<unknown> =>
  change("DELETE", `/v1/me/remote-devices/${device}`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-kill-relay-"));
  relayData = join(folder, "relay");
  address = `127.0.0.1:${await freePort()}`;
  port = await freePort();
  [{ relayKey }] = await Promise.all([initRelay(relayData, ["--listen", address]), startGateway()]);
  page = await takeHold(gateway);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe("SIGKILL while a gateway enrols", () => {
  it.each([0, 5, 10, 20])(
    "of the relay, %i ms after it was asked: the same key gets in by the same invite",
    async (ms) => {
      const invite = parseRelayInvite(await drawInvite());
      const before = await enrolled();
      await startRelay();
      const key = tunnelKey(generateKeyPairSync("ed25519"));
      const first = enrolAtRelay({ invite, key, clock }, never).catch((error: unknown) => error);
      await delay(ms);
      await relay.kill();
      await first;
      const between = (await enrolled()).slice(before.length);
      expect(between.length === 0 || between[0]?.pins.join() === key.pin).toBe(true);
      await startRelay();
      expect(await enrolAtRelay({ invite, key, clock }, never)).toMatchObject({ tunnel: idOfKey(key) });
      await relay.kill();
      expect((await enrolled()).slice(before.length)).toMatchObject([{ id: idOfKey(key), pins: [key.pin] }]);
    },
  );

  it("of the gateway: it is enrolled or it is not, and then it is by the same invite", async () => {
    const invite = await drawInvite();
    const before = await enrolled();
    await startRelay();
    const enrol = (): Promise<unknown> => change("POST", "/v1/remote/relay", { invite });
    await killAfter(10, gateway, enrol());
    await startGateway();
    if ((await state()).relay === null) await enrol();
    expect((await state()).tunnel).not.toBeNull();
    await relay.kill();
    expect((await enrolled()).slice(before.length)).toMatchObject([{ id: (await state()).tunnel }]);
    await startRelay();
    await change("PUT", "/v1/remote", { enabled: true });
  });
});

describe("SIGKILL while devices are away", () => {
  let laptop: Traveller;
  let ids: readonly string[];
  const relayed = async (): Promise<void> => {
    laptop = await pair("Laptop");
    await returnHome(laptop);
  };

  it("of the relay, of the gateway, and of both: a live channel ends, and the device comes back with nobody's help", async () => {
    await relayed();
    const lose = async (kill: () => Promise<void>): Promise<void> => {
      const socket = await laptop.knock();
      await laptop.ask({ path: "/v1/remote/way-home" }, socket);
      // Cut off in whatever way: what was not read yet makes it a reset.
      const closed = new Promise((resolve) => socket.on("error", () => undefined).once("close", resolve));
      await kill();
      await closed;
    };
    await lose(() => relay.kill());
    await startRelay();
    await returnHome(laptop);
    await lose(() => gateway.kill());
    await startGateway();
    await returnHome(laptop);
    await lose(async () => {
      await Promise.all([relay.kill(), gateway.kill()]);
    });
    ids = (await enrolled()).map(({ id }) => id);
    await Promise.all([startRelay(), startGateway()]);
    await returnHome(laptop);
  });

  it("of both once a device was revoked: it stays out, and the others come in", async () => {
    const stolen = await pair("Stolen");
    await returnHome(stolen);
    await relay.kill();
    // Nobody could tell the relay.
    await revoke(stolen);
    await gateway.kill();
    await Promise.all([startRelay(), startGateway()]);
    await returnHome(laptop);
    await expect(stolen.knock()).rejects.toMatchObject({ code: "relay-refused" });
  });

  it.each([0, 4])(
    "of the gateway %i ms after it was told to revoke: it is done or it is not, everywhere",
    async (ms) => {
      const stolen = await pair(`Stolen ${ms}`);
      await returnHome(stolen);
      const answered = await killAfter(ms, gateway, revoke(stolen));
      await startGateway();
      await returnHome(laptop);
      const devices = (await page.get({ path: "/v1/me/remote-devices" })) as RemoteDevice[];
      const { revoked } = devices.find(({ id }) => id === stolen.identity.device)!;
      if (answered) expect(revoked).not.toBeNull();
      if (revoked === null) await reach(stolen);
      else await expect(stolen.knock()).rejects.toMatchObject({ code: "relay-refused" });
    },
  );

  it.each(["relay", "gateway"] as const)(
    "of the %s while keys are changed: the device comes in afterwards",
    async (who) => {
      const start = who === "relay" ? startRelay : startGateway;
      for (const ms of who === "relay" ? [8] : [5, 20]) {
        await killAfter(ms, who === "relay" ? relay : gateway, change("POST", "/v1/remote/keys"));
        await start();
        await returnHome(laptop);
      }
    },
  );

  it("lost nothing that was enrolled", async () => {
    await relay.kill();
    expect((await enrolled()).map(({ id }) => id)).toEqual(ids);
  });
});
