import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

import { DigestGuard, type DigestAlgorithm } from "./digest-guard.ts";
import { DiscoveryResponder } from "./discovery-responder.ts";
import { LiveFeed, type Tier } from "./live-feed.ts";
import { deviceOperations, servicePaths } from "./onvif-device-service.ts";
import { OnvifEvents } from "./onvif-events.ts";
import { mediaOperations, type TierInfo } from "./onvif-media.ts";
import { OnvifServer, snapshotPath } from "./onvif-server.ts";
import { RtspServer, type TlsIdentity } from "./rtsp-server.ts";
import { stampJpeg } from "./stamp.ts";
import { TokenGuard } from "./token-guard.ts";

export interface SimulatorOptions {
  /** 1 to 16 characters of ASCII, written into every stamp. Default: random. */
  readonly id?: string | undefined;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  readonly username?: string;
  readonly password?: string;
  /** 0 (the default) for any. */
  readonly onvifPort?: number;
  readonly rtspPort?: number;
  /** Of the main stream; default 4000. Too low for the clip means no fill. */
  readonly bitrateKbps?: number;
  readonly subBitrateKbps?: number;
  /** A microphone's track, in both streams. Default none. */
  readonly audio?: "none" | "opus" | "pcmu";
  /** Challenges that are offered, in this order. Default SHA-256, then MD5. */
  readonly digest?: readonly DigestAlgorithm[];
  /** False for the older Digest form of RFC 2069. Default true. */
  readonly qop?: boolean;
  /** Offers Basic as well. Default false. */
  readonly basic?: boolean;
  readonly nonceLifetimeMs?: number;
  /** Refuses a UsernameToken whose nonce was used before. Default true; some clients repeat them. */
  readonly refuseTokenReplay?: boolean;
  readonly rtspTimeoutS?: number;
  /** Serves HTTPS and RTSPS instead. */
  readonly tls?: TlsIdentity;
  /** Answers WS-Discovery probes at this interface address and port, multicast and unicast. Default false. */
  readonly discovery?: false | { readonly address: string; readonly port: number };
}

export interface SimulatorCounts {
  /** RTSP clients that are playing now. */
  readonly rtspClients: number;
  /** RTSP connections ever accepted. */
  readonly rtspConnects: number;
  /** PLAY requests ever granted. */
  readonly rtspPlays: number;
  readonly onvifRequests: number;
  readonly pullMessages: number;
  readonly snapshots: number;
  /** Wrong credentials, over ONVIF, snapshots and RTSP. A request without any is not counted. */
  readonly authFailures: number;
  /** Pull points that exist now. */
  readonly subscriptions: number;
}

/** A whole camera: RTSP, ONVIF, snapshots and discovery, with everything that can go wrong at one's command. */
export class Simulator implements AsyncDisposable {
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly onvifUrl: string;
  readonly rtspUrl: string;
  readonly subRtspUrl: string;
  readonly #parts: Parts;
  readonly #resources: AsyncDisposableStack;
  #motions = 0;
  #refusing = false;

  private constructor(parts: Parts, resources: AsyncDisposableStack) {
    const { id, username, password } = parts.settings;
    this.id = id;
    this.username = username;
    this.password = password;
    this.onvifUrl = parts.onvif.origin + servicePaths.device;
    this.rtspUrl = parts.streamUri("main");
    this.subRtspUrl = parts.streamUri("sub");
    this.#parts = parts;
    this.#resources = resources;
  }

  static async open(options: SimulatorOptions = {}): Promise<Simulator> {
    await using opening = new AsyncDisposableStack();
    return new Simulator(await openParts(options, opening), opening.move());
  }

  get counts(): SimulatorCounts {
    const { rtsp, onvif, digest } = this.#parts;
    return {
      rtspClients: rtsp.clients,
      rtspConnects: rtsp.counts.connects,
      rtspPlays: rtsp.counts.plays,
      onvifRequests: onvif.counts.requests,
      pullMessages: onvif.services.events.counts.pullMessages,
      snapshots: onvif.counts.snapshots,
      authFailures: digest.failures + onvif.counts.tokenFailures,
      subscriptions: onvif.services.events.subscriptions,
    };
  }

  /**
   * Motion begins or ends. Clients see it only by PullMessages, with the reference among its data.
   * The reference names the camera and the picture: `id/frame/count`. `at` is when it happened, by the host's clock.
   */
  motion(active: boolean): { readonly reference: string; readonly at: number } {
    this.#motions += 1;
    const reference = `${this.id}/${this.#parts.feed.frame}/${this.#motions}`;
    const at = Date.now();
    this.#parts.onvif.services.events.motion(active, reference);
    return { reference, at };
  }

  /** Drops every connection, is gone for `downMs`, and comes back without sessions, subscriptions or nonces. */
  async reboot(downMs = 500): Promise<void> {
    const { rtsp, onvif, digest, discovery } = this.#parts;
    for (const { port } of [rtsp, onvif]) {
      port.shut();
      port.drop();
    }
    if (discovery !== undefined) discovery.silent = true;
    onvif.services.events.clear();
    digest.forget();
    rtsp.stalled = false;
    await delay(downMs);
    if (!this.#refusing) await this.#reopen();
  }

  /** While stalled, RTSP clients stay connected and are answered, but no media comes. */
  stall(on: boolean): void {
    this.#parts.rtsp.stalled = on;
  }

  /** While refusing, no connection is accepted; those that are there stay. */
  async refuse(on: boolean): Promise<void> {
    const { rtsp, onvif } = this.#parts;
    this.#refusing = on;
    if (!on) await this.#reopen();
    else for (const { port } of [rtsp, onvif]) port.shut();
  }

  /** Puts the camera's own clock that much forward (or back) from where it is. Stamps keep the host's time. */
  moveClock(byMs: number): void {
    this.#parts.clock.offset += byMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  async #reopen(): Promise<void> {
    const { rtsp, onvif, discovery } = this.#parts;
    await Promise.all([rtsp.port.reopen(), onvif.port.reopen()]);
    if (discovery !== undefined) discovery.silent = false;
  }
}

interface Parts {
  readonly settings: Settings;
  readonly clock: { offset: number };
  readonly digest: DigestGuard;
  readonly feed: LiveFeed;
  readonly rtsp: RtspServer;
  readonly onvif: OnvifServer;
  readonly discovery: DiscoveryResponder | undefined;
  readonly streamUri: (tier: Tier) => string;
}

const settle = (options: SimulatorOptions) => ({
  id: `sim-${randomBytes(4).toString("hex")}`,
  host: "127.0.0.1",
  username: "viewer",
  password: "correct horse",
  onvifPort: 0,
  rtspPort: 0,
  bitrateKbps: 4_000,
  subBitrateKbps: 500,
  audio: "none" as const,
  digest: ["sha-256", "md5"] as const satisfies readonly DigestAlgorithm[],
  qop: true,
  basic: false,
  nonceLifetimeMs: 300_000,
  refuseTokenReplay: true,
  rtspTimeoutS: 60,
  tls: undefined,
  discovery: false as const,
  ...defined(options),
});
type Settings = ReturnType<typeof settle>;

const openParts = async (options: SimulatorOptions, opening: AsyncDisposableStack): Promise<Parts> => {
  const settings = settle(options);
  const { id, host, username, password, tls, bitrateKbps, subBitrateKbps, audio } = settings;
  const stills = await Promise.all([1, 2].map((n) => readFile(new URL(`clip/still-${n}.jpg`, import.meta.url))));
  const feed = opening.use(await LiveFeed.open({ camera: id, bitrateKbps, subBitrateKbps, audio }));
  const clock = { offset: 0 };
  const now = (): number => Date.now() + clock.offset;
  const digest = new DigestGuard({ ...settings, realm: "Gatehouse simulator", algorithms: settings.digest });
  const rtsp = opening.use(
    await RtspServer.open({
      feed,
      guard: digest,
      sessionTimeoutS: settings.rtspTimeoutS,
      now,
      host,
      port: settings.rtspPort,
      tls,
    }),
  );
  const streamUri = (tier: Tier): string =>
    `${tls === undefined ? "rtsp" : "rtsps"}://${host}:${rtsp.port.number}/${tier}`;
  const snapshot = (): Buffer => {
    const { frame } = feed;
    const still = stills[Math.floor(frame / 25) % stills.length]!;
    return stampJpeg(still, { camera: id, plane: "snapshot", frame, sentAt: Date.now() });
  };
  const tiers = (origin: string): TierInfo[] =>
    (
      [
        ["main", bitrateKbps],
        ["sub", subBitrateKbps],
      ] as const
    ).map(([tier, kbps]) => ({
      tier,
      clip: feed.clips[tier],
      bitrateKbps: kbps,
      streamUri: streamUri(tier),
      snapshotUri: origin + snapshotPath,
    }));
  const onvif = opening.use(
    await OnvifServer.open({
      host,
      port: settings.onvifPort,
      tls,
      digest,
      token: new TokenGuard({ username, password, now, toleranceMs: 60_000, refuseReplay: settings.refuseTokenReplay }),
      services: (origin) => ({
        device: deviceOperations({ id, host, origin, now }),
        media: mediaOperations(tiers(origin), audio),
        events: new OnvifEvents({ origin, now }),
        snapshot,
      }),
    }),
  );
  const discovery =
    settings.discovery === false
      ? undefined
      : opening.use(
          await DiscoveryResponder.open({ ...settings.discovery, id, xaddr: onvif.origin + servicePaths.device }),
        );
  return { settings, clock, digest, feed, rtsp, onvif, discovery, streamUri };
};

/** Without the keys whose value is undefined, which would hide a default. */
const defined = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
