import {
  EventBus,
  type CameraId,
  type Cancellable,
  type Clock,
  type Event,
  type GatehouseError,
  type GatewayId,
  type Logger,
} from "@gatehouse/shared";
import type { networkInterfaces } from "node:os";
import { join } from "node:path";

import { GatewayIdentity } from "./access/gateway-identity.ts";
import { ensureOwner } from "./access/owner-identity.ts";
import { Pairing } from "./access/pairing.ts";
import { Principals } from "./access/principals.ts";
import { ApiServer } from "./api/server.ts";
import { AuditLog } from "./audit/audit-log.ts";
import { CameraStates } from "./camera-states.ts";
import { Cameras } from "./cameras/cameras.ts";
import type { Config } from "./config/schema.ts";
import { HomeKitSessions } from "./consumers/homekit/homekit-sessions.ts";
import { reachableAddress } from "./domain/reachable-address-policy.ts";
import { chooseTier } from "./domain/tier-choice-policy.ts";
import { createHandlers, viewOf, type HandlerParts } from "./handlers.ts";
import { Streams } from "./media/streams.ts";
import { createRtspSource } from "./sources/rtsp-source.ts";
import { Database } from "./store/database.ts";
import { InstanceLock } from "./store/instance-lock.ts";
import { Vault } from "./vault/vault.ts";
import { version } from "./version.ts";

export interface GatewayOptions {
  /** The folder with everything that outlives the process. */
  readonly data: string;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1); for jitter only. */
  readonly random: () => number;
  readonly interfaces: typeof networkInterfaces;
}

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
    const media = await openCameras(options, door, opening, cancel);
    // Known once it listens; asked for only by requests, which come after.
    let listening = "";
    const reachable = (): string => reachableAddress(listening, options.interfaces());
    const pairing = opening.use(Pairing.open({ ...options, ...door, name: options.config.name, address: reachable }));
    const parts: HandlerParts = {
      ...options,
      ...door,
      ...media,
      pairing,
      name: options.config.name,
      started: options.clock.now(),
      listen: () => listening,
    };
    const api = opening.use(await openApi(options, parts, media.bus, cancel));
    listening = api.address;
    const address = reachable();
    await ensureOwner({ ...door, file: join(options.data, "cli.json"), address }, cancel);
    return new Gateway(door.identity.id, address, opening.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/** What guards the gateway: the store, the vault, the audit log, who is known, and who the gateway itself is. */
const openDoor = async ({ data, clock, log }: GatewayOptions, opening: AsyncDisposableStack, cancel: Cancellable) => {
  opening.use(InstanceLock.open(join(data, "gateway.lock")));
  const database = opening.use(Database.open(join(data, "gatehouse.db")));
  const vault = await Vault.open({ database, keyFile: join(data, "vault.key") }, cancel);
  const audit = AuditLog.open({ database, secrets: vault, clock });
  const principals = Principals.open({ database, clock, audit, log });
  const identity = await GatewayIdentity.open({ secrets: vault, clock }, cancel);
  return { database, vault, audit, principals, identity };
};
type Door = Awaited<ReturnType<typeof openDoor>>;

/** The cameras, their streams, and those who watch them. */
const openCameras = async (options: GatewayOptions, door: Door, opening: AsyncDisposableStack, cancel: Cancellable) => {
  const { clock, log, random, config, interfaces } = options;
  const { database, vault: secrets, principals } = door;
  const bus = new EventBus<Event>(log);
  const openSource = createRtspSource({ clock, log });
  const states = new CameraStates({ clock, bus });
  const onEventsHealth = (camera: CameraId, error: GatehouseError | undefined): void =>
    states.reportEvents(camera, error);
  const cameras = opening.use(
    await Cameras.open({ database, secrets, openSource, bus, clock, log, random, interfaces, onEventsHealth }, cancel),
  );
  const streams = opening.use(
    Streams.create({
      endpoint: (camera, tier, within) => cameras.endpoint(camera, tier, within),
      openSource,
      clock,
      log,
      random,
      lingerMs: config.media.lingerSeconds * 1_000,
      ringBytes: config.media.ringMegabytes * 1_048_576,
    }),
  );
  const homekit = opening.use(
    new HomeKitSessions({
      stream: (camera, viewer) => {
        const { tiers } = cameras.get(camera).description;
        return streams.of(camera, chooseTier(tiers, { ...viewer, ...homeKitController }));
      },
      playable: ({ camera, tier }, within) => streams.playable(camera, tier, homeKitCodecs, within),
      clock,
      log,
      interfaces,
    }),
  );
  opening.use(streams.onState(({ camera, tier, state }) => states.reportStream(camera, tier, state)));
  opening.use(principals.onRevoked((principal) => homekit.endAll({ principal }, "the principal was revoked")));
  opening.use(bus.on((event) => followCameras(event, { cameras, streams, homekit, states })));
  for (const { id, warm } of cameras.list()) streams.setWarm(id, warm);
  return { bus, cameras, streams, homekit, states };
};

/** What every controller decodes: HAP knows H.264 up to level 4.0, and of its sound codecs only Opus is free. */
const homeKitController = { place: "local", accepts: ["h264"], maxLevel: 40 } as const;
const homeKitCodecs = { video: ["h264"], audio: ["opus"] } as const;

type Watched = Pick<HandlerParts, "cameras" | "streams" | "homekit" | "states">;

/** A camera that comes is kept warm if it should be; one that goes takes its viewers with it. */
const followCameras = (event: Event, { cameras, streams, homekit, states }: Watched): void => {
  if (event.kind === "camera-added") streams.setWarm(event.camera, cameras.get(event.camera).warm);
  if (event.kind !== "camera-removed") return;
  homekit.endAll({ camera: event.camera }, "the camera was removed");
  void streams.close(event.camera);
  states.forget(event.camera);
};

const openApi = (
  options: GatewayOptions,
  parts: HandlerParts,
  bus: EventBus<Event>,
  cancel: Cancellable,
): Promise<ApiServer> => {
  const { config, clock, log } = options;
  const { identity, principals, audit, homekit, cameras, states } = parts;
  return ApiServer.open(
    {
      listen: config.listen,
      tls: identity.tls,
      handlers: createHandlers(parts),
      principals,
      applications: { verifyBasic: () => undefined },
      revocations: { on: (listener) => principals.onRevoked(listener) },
      sessions: homekit,
      audit,
      gateway: { id: identity.id, name: config.name, version },
      events: bus,
      cameras: () => cameras.list().map((record) => viewOf(record, states)),
      inMotion: () => cameras.inMotion(),
      clock,
      log,
    },
    cancel,
  );
};
