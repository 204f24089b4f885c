import { DigestGuard } from "./digest-guard.ts";
import { DiscoveryResponder } from "./discovery-responder.ts";
import { LiveFeed, type Tier } from "./live-feed.ts";
import { deviceOperations, servicePaths } from "./onvif-device-service.ts";
import { OnvifEvents } from "./onvif-events.ts";
import { mediaOperations, type TierInfo } from "./onvif-media.ts";
import { OnvifServer, snapshotPath, type OnvifServices } from "./onvif-server.ts";
import { RtspServer } from "./rtsp-server.ts";
import type { SimulatorSettings } from "./simulator-options.ts";
import { loadSnapshots } from "./snapshot.ts";
import { TokenGuard } from "./token-guard.ts";

/** What a simulated camera is made of. */
export interface SimulatorParts {
  readonly clock: CameraClock;
  readonly digest: DigestGuard;
  readonly feed: LiveFeed;
  readonly rtsp: RtspServer;
  readonly onvif: OnvifServer;
  readonly discovery: DiscoveryResponder | undefined;
}

/** The camera's own clock, right or wrong. */
class CameraClock {
  offset = 0;
  readonly now = (): number => Date.now() + this.offset;
}

/** Opens every part; `opening` disposes of them. */
export const openParts = async (
  settings: SimulatorSettings,
  opening: AsyncDisposableStack,
): Promise<SimulatorParts> => {
  const { id, host, tls } = settings;
  const clock = new CameraClock();
  const { now } = clock;
  const feed = opening.use(await LiveFeed.open({ ...settings, camera: id }));
  const passwordOf = (username: string): string | undefined =>
    username === settings.username ? settings.password : undefined;
  const digest = new DigestGuard({
    ...settings,
    passwordOf,
    realm: "Gatehouse simulator",
    algorithms: settings.digest,
  });
  const media = { feed, now, guard: digest, sessionTimeoutS: settings.rtspTimeoutS };
  const rtsp = opening.use(await RtspServer.open({ ...media, host, port: settings.rtspPort, tls }));
  const snapshot = await loadSnapshots(id, feed);
  const services = (origin: string): OnvifServices => ({
    device: deviceOperations({ id, host, origin, now }),
    media: mediaOperations(tiers(settings, { feed, rtsp, origin }), settings.audio),
    events: new OnvifEvents({ origin, now }),
    snapshot,
  });
  const token = new TokenGuard({ ...settings, passwordOf, now, toleranceMs: 60_000 });
  const onvif = opening.use(await OnvifServer.open({ host, port: settings.onvifPort, tls, digest, token, services }));
  const discovery =
    settings.discovery === false
      ? undefined
      : await DiscoveryResponder.open({ ...settings.discovery, id, xaddr: onvif.origin + servicePaths.device });
  opening.use(discovery);
  return { clock, digest, feed, rtsp, onvif, discovery };
};

const tiers = (
  { host, streamHost = host, bitrateKbps, subBitrateKbps }: SimulatorSettings,
  { feed, rtsp, origin }: { readonly feed: LiveFeed; readonly rtsp: RtspServer; readonly origin: string },
): TierInfo[] => {
  const info = (tier: Tier, kbps: number): TierInfo => ({
    tier,
    clip: feed.clips[tier],
    bitrateKbps: kbps,
    streamUri: rtsp.url(tier).replace(host, streamHost),
    snapshotUri: origin + snapshotPath,
  });
  return [info("main", bitrateKbps), info("sub", subBitrateKbps)];
};
