import type { Cancellable, Clock, Logger } from "@gatehouse/shared";
import type { networkInterfaces } from "node:os";

import { ipv4Addresses, probe, type ProbeOptions } from "../../protocols/discovery/ws-discovery.ts";
import { search } from "../../protocols/ssdp/ssdp-search.ts";
import type { SeenDevice } from "../newcomer-policy.ts";

export interface FindDevicesOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly interfaces: typeof networkInterfaces;
  /** Where WS-Discovery asks, if not at the whole network. */
  readonly discovery?: Partial<Pick<ProbeOptions, "from" | "to" | "timeoutMs">> | undefined;
  /** Where SSDP asks, if not at the whole network. */
  readonly ssdp?: { readonly to: { readonly address: string; readonly port: number } } | undefined;
}

/** What cameras call themselves by SSDP: UPnP's DigitalSecurityCamera:1, and Axis's own word. */
const cameraTypes = [
  "urn:schemas-upnp-org:device:DigitalSecurityCamera:1",
  "urn:schemas-upnp-org:device:DigitalSecurityCameraMotionImage:1",
  "urn:axis-com:service:BasicService:1",
] as const;

/** Which cameras answer on the networks of this box, asked as everybody there may ask. */
export const findDevices = async (options: FindDevicesOptions, cancel: Cancellable): Promise<readonly SeenDevice[]> => {
  const { clock, log, interfaces, discovery = {}, ssdp } = options;
  const from = discovery.from ?? ipv4Addresses(interfaces());
  const [onvif, upnp] = await Promise.all([
    probe({ clock, log, from, ...discovery }, cancel),
    search({ clock, log, from, types: cameraTypes, to: ssdp?.to, timeoutMs: discovery.timeoutMs }, cancel),
  ]);
  const found = new Map<string, SeenDevice>();
  // A device that answers twice is one: by address, because by SSDP it goes by another name.
  for (const { sender, usn, server } of upnp) {
    found.set(sender, { endpoint: usn || sender, address: sender, name: "", hardware: server.slice(0, 100) });
  }
  const named = onvif.map(({ endpoint, sender, name, hardware }) => ({ endpoint, address: sender, name, hardware }));
  for (const { address } of named) found.delete(address);
  return [...named, ...found.values()];
};
