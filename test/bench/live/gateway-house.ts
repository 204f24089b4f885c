import { join } from "node:path";

import type { Camera, PairingOffer } from "@gatehouse/shared";

import { GatewayProcess } from "../../support/gateway-process.ts";
import { HomebridgeProcess } from "../../support/homebridge.ts";
import type { FarmCamera } from "../camera-farm/farm.ts";

const config = {
  name: "Benchmark",
  listen: { host: "127.0.0.1", port: 0 },
  // A camera that is not kept warm is cold again for the next viewer.
  media: { lingerSeconds: 0 },
  rtsp: { port: 0 },
};

export interface GatewayCamera {
  readonly name: string;
  readonly camera: FarmCamera;
  /** Kept connected while nobody watches. */
  readonly warm: boolean;
}

/** Puts cameras behind a gateway, as a person would. */
export const addCameras = async (
  gateway: GatewayProcess,
  cameras: readonly GatewayCamera[],
): Promise<readonly Camera[]> => {
  const added: Camera[] = [];
  for (const { name, camera, warm } of cameras) {
    const args = ["camera", "add", camera.onvifUrl, "--user", camera.username, "--password-stdin", "--name", name];
    added.push((await gateway.command([...args, ...(warm ? ["--warm"] : [])], camera.password)) as Camera);
  }
  return added;
};

/** A real gateway with cameras. */
export const startGateway = async (folder: string, cameras: readonly GatewayCamera[]): Promise<GatewayProcess> => {
  const gateway = await GatewayProcess.start({ data: join(folder, "gateway"), config });
  await addCameras(gateway, cameras);
  return gateway;
};

/** A real Homebridge with our plugin, paired with the gateway. */
export const startOurHomebridge = async (folder: string, gateway: GatewayProcess): Promise<HomebridgeProcess> => {
  const { pairingString } = (await gateway.command(["pair", "--for", "homebridge"])) as PairingOffer;
  return HomebridgeProcess.start({ storage: join(folder, "homebridge"), platformConfig: { pairingString } });
};
