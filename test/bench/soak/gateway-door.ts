import { GatewayClient, loadIdentity, silentLogger, systemClock } from "@gatehouse/shared";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { GatewayProcess } from "../../support/gateway-process.ts";
import { HomeKitReceiver, makeStart } from "../../support/homekit-receiver.ts";
import { readProbe } from "../../support/read-probe.ts";
import type { FarmCamera } from "../camera-farm/farm.ts";
import { addCameras } from "../live/gateway-house.ts";
import { openFiles } from "../process-usage.ts";
import type { RevolvingDoor } from "./revolving-door.ts";

const cancel = { signal: new AbortController().signal };

/** HomeKit sessions of a real gateway, asked for over its API: each is decided on, written down and sent. */
export const openGatewayDoor = async (
  opened: AsyncDisposableStack,
  { folder, camera, settleMs }: { readonly folder: string; readonly camera: FarmCamera; readonly settleMs: number },
): Promise<RevolvingDoor> => {
  const probe = join(folder, "probe.sock");
  const config = { listen: { host: "127.0.0.1", port: 0 } };
  const gateway = opened.use(await GatewayProcess.start({ data: join(folder, "gateway"), config, probe }));
  const [{ id } = { id: "" }] = await addCameras(gateway, [{ name: "Camera", camera, warm: true }]);
  const identity = await loadIdentity(join(gateway.data, "cli.json"));
  if (identity === undefined) throw new Error("the gateway has no owner");
  const client = opened.use(new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0.5 }));
  return {
    name: "gateway",
    pass: async () => {
      using receiver = await HomeKitReceiver.open();
      const body = receiver.request;
      const prepared = await client.call("prepareHomeKitSession", { params: { camera: id }, body }, cancel);
      receiver.listen(prepared);
      const params = { session: prepared.id };
      const first = receiver.video.nextUnits(1);
      await client.call("startHomeKitSession", { params, body: makeStart() }, cancel);
      await first;
      await client.call("endHomeKitSession", { params }, cancel);
    },
    holdings: async () => {
      await delay(settleMs);
      return { ...(await readProbe(probe)), files: openFiles(gateway.pid) };
    },
  };
};
