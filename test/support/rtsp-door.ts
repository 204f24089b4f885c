import type { CameraId, Clock, GatewayId, Grant, Place, TierName } from "@gatehouse/shared";
import { systemClock } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";

import { Applications, type ApplicationLogin } from "../../gateway-bridge/src/access/applications.ts";
import { GatewayIdentity } from "../../gateway-bridge/src/access/gateway-identity.ts";
import { Principals } from "../../gateway-bridge/src/access/principals.ts";
import { MemoryAudit, MemorySecrets } from "../../gateway-bridge/src/access/testing/open-door.ts";
import { AccessTally } from "../../gateway-bridge/src/audit/access-tally.ts";
import type { ReaderPeople } from "../../gateway-bridge/src/consumers/rtsp/reader-gate.ts";
import { RtspServer } from "../../gateway-bridge/src/consumers/rtsp/rtsp-server.ts";
import type { ReaderTalk } from "../../gateway-bridge/src/consumers/rtsp/talk-track.ts";
import type { StreamEndpoint } from "../../gateway-bridge/src/domain/camera.ts";
import { Streams } from "../../gateway-bridge/src/media/streams.ts";
import type { OpenSource } from "../../gateway-bridge/src/ports.ts";
import { Database } from "../../gateway-bridge/src/store/database.ts";
import { fixedCertificates } from "../../gateway-bridge/src/tls/testing/fixed-certificates.ts";
import { openHome } from "../../gateway-bridge/src/tls/testing/home.ts";

export interface RtspDoorOptions {
  readonly openSource: OpenSource;
  /** Where a camera's tier is; by default nowhere, for sources that need no address. */
  readonly endpoint?: (camera: CameraId, tier: TierName) => StreamEndpoint;
  readonly tiers?: Readonly<Record<CameraId, readonly TierName[]>>;
  /** Opens plain RTSP too. */
  readonly plain?: boolean;
  /** The way to cameras' loudspeakers; none unless told. */
  readonly talk?: ReaderTalk;
  /** People who are signed in from away; none unless told. */
  readonly people?: ReaderPeople;
  readonly clock?: Clock;
  /** Loopback unless told. */
  readonly host?: string;
  /** Of RTSPS; any free one unless told. */
  readonly port?: number;
}

/** One application's way in, by the server's ports as they are now. */
export interface ApplicationAccess extends ApplicationLogin {
  /** With credentials in it, as players take it. */
  readonly url: (path: string, scheme?: "rtsp" | "rtsps") => string;
}

const nowhere = (camera: CameraId, tier: TierName): StreamEndpoint => ({
  camera,
  tier,
  url: "rtsp://192.0.2.7/stream",
  credentials: undefined,
  pin: null,
  auth: { floor: "none", raise: () => undefined },
});

export const doorCamera = "cam-aaaaaaaaaaaaaaaa" as CameraId;

/** The RTSP server with everything that it stands on, wired as the gateway does it, but in memory. */
export class RtspDoor implements AsyncDisposable {
  readonly log = new MemoryLogger();
  readonly audit = new MemoryAudit();
  readonly secrets = new MemorySecrets();
  readonly #stack = new AsyncDisposableStack();
  readonly #clock: Clock;
  /** Where everybody seems to come from. */
  place: Place = "home";
  readonly principals: Principals;
  readonly streams: Streams;
  #applications!: Applications;
  #server!: RtspServer;
  /** Of the authority that vouches for RTSPS, PEM. */
  certificate = "";

  private constructor({ openSource, endpoint = nowhere, clock = systemClock }: RtspDoorOptions) {
    const { log, audit } = this;
    this.#clock = clock;
    const database = this.#stack.use(Database.openInMemory());
    this.principals = Principals.open({ database, clock, audit, log });
    this.#applications = this.#stack.use(
      Applications.open({
        database,
        principals: this.principals,
        secrets: this.secrets,
        gateway: "gw-aaaaaaaaaaaaaaaa" as GatewayId,
        log,
      }),
    );
    this.streams = this.#stack.use(
      Streams.create({
        endpoint: async (camera, tier) => endpoint(camera, tier),
        openSource,
        clock,
        log,
        random: () => 0.5,
        lingerMs: 1_000,
      }),
    );
  }

  static async open(options: RtspDoorOptions): Promise<RtspDoor> {
    const door = new RtspDoor(options);
    const { tiers = { [doorCamera]: ["main"] }, plain = false, talk, people, host = "127.0.0.1", port = 0 } = options;
    const never = { signal: new AbortController().signal };
    const identity = await GatewayIdentity.open({ secrets: door.secrets }, never);
    const home = openHome({ identity, secrets: door.secrets });
    const server = await RtspServer.open(
      {
        listen: { host, port },
        tls: fixedCertificates(home.server),
        plain: plain ? { port: 0 } : undefined,
        logins: door.#applications,
        revocations: { on: (listener) => door.principals.onRevoked(listener) },
        placeOf: () => door.place,
        streams: door.streams,
        ...(talk === undefined ? {} : { talk }),
        ...(people === undefined ? {} : { people }),
        tiers: (camera) => (tiers as Partial<Record<CameraId, readonly TierName[]>>)[camera],
        audit: door.audit,
        accesses: new AccessTally({ audit: door.audit, clock: door.#clock, log: door.log }),
        clock: door.#clock,
        log: door.log,
      },
      never,
    );
    door.#server = door.#stack.use(server);
    door.certificate = home.certificate.toString();
    return door;
  }

  get server(): RtspServer {
    return this.#server;
  }

  get applications(): Applications {
    return this.#applications;
  }

  /** A new application, by default one that may watch the camera. */
  async admit(grants: readonly Grant[] = [{ action: "live", camera: doorCamera }]): Promise<ApplicationAccess> {
    const login = this.#applications.create({ name: "Player", grants });
    const ports = await this.#server.ports();
    const url = (path: string, scheme: "rtsp" | "rtsps" = "rtsps"): string => {
      const port = scheme === "rtsps" ? ports?.secure : ports?.plain;
      return `${scheme}://${login.username}:${login.password.reveal()}@127.0.0.1:${port ?? 0}/${path}`;
    };
    return { ...login, url };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
