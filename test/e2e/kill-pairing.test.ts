import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import type { PairingOffer, Principal } from "@gatehouse/shared";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { Simulator } from "../simulator/simulator.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { HomebridgeProcess } from "../support/homebridge.ts";
import { gatewayNodeId, houseFlow } from "../support/house-flow.ts";
import { buildNodes, NodeRedProcess } from "../support/node-red.ts";

jest.setTimeout(120_000);

let folder: string;
let gateway: GatewayProcess;
let simulator: Simulator;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-kill-pairing-"));
  [gateway, simulator] = await Promise.all([
    GatewayProcess.start({ data: join(folder, "gateway"), config: { listen: { port: 0 } } }),
    Simulator.open(),
    buildNodes(),
  ]);
  const { onvifUrl, username, password } = simulator;
  await gateway.command(["camera", "add", onvifUrl, "--user", username, "--password-stdin"], password);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await simulator[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const offer = async (kind: string): Promise<string> =>
  ((await gateway.command(["pair", "--for", kind])) as PairingOffer).pairingString;
const clients = async (kind: string): Promise<number> =>
  ((await gateway.command(["client", "list"])) as Principal[]).filter((one) => one.kind === kind).length;

/** Milliseconds after the pairing may have begun. */
const moments = [0, 10, 25, 50, 100];

describe("SIGKILL in the middle of pairing", () => {
  it.each(moments)("of Homebridge after %i ms: the next start is paired, by the same string", async (ms) => {
    const [before, storage] = [await clients("homebridge"), join(folder, `homebridge-${ms}`)];
    const first = await HomebridgeProcess.start({
      storage,
      platformConfig: { pairingString: await offer("homebridge") },
    });
    await delay(ms);
    await first.kill();
    await using second = await HomebridgeProcess.start({ storage });
    await second.logged(/Connected to the gateway/);
    expect(await clients("homebridge")).toBe(before + 1);
  });

  it.each(moments)(
    "of Node-RED %i ms after the deployment: the next start is paired, by the same string",
    async (ms) => {
      const [before, userDir] = [await clients("node-red"), join(folder, `node-red-${ms}`)];
      const flow = houseFlow({ pairingString: await offer("node-red"), collector: "http://127.0.0.1:9/" });
      const first = await NodeRedProcess.start({ userDir });
      await first.deploy(flow);
      await delay(ms);
      await first.kill();
      await using second = await NodeRedProcess.start({ userDir });
      let cameras: unknown[] = [];
      while (cameras.length === 0) {
        await delay(50);
        cameras = (await second.get(`/gatehouse/${gatewayNodeId}/cameras`).catch(() => [])) as unknown[];
      }
      expect(await clients("node-red")).toBe(before + 1);
    },
  );
});
