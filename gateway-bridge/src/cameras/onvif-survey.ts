import { isGatehouseError, type Cancellable, type TierName } from "@gatehouse/shared";

import type { CameraDescription } from "../domain/camera.ts";
import { getDeviceInformation } from "../protocols/onvif/device.ts";
import { isMotionTopic } from "../protocols/onvif/motion-policy.ts";
import { getSnapshotUri, getStreamUri, type MediaService } from "../protocols/onvif/media-uris.ts";
import { getSecureStreamUri } from "../protocols/onvif/management/secure-stream.ts";
import { getProfiles, type MediaProfile } from "../protocols/onvif/media.ts";
import type { OnvifSession } from "../protocols/onvif/onvif-session.ts";
import { readTopics } from "../protocols/onvif/topics.ts";
import { chooseTiers } from "./tier-policy.ts";

/** Where a tier's media is. */
export interface TierAddresses {
  readonly stream: URL;
  readonly snapshot: URL | undefined;
}

/** A camera as it was when it was last asked. */
export interface Survey {
  readonly description: CameraDescription;
  readonly addresses: ReadonlyMap<TierName, TierAddresses>;
}

/** Asks a camera for everything that viewers need. @throws GatehouseError as OnvifSession.call, `camera-foreign-host` */
export const survey = async (
  session: OnvifSession,
  { secureStreams }: { readonly secureStreams: boolean },
  cancel: Cancellable,
): Promise<Survey> => {
  const information = await getDeviceInformation(session, cancel);
  const { service, profiles } = await findProfiles(session, cancel);
  const chosen = chooseTiers(profiles);
  const addresses = new Map<TierName, TierAddresses>();
  for (const { tier, profile } of chosen) {
    const asked = { service, token: profile.token };
    const stream = secureStreams
      ? await getSecureStreamUri(session, profile.token, cancel)
      : await getStreamUri(session, asked, cancel);
    addresses.set(tier.name, { stream, snapshot: await snapshotUri(session, asked, cancel) });
  }
  const description: CameraDescription = {
    ...information,
    tiers: chosen.map(({ tier }) => tier),
    audio: chosen[0]?.profile.audio ?? "none",
    snapshot: [...addresses.values()].some(({ snapshot }) => snapshot !== undefined),
    motion: await reportsMotion(session, cancel),
    // Only the stream itself tells.
    talk: false,
  };
  return { description, addresses };
};

/** Media 2 tells H.265 from H.264 where Media 1 cannot; but some cameras announce it and then fail at it. */
const findProfiles = async (
  session: OnvifSession,
  cancel: Cancellable,
): Promise<{ readonly service: MediaService; readonly profiles: readonly MediaProfile[] }> => {
  if (session.has("media2")) {
    const profiles = await unlessRefused(getProfiles(session, "media2", cancel));
    if (profiles !== undefined && (profiles.length > 0 || !session.has("media")))
      return { service: "media2", profiles };
  }
  return { service: "media", profiles: await getProfiles(session, "media", cancel) };
};

/** Undefined where the camera has no still picture, or keeps it at a place that is not its own. */
const snapshotUri = async (
  session: OnvifSession,
  asked: { readonly service: MediaService; readonly token: string },
  cancel: Cancellable,
): Promise<URL | undefined> => unlessRefused(getSnapshotUri(session, asked, cancel));

/** A camera that will not list its topics is believed to have motion: asking for it later costs nothing. */
const reportsMotion = async (session: OnvifSession, cancel: Cancellable): Promise<boolean> => {
  if (!session.has("events")) return false;
  const answer = await unlessRefused(session.call({ service: "events", operation: "GetEventProperties" }, cancel));
  return answer === undefined || readTopics(answer).some(isMotionTopic);
};

/** What is optional may be refused, or answered with rubbish; everything else is an error here too. */
const unlessRefused = async <T>(asked: Promise<T>): Promise<T | undefined> => {
  try {
    return await asked;
  } catch (error) {
    const optional = ["camera-fault", "camera-answer-malformed", "camera-foreign-host"];
    if (isGatehouseError(error) && optional.includes(error.code)) return undefined;
    throw error;
  }
};
