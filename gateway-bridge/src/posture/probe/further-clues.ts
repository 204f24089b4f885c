import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { getScopes } from "../../protocols/onvif/management/discovery.ts";
import { getNetworkInterfaces } from "../../protocols/onvif/management/network-interfaces.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";
import type { VendorClues } from "../vendor-policy.ts";

/**
 * What else a camera tells of its maker whose own words name none that is known: cameras that one maker builds for many names keep its scopes and
 * its network addresses. Empty where it does not tell.
 * @throws GatehouseError where it cannot be spoken to any more, or the signal's reason
 */
export const furtherClues = async (
  onvif: OnvifCaller,
  cancel: Cancellable,
): Promise<Pick<VendorClues, "scopes" | "mac">> => {
  const scopes = (await unlessRefused(getScopes(onvif, cancel))) ?? [];
  const interfaces = (await unlessRefused(getNetworkInterfaces(onvif, cancel))) ?? [];
  const [mac] = interfaces.filter(({ enabled }) => enabled).map((one) => one.mac);
  return { scopes: scopes.map(({ uri }) => uri), ...(mac !== undefined && { mac }) };
};

const unlessRefused = async <T>(asked: Promise<T>): Promise<T | undefined> => {
  try {
    return await asked;
  } catch (error) {
    const refusals = ["camera-credentials", "camera-fault", "camera-answer-malformed"];
    if (isGatehouseError(error) && refusals.includes(error.code)) return undefined;
    throw error;
  }
};
