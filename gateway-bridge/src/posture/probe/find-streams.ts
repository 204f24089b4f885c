import { isGatehouseError, type Cancellable, type TierName } from "@gatehouse/shared";

import { getSecureStreamUri } from "../../protocols/onvif/management/secure-stream.ts";
import { getSnapshotUri, getStreamUri, type MediaService } from "../../protocols/onvif/media-uris.ts";
import { getProfiles, type MediaProfile } from "../../protocols/onvif/media.ts";
import type { OnvifCaller } from "../../protocols/onvif/onvif-caller.ts";

export interface FoundStream {
  readonly tier: TierName;
  readonly url: URL;
  /** By which the camera's media service knows it; undefined for one that nobody asked it for. */
  readonly profile?: { readonly service: MediaService; readonly token: string };
}

/** Where a camera's pictures are; at its own host, whatever it says. */
export interface FoundStreams {
  readonly streams: readonly FoundStream[];
  readonly snapshot: URL | undefined;
}

const tiers: readonly TierName[] = ["main", "sub", "third"];

/**
 * The largest pictures first. What a camera refuses, or does not say understandably, is left out.
 * @param how whether the gateway fetches them within TLS alone
 */
export const findStreams = async (
  onvif: OnvifCaller,
  { secure }: { readonly secure: boolean },
  cancel: Cancellable,
): Promise<FoundStreams> => {
  const service = onvif.has("media") ? "media" : "media2";
  const profiles = (await unlessRefused(getProfiles(onvif, service, cancel))) ?? [];
  const chosen = [...profiles].sort((a, b) => area(b) - area(a)).slice(0, tiers.length);
  const streams: FoundStream[] = [];
  let snapshot: URL | undefined;
  for (const { token } of chosen) {
    const asked = secure ? getSecureStreamUri(onvif, token, cancel) : getStreamUri(onvif, { service, token }, cancel);
    const url = await unlessRefused(asked);
    const tier = tiers[streams.length];
    if (url !== undefined && tier !== undefined) streams.push({ tier, url, profile: { service, token } });
    snapshot ??= await unlessRefused(getSnapshotUri(onvif, { service, token }, cancel));
  }
  return { streams, snapshot };
};

const area = ({ width, height }: MediaProfile): number => width * height;

const unlessRefused = async <T>(asked: Promise<T>): Promise<T | undefined> => {
  try {
    return await asked;
  } catch (error) {
    const optional = ["camera-fault", "camera-answer-malformed", "camera-foreign-host", "camera-credentials"];
    if (isGatehouseError(error) && optional.includes(error.code)) return undefined;
    throw error;
  }
};
