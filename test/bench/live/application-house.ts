import { connectPinned, loadIdentity, type ApplicationCredential, type Camera } from "@gatehouse/shared";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";

import { ApplicationClient } from "../../support/application-client.ts";
import type { GatewayProcess } from "../../support/gateway-process.ts";
import type { FarmCamera } from "../camera-farm/farm.ts";

/** A camera of a gateway as an application sees it that logs in with a password. */
export interface ApplicationView {
  readonly camera: Camera;
  readonly farmCamera: FarmCamera;
  readonly login: ApplicationCredential;
  readonly client: ApplicationClient;
  /** Connects to another port of the gateway, which must show the same key. */
  readonly connect: (host: string, port: number) => Promise<TLSSocket>;
}

/** Makes a login for one camera, as its owner would on the command line. */
export const openApplication = async (
  gateway: GatewayProcess,
  name: string,
  farmCamera: FarmCamera,
): Promise<ApplicationView> => {
  const cameras = (await gateway.command(["camera", "list"])) as Camera[];
  const camera = cameras.find((one) => one.name === name);
  if (camera === undefined) throw new Error(`the gateway has no camera of the name ${name}`);
  const login = (await gateway.command(["app", "add", "Viewer", "--camera", camera.id])) as ApplicationCredential;
  const identity = await loadIdentity(join(gateway.data, "cli.json"));
  const accepts = (digest: Buffer): boolean => digest.toString("base64url") === identity?.gatewayPin;
  const failing = { mismatch: "gateway-impostor", unreachable: "gateway-unreachable" } as const;
  const cancel = { signal: new AbortController().signal };
  return {
    camera,
    farmCamera,
    login,
    client: await ApplicationClient.of(gateway, login),
    connect: (host, port) => connectPinned({ host, port, accepts, ...failing }, cancel),
  };
};
