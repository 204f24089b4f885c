import type { Cancellable, GatewayId } from "@gatehouse/shared";
import { join } from "node:path";

import { ensureOwner } from "./access/owner-identity.ts";
import { Pairing } from "./access/pairing.ts";
import { RightWatch } from "./access/right-watch.ts";
import { Advertiser } from "./advertising/advertiser.ts";
import { openCiaoResponder } from "./advertising/ciao-responder.ts";
import { readPages } from "./api/pages/page-set.ts";
import { ApiServer } from "./api/server.ts";
import { LiveViews } from "./consumers/fmp4/live-views.ts";
import { isOwnAddress } from "./domain/own-address-policy.ts";
import { placeOf } from "./domain/place-policy.ts";
import { ownHosts } from "./domain/own-names-policy.ts";
import { reachableAddress } from "./domain/reachable-address-policy.ts";
import { openDoor, type GatewayOptions } from "./door.ts";
import { createHandlers, viewOf, type HandlerParts } from "./handlers.ts";
import { healthOfCameras, openMediaPlane } from "./media-plane.ts";
import type { DoorFigures } from "./metrics/door-metrics.ts";
import { GatewayMetrics } from "./metrics/gateway-metrics.ts";
import { openPosturePlane } from "./posture-plane.ts";
import { openRemotePlane } from "./remote-plane.ts";
import { readUpdateState } from "./update/update-state.ts";
import type { Holder } from "./ports.ts";
import { UpdateWatch } from "./update/update-watch.ts";
import { supportedUntil, version } from "./version.ts";

/** A running gateway: everything is built and wired here, and taken down in reverse. */
export class Gateway implements AsyncDisposable {
  readonly id: GatewayId;
  /** `host:port` for clients on this box. */
  readonly address: string;
  readonly #resources: AsyncDisposableStack;

  private constructor(id: GatewayId, address: string, resources: AsyncDisposableStack) {
    this.id = id;
    this.address = address;
    this.#resources = resources;
  }

  static async open(options: GatewayOptions, cancel: Cancellable): Promise<Gateway> {
    await using opening = new AsyncDisposableStack();
    const door = await openDoor(options, opening, cancel);
    const media = await openMediaPlane(options, door, opening, cancel);
    // Known once it listens; asked for only by requests, which come after.
    let listening = "";
    const reachable = (): string => reachableAddress(listening, options.interfaces());
    const { name } = options.config;
    const pairing = opening.use(Pairing.open({ ...options, ...door, name, address: reachable }));
    const endAway = (why: string): void => {
      for (const holder of holdersOf(parts, api)) holder.endAll({ place: "away" }, why);
    };
    const posture = await openPosturePlane({ options, door, ...media }, opening);
    const away = openRemotePlane({ options, door, address: reachable, endAway }, opening);
    const started = options.clock.now();
    const metrics = opening.use(
      new GatewayMetrics({
        version,
        started,
        health: () => healthOfCameras(media, media.cameras.list()),
        cameras: () => media.cameras.list().map(({ id }) => ({ id, state: media.states.of(id) })),
        sessions: () => sessionsOf(media, live.count),
        doors: () => doorsOf(media, api),
        guesses: () => door.guessed.counts,
        remote: () => away.remoteFigures(),
      }),
    );
    const live = new LiveViews();
    const parts: HandlerParts = {
      ...options,
      ...door,
      ...media,
      ...away,
      pairing,
      posture,
      metrics,
      live,
      name,
      started,
      listen: () => listening,
      reachable,
    };
    const api: ApiServer = opening.use(await openApi(options, parts, cancel));
    listening = api.address;
    if (options.config.advertise) opening.use(advertise(options, door.identity.id, listening));
    opening.use(watchRights(options, parts, api));
    opening.use(watchUpdates(options, door));
    opening.use(door.principals.onChanged((id) => api.feed.follow(id)));
    const toRtsp = media.rtsp.accept.bind(media.rtsp);
    opening.use(away.receive({ toApi: api.accept, toRtsp }));
    const address = reachable();
    await ensureOwner({ ...door, file: join(options.data, "cli.json"), address }, cancel);
    return new Gateway(door.identity.id, address, opening.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

const advertise = (
  { interfaces, clock, log, random }: GatewayOptions,
  gateway: GatewayId,
  listening: string,
): Advertiser | undefined =>
  Advertiser.open({ gateway, listening, openResponder: openCiaoResponder, interfaces, clock, log, random });

/** Whatever flows, flows to somebody who may have it. */
const watchRights = ({ clock, log }: GatewayOptions, parts: HandlerParts, api: ApiServer): RightWatch => {
  const { principals, logins, audit } = parts;
  return RightWatch.open({ holders: holdersOf(parts, api), principals, logins, audit, clock, log });
};

/** Every way by which anything flows to anybody. */
const holdersOf = (
  { homekit, webrtc, rtsp, live, clips, talk }: HandlerParts,
  { feed }: ApiServer,
): readonly Holder[] => [homekit, webrtc, rtsp, live, clips, talk, feed];

/** Those who govern hear of newer versions, and of faults of this one. */
const watchUpdates = (
  { release, clock, log }: GatewayOptions,
  { notices }: Pick<HandlerParts, "notices">,
): UpdateWatch =>
  UpdateWatch.open({ read: () => readUpdateState({ current: version, supportedUntil }, release), notices, clock, log });

/** Sessions that are open, by how they are watched. */
const sessionsOf = (
  { homekit, webrtc, rtsp, clips }: Pick<HandlerParts, "homekit" | "webrtc" | "rtsp" | "clips">,
  live: number,
): Readonly<Record<string, number>> => ({
  homekit: homekit.active.length,
  webrtc: webrtc.count,
  rtsp: rtsp.sessions(),
  fmp4: live,
  clip: clips.count,
});

/** Connections at each door, by nobody's name. */
const doorsOf = ({ rtsp }: Pick<HandlerParts, "rtsp">, api: ApiServer): Readonly<Record<string, DoorFigures>> => {
  const { crowded, ...count } = rtsp.connections;
  return { api: api.connections, rtsp: { ...count, ended: { crowded } } };
};

const openApi = async (options: GatewayOptions, parts: HandlerParts, cancel: Cancellable): Promise<ApiServer> => {
  const { config, clock, log, interfaces } = options;
  const {
    identity,
    certificates,
    principals,
    logins,
    applications,
    audit,
    accesses,
    homekit,
    webrtc,
    cameras,
    states,
    bus,
    notices,
  } = parts;
  return ApiServer.open(
    {
      listen: config.listen,
      tls: { certificates, clientCa: identity.clientCa },
      hosts: ownHosts({ gateway: identity.id, web: config.web }),
      handlers: createHandlers(parts),
      pages: await readPages(),
      principals,
      logins,
      applications,
      revocations: { on: (listener) => principals.onRevoked(listener) },
      sessions: { find: (session) => homekit.find(session) ?? webrtc.find(session) },
      audit,
      accesses,
      placeOf: (peer) => placeOf(peer, interfaces),
      isOwnAddress: (peer) => isOwnAddress(peer, interfaces()),
      gateway: { id: identity.id, name: config.name, version },
      events: bus,
      notices,
      cameras: () => cameras.list().map((record) => viewOf(record, states)),
      inMotion: () => cameras.inMotion(),
      clock,
      log,
    },
    cancel,
  );
};
