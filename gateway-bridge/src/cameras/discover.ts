import type { Cancellable, Clock, DiscoveredCamera, Logger } from "@gatehouse/shared";
import type { networkInterfaces } from "node:os";

import type { CameraRecord } from "../domain/camera.ts";
import { ipv4Addresses, probe, type FoundDevice, type ProbeOptions } from "../protocols/discovery/ws-discovery.ts";

export interface DiscoverOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly interfaces: typeof networkInterfaces;
  /** Where to ask, if not at the whole network: the own addresses to ask from, and whom. */
  readonly at?: Partial<Pick<ProbeOptions, "from" | "to" | "timeoutMs">> | undefined;
  readonly known: readonly CameraRecord[];
}

/** Which ONVIF devices answer on the networks that this computer is attached to. */
export const discover = async (options: DiscoverOptions, cancel: Cancellable): Promise<DiscoveredCamera[]> => {
  const { clock, log, interfaces, at, known } = options;
  const found = await probe({ clock, log, from: ipv4Addresses(interfaces()), ...at }, cancel);
  return found.map((device) => {
    const url = addressOf(device);
    const { name, hardware, endpoint } = device;
    const added = known.some((camera) => isSame(url, new URL(camera.url)));
    return { address: url.href, name, hardware, endpoint, added };
  });
};

/** One camera has one web server: another port is another camera, unless it is there for another protocol. */
const isSame = (found: URL, known: URL): boolean =>
  found.hostname === known.hostname && (found.protocol !== known.protocol || found.port === known.port);

/** Of the addresses that a device claims, the one that it answered from; such a claim as none makes up for none. */
const addressOf = ({ addresses, sender }: FoundDevice): URL =>
  addresses.find(({ hostname }) => hostname === sender) ??
  addresses[0] ??
  new URL(`http://${sender}/onvif/device_service`);
