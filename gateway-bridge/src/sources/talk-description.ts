import { GatehouseError, isGatehouseError, type Cancellable, type Clock } from "@gatehouse/shared";

import type { StreamEndpoint } from "../domain/camera.ts";
import { RtspClient, type RtspClientOptions } from "../protocols/rtsp/rtsp-client.ts";
import { chooseTalk, talkUrl, type ChosenTalk } from "./talk-policy.ts";

/** A camera that has described its way back; nothing is set up yet. */
export interface DescribedTalk {
  /** The caller's to dispose. */
  readonly client: RtspClient;
  readonly chosen: ChosenTalk;
}

/** ONVIF Streaming 5.3.1 */
const backchannel = "www.onvif.org/ver20/backchannel";

/** @throws GatehouseError `talk-unsupported`, or as RtspClient.open does */
export const describeTalk = async (
  endpoint: StreamEndpoint,
  clock: Clock,
  cancel: Cancellable,
): Promise<DescribedTalk> => {
  await using opening = new AsyncDisposableStack();
  const client = opening.use(await describe(endpoint, clock, cancel));
  const chosen = chooseTalk(client.description, endpoint.quirks?.talk);
  if (chosen === undefined) throw unsupported("its stream has no way back that the gateway can use");
  opening.move();
  return { client, chosen };
};

/** @param why of a camera without a loudspeaker */
export const unsupported = (why: string): GatehouseError =>
  new GatehouseError("talk-unsupported", `nobody can talk through the camera: ${why}`);

/** Of a camera's refusal; undefined for every other error. */
export const statusOf = (error: unknown): number | undefined => {
  if (!isGatehouseError(error) || error.code !== "camera-fault") return undefined;
  const { status } = error.details;
  return typeof status === "number" ? status : undefined;
};

const describe = async (
  { url, credentials, pin, auth, quirks }: StreamEndpoint,
  clock: Clock,
  cancel: Cancellable,
): Promise<RtspClient> => {
  const options: RtspClientOptions = {
    ...{ credentials, pin, memory: auth, clock, require: backchannel },
    url: talkUrl(url, quirks?.talk),
    transport: quirks?.transport ?? "auto",
  };
  try {
    return await RtspClient.open(options, cancel);
  } catch (error) {
    // RFC 2326 11.3.14: a camera that does not know the feature has to refuse.
    if (statusOf(error) === 551) throw unsupported("it has no way back");
    throw error;
  }
};
