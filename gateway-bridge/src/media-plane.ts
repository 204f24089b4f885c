import {
  EventBus,
  type CameraId,
  type Cancellable,
  type Event,
  type GatehouseError,
  type MediaHealth,
  type TierName,
  type TranscoderHealth,
} from "@gatehouse/shared";

import { CameraStates } from "./camera-states.ts";
import { Cameras } from "./cameras/cameras.ts";
import { Clips } from "./consumers/clip/clips.ts";
import { HomeKitSessions } from "./consumers/homekit/homekit-sessions.ts";
import { RtspServer } from "./consumers/rtsp/rtsp-server.ts";
import { WebRtcSessions } from "./consumers/webrtc/webrtc-sessions.ts";
import { decideAccess } from "./domain/access-policy.ts";
import type { CameraRecord } from "./domain/camera.ts";
import { quirksOf } from "./domain/camera-quirks.ts";
import { placeOf } from "./domain/place-policy.ts";
import { chooseTier, type MeasuredTier, type ViewerWish } from "./domain/tier-choice-policy.ts";
import type { Door, GatewayOptions } from "./door.ts";
import { Ffmpeg, type FfmpegStatus } from "./media/ffmpeg/ffmpeg.ts";
import { KeyPictureDecoder } from "./media/ffmpeg/key-picture-jpeg.ts";
import { openSoundConverter, type OpenSoundConverter } from "./media/ffmpeg/sound-converter.ts";
import { healthOf } from "./media/health/gateway-health.ts";
import { StreamKeyPictures } from "./media/stream-key-pictures.ts";
import { Streams } from "./media/streams.ts";
import { TalkDesk, type TalkDeskOptions } from "./media/talk/talk-desk.ts";
import { camerasInDoubt } from "./posture/remedies/remedy-journal.ts";
import { createRtspSource } from "./sources/rtsp-source.ts";
import { createTalkBack } from "./sources/rtsp-talk-back.ts";
import { createTalkProbe } from "./sources/rtsp-talk-probe.ts";

/** The cameras, their streams, and those who watch them. */
export interface MediaPlane {
  readonly bus: EventBus<Event>;
  readonly cameras: Cameras;
  readonly states: CameraStates;
  readonly streams: Streams;
  /** The tier for a viewer, by what is known of the camera and of it. @throws GatehouseError `not-found`, `camera-no-video` */
  readonly tierFor: (camera: CameraId, wish: ViewerWish) => TierName;
  readonly talk: TalkDesk;
  readonly homekit: HomeKitSessions;
  readonly webrtc: WebRtcSessions;
  readonly rtsp: RtspServer;
  readonly clips: Clips;
  readonly transcoder: TranscoderHealth;
}

/** Builds them, each wired to the others. */
export const openMediaPlane = async (
  options: GatewayOptions,
  door: Door,
  opening: AsyncDisposableStack,
  cancel: Cancellable,
): Promise<MediaPlane> => {
  const { clock, log } = options;
  const ffmpeg = createFfmpeg(options);
  const transcoder = transcoderHealth(await ffmpeg.status(cancel));
  const bus = new EventBus<Event>(log);
  const states = new CameraStates({ clock, bus });
  const decoder = opening.use(new KeyPictureDecoder({ ffmpeg, clock }));
  const pictures = new StreamKeyPictures({
    streams: (): Streams => streams,
    decode: (picture, within) => decoder.decodeToJpeg(picture, within),
    decodable: () => transcoder.available,
    clock,
  });
  const renew = (camera: CameraId): void => streams.renew(camera);
  const cameras = opening.use(await openCameras(options, { door, bus, states, pictures, renew }, cancel));
  const streams: Streams = opening.use(openStreams(options, cameras, ffmpeg));
  const tierFor = (camera: CameraId, wish: ViewerWish): TierName =>
    chooseTier(cameras.get(camera).description.tiers, wish, measuredTiers(streams, camera));
  const openConverter: OpenSoundConverter = (conversion, sink, within) =>
    openSoundConverter({ ...conversion, ffmpeg, clock }, sink, within);
  const talk = opening.use(openTalkDesk(options, { door, cameras, openConverter }));
  const clips = new Clips({ openConverter, clock, log });
  const parts = { door, cameras, streams, talk, tierFor };
  const homekit = opening.use(openHomeKit(options, parts));
  const webrtc = opening.use(openWebRtc(options, parts));
  const rtsp = opening.use(await openRtsp(options, parts, cancel));
  const plane = { bus, cameras, states, streams, tierFor, talk, homekit, webrtc, rtsp, clips, transcoder };
  opening.use(streams.onState(({ camera, tier, state }) => states.reportStream(camera, tier, state)));
  opening.use(bus.on((event) => followCameras(event, plane)));
  for (const { id, warm } of cameras.list()) streams.setWarm(id, warm);
  return plane;
};

/** How these cameras do. */
export const healthOfCameras = (
  { streams, transcoder }: Pick<MediaPlane, "streams" | "transcoder">,
  cameras: readonly CameraRecord[],
): MediaHealth => {
  const maxSessions = ({ description, url }: Pick<CameraRecord, "description" | "url">): number | undefined =>
    quirksOf({ ...description, url }).sessions;
  return healthOf({ cameras, streams: streams.health(), transcoder, maxSessions });
};

const createFfmpeg = ({ config, searchPath, clock, log }: GatewayOptions): Ffmpeg =>
  Ffmpeg.create({ file: config.media.ffmpeg, unsandboxed: config.media.unsandboxedFfmpeg, searchPath, clock, log });

const transcoderHealth = ({ available, version, sandbox, missing, reason }: FfmpegStatus): TranscoderHealth => ({
  available,
  version: version ?? null,
  sandbox: [...sandbox],
  missing: [...(reason === undefined ? [] : [reason]), ...missing.map(({ layer, remedy }) => `${layer}: ${remedy}`)],
});

interface CameraParts {
  readonly door: Door;
  readonly bus: EventBus<Event>;
  readonly states: CameraStates;
  readonly pictures: StreamKeyPictures;
  /** Connects the camera's streams anew. */
  readonly renew: (camera: CameraId) => void;
}

const openCameras = (
  { clock, log, random, interfaces }: GatewayOptions,
  { door, bus, states, pictures, renew: onAccessChanged }: CameraParts,
  cancel: Cancellable,
): Promise<Cameras> => {
  const openSource = createRtspSource({ clock, log });
  const { database, vault: secrets } = door;
  const onEventsHealth = (camera: CameraId, error: GatehouseError | undefined): void =>
    states.reportEvents(camera, error);
  const probeTalk = createTalkProbe({ clock, log });
  const given = {
    database,
    secrets,
    openSource,
    probeTalk,
    pictures,
    bus,
    clock,
    log,
    random,
    interfaces,
    onEventsHealth,
    onAccessChanged,
    resting: camerasInDoubt(database),
  };
  return Cameras.open(given, cancel);
};

const openStreams = ({ config, clock, log, random }: GatewayOptions, cameras: Cameras, ffmpeg: Ffmpeg): Streams => {
  const { lingerSeconds, ringMegabytes, prerollSeconds } = config.media;
  return Streams.create({
    endpoint: (camera, tier, within) => cameras.endpoint(camera, tier, within),
    openSource: createRtspSource({ clock, log }),
    ffmpeg,
    clock,
    log,
    random,
    lingerMs: lingerSeconds * 1_000,
    prerollMs: prerollSeconds * 1_000,
    ringBytes: ringMegabytes * 1_048_576,
  });
};

interface TalkParts extends Pick<TalkDeskOptions, "openConverter"> {
  readonly door: Door;
  readonly cameras: Cameras;
}

const openTalkDesk = ({ clock, log }: GatewayOptions, { door, cameras, openConverter }: TalkParts): TalkDesk =>
  new TalkDesk({
    endpoint: (camera, within) => cameras.endpoint(camera, "main", within),
    openTalkBack: createTalkBack({ clock, log }),
    openConverter,
    mayTalk: ({ principal: id, camera, place = "away", assurance = "one" }) => {
      const principal = door.principals.get(id);
      const circumstances = { now: clock.now(), place, assurance };
      return (
        principal !== undefined && decideAccess(principal, { action: "talk", camera }, circumstances).kind === "allow"
      );
    },
    audit: door.audit,
    accesses: door.accesses,
    clock,
    log,
  });

interface ViewingParts extends Pick<MediaPlane, "cameras" | "streams" | "talk" | "tierFor"> {
  readonly door: Door;
}

/** What every controller decodes: HAP knows H.264 up to level 4.0, and of its sound codecs only Opus is free. */
const homeKitController = { place: "local", accepts: ["h264"], maxLevel: 40, transcodes: true } as const;
const homeKitCodecs = { video: ["h264"], audio: ["opus"] } as const;
/** What browsers decode; more where they say so. */
export const browserWish = { place: "local", accepts: ["h264"], transcodes: true } as const;

const openHomeKit = ({ clock, log, interfaces }: GatewayOptions, parts: ViewingParts): HomeKitSessions => {
  const { streams, talk, tierFor } = parts;
  return new HomeKitSessions({
    stream: (camera, viewer) => streams.of(camera, tierFor(camera, { ...viewer, ...homeKitController })),
    playable: ({ camera, tier }, within) => streams.playable(camera, tier, homeKitCodecs, within),
    microphone: (request) => talk.microphone(request),
    clock,
    log,
    interfaces,
  });
};

const openWebRtc = ({ clock, log, interfaces }: GatewayOptions, parts: ViewingParts): WebRtcSessions => {
  const { streams, talk, tierFor } = parts;
  return new WebRtcSessions({
    streams,
    tierFor: (camera, width) => tierFor(camera, { ...browserWish, width }),
    openTalk: (talker) => talk.microphone(talker),
    clock,
    log,
    interfaces,
  });
};

const openRtsp = (
  { config, clock, log, interfaces }: GatewayOptions,
  { door, cameras, streams, talk }: ViewingParts,
  cancel: Cancellable,
): Promise<RtspServer> => {
  const { host = config.listen.host, port, plainPort } = config.rtsp;
  const { certificates, applications, principals, logins, audit, accesses } = door;
  return RtspServer.open(
    {
      listen: { host, port },
      tls: certificates,
      plain: plainPort === null ? undefined : { port: plainPort },
      logins: applications,
      people: {
        find: (login) => {
          const live = logins.get(login);
          const person = live && principals.get(live.principal);
          return person?.kind === "person" && person.revoked === null ? person : undefined;
        },
        onEnded: (listener) => logins.onEnded(listener),
      },
      revocations: { on: (listener) => principals.onRevoked(listener) },
      placeOf: (peer) => placeOf(peer, interfaces),
      streams,
      talk: {
        loudspeaker: (camera) => cameras.get(camera).description.talk,
        microphone: (talker) => talk.microphone(talker),
      },
      tiers: (camera) =>
        cameras
          .list()
          .find(({ id }) => id === camera)
          ?.description.tiers.map(({ name }) => name),
      audit,
      accesses,
      clock,
      log,
    },
    cancel,
  );
};

/** What is known of a camera's tiers that run, or ran. */
const measuredTiers = (streams: Streams, camera: CameraId): Partial<Record<TierName, MeasuredTier>> =>
  Object.fromEntries(
    streams
      .health()
      .filter((stream) => stream.camera === camera && stream.rendition === "camera" && stream.bitrateKbps > 0)
      .map(({ tier, bitrateKbps, video }) => [tier, { bitrateKbps, level: (video?.level ?? 0) * 10 }]),
  );

/** A camera that comes is kept warm if it should be; one that goes takes its viewers with it. */
const followCameras = (event: Event, plane: MediaPlane): void => {
  const { cameras, streams, homekit, webrtc, rtsp, talk, states } = plane;
  if (event.kind === "camera-added") streams.setWarm(event.camera, cameras.get(event.camera).warm);
  if (event.kind !== "camera-removed") return;
  const { camera } = event;
  for (const each of [homekit, webrtc, rtsp, talk]) each.endAll({ camera }, "the camera was removed");
  void streams.close(camera);
  states.forget(camera);
};
