import type { Cancellable } from "@gatehouse/shared";
import { networkInterfaces } from "node:os";

import { getDiscoveryMode } from "../../protocols/onvif/management/discovery.ts";
import { getNetworkInterfaces, type NetworkInterface } from "../../protocols/onvif/management/network-interfaces.ts";
import { unlessUnsupported } from "../../protocols/onvif/management/ask.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";
import { askOnvif, type Reply } from "./ask-onvif.ts";
import { sharesNetwork } from "./own-network-policy.ts";

/** Something that cameras may well not know: `unsupported` then. */
export type OptionalReply<T> = Reply<T> | { readonly kind: "unsupported" };

/** Asks as the gateway, once a look. */
export const askOptional = async <T>(
  camera: ProbedCamera,
  what: string,
  ask: (onvif: OnvifCaller, cancel: Cancellable) => Promise<T>,
  cancel: Cancellable,
): Promise<OptionalReply<T>> => {
  if (camera.kind !== "onvif") return { kind: "unsupported" };
  const optional = (onvif: OnvifCaller, within: Cancellable): Promise<T | undefined> =>
    unlessUnsupported(ask(onvif, within));
  const reply = await askOnvif(camera, { as: "gateway", what: `${what}?`, ask: optional }, cancel);
  if (reply.kind !== "answer") return reply;
  return reply.value === undefined ? { kind: "unsupported" } : { kind: "answer", value: reply.value };
};

export const interfacesOf = (
  camera: ProbedCamera,
  cancel: Cancellable,
): Promise<OptionalReply<readonly NetworkInterface[]>> =>
  askOptional(camera, "GetNetworkInterfaces", getNetworkInterfaces, cancel);

export const discoveryModeOf = (camera: ProbedCamera, cancel: Cancellable): Promise<OptionalReply<string>> =>
  askOptional(camera, "GetDiscoveryMode", getDiscoveryMode, cancel);

/** Addresses of this computer. */
export type OwnAddresses = () => readonly string[];

export const ownAddresses: OwnAddresses = () =>
  Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));

/** Whether we ask from inside the camera's own network; undefined where it does not tell what that is. */
export const isInside = async (
  camera: ProbedCamera,
  own: OwnAddresses,
  cancel: Cancellable,
): Promise<boolean | undefined> => {
  const reply = await interfacesOf(camera, cancel);
  if (reply.kind !== "answer") return undefined;
  // Other interfaces may be unplugged, and still have an address from the factory.
  const here = reply.value
    .flatMap(({ ipv4 }) => ipv4?.addresses ?? [])
    .filter(({ address }) => address === camera.host);
  return sharesNetwork(own(), here);
};
