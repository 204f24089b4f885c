import { EventBus, silentLogger, systemClock, type Camera, type Event, type Grant } from "@gatehouse/shared";
import { makeCamera } from "@gatehouse/shared/testing";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { GatewayIdentity } from "../../gateway-bridge/src/access/gateway-identity.ts";
import { Pairing } from "../../gateway-bridge/src/access/pairing.ts";
import { Principals } from "../../gateway-bridge/src/access/principals.ts";
import { ApiServer } from "../../gateway-bridge/src/api/server.ts";
import type { Handlers } from "../../gateway-bridge/src/api/handlers.ts";
import { peopleSamples } from "../../gateway-bridge/src/api/testing/people-expectations.ts";
import { passkeySamples } from "../../gateway-bridge/src/api/testing/passkey-expectations.ts";
import { postureSamples } from "../../gateway-bridge/src/api/testing/posture-expectations.ts";
import { remoteSamples } from "../../gateway-bridge/src/api/testing/remote-expectations.ts";
import { rightSamples } from "../../gateway-bridge/src/api/testing/right-expectations.ts";
import { samples } from "../../gateway-bridge/src/api/testing/api-world.ts";
import { AccessTally } from "../../gateway-bridge/src/audit/access-tally.ts";
import { AuditLog } from "../../gateway-bridge/src/audit/audit-log.ts";
import { Database } from "../../gateway-bridge/src/store/database.ts";
import { fixedCertificates } from "../../gateway-bridge/src/tls/testing/fixed-certificates.ts";
import { openHome } from "../../gateway-bridge/src/tls/testing/home.ts";
import { Vault } from "../../gateway-bridge/src/vault/vault.ts";
import { freePort } from "./free-port.ts";

const unusedSamples = { ...peopleSamples, ...passkeySamples, ...rightSamples, ...remoteSamples, ...postureSamples };
/** Nobody signs in here, and nobody holds a role. */
const unusedHandlers = Object.fromEntries(
  Object.entries(unusedSamples).map(([name, sample]) => [name, async () => sample]),
) as unknown as Pick<Handlers, keyof typeof unusedSamples>;

const never = { signal: new AbortController().signal };

/** Everything of the gateway but its cameras: real vault, audit log, principals, pairing and API over a folder of its own. */
export class RealDoor implements AsyncDisposable {
  readonly folder: string;
  readonly cameras: readonly Camera[] = [makeCamera()];
  readonly events = new EventBus<Event>(silentLogger);
  #address = "";
  #running: AsyncDisposableStack | undefined;
  #parts: { principals: Principals; pairing: Pairing; audit: AuditLog } | undefined;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<RealDoor> {
    const door = new RealDoor(await mkdtemp(join(tmpdir(), "gatehouse-door-")));
    await door.start();
    return door;
  }

  get address(): string {
    return this.#address;
  }

  get parts(): { principals: Principals; pairing: Pairing; audit: AuditLog } {
    if (this.#parts === undefined) throw new Error("the door is closed");
    return this.#parts;
  }

  /** Opens what lies in the folder, at the address of last time, which nobody is given meanwhile. */
  async start(): Promise<void> {
    await using opening = new AsyncDisposableStack();
    const [clock, log] = [systemClock, silentLogger];
    const database = opening.use(Database.open(join(this.folder, "gatehouse.db")));
    const secrets = await Vault.open({ database, keyFile: join(this.folder, "vault.key") }, never);
    const audit = AuditLog.open({ database, secrets, clock });
    const principals = Principals.open({ database, clock, audit, log });
    const identity = await GatewayIdentity.open({ secrets }, never);
    const certificates = fixedCertificates(openHome({ identity, secrets }).server);
    const address = (): string => this.#address;
    const pairing = opening.use(Pairing.open({ database, clock, audit, principals, identity, name: "Home", address }));
    const api = await ApiServer.open(
      {
        listen: { host: "127.0.0.1", port: Number(this.#address.split(":")[1] ?? (await freePort())) },
        tls: { certificates, clientCa: identity.clientCa },
        hosts: new Set(),
        handlers: {
          ...unusedHandlers,
          pair: ({ body, signal }) => pairing.redeem(body, { signal }),
          status: async () => samples.status,
          listCameras: async () => [...this.cameras],
          addCamera: async () => samples.addCamera,
          discoverCameras: async () => samples.discoverCameras,
          removeCamera: async () => samples.removeCamera,
          snapshot: async () => samples.snapshot,
          live: async () => samples.live,
          clip: async () => samples.clip,
          offerWebRtc: async () => samples.offerWebRtc,
          endWebRtc: async () => samples.endWebRtc,
          prepareHomeKitSession: async () => samples.prepareHomeKitSession,
          startHomeKitSession: async () => samples.startHomeKitSession,
          endHomeKitSession: async () => samples.endHomeKitSession,
          offerPairing: async ({ body }) => pairing.offer(body),
          addApplication: async () => samples.addApplication,
          listPrincipals: async () => principals.list().map(({ id }) => principals.describe(id)),
          revokePrincipal: async ({ params }) => {
            principals.revoke(params.principal);
            return {};
          },
          changeGrants: async ({ params, body }) => principals.setGrants(params.principal, body),
          trust: async () => samples.trust,
          trustPem: async () => samples.trustPem,
          trustDer: async () => samples.trustDer,
          trustProfile: async () => samples.trustProfile,
          setDnsToken: async () => samples.setDnsToken,
          dismissOwnNotice: async () => samples.dismissOwnNotice,
          listNotices: async () => samples.listNotices,
          dismissNotice: async () => samples.dismissNotice,
          confirmClock: async () => samples.confirmClock,
          health: async () => samples.health,
          metrics: async () => samples.metrics,
          openApi: async () => samples.openApi,
          updateState: async () => samples.updateState,
          listAudit: async ({ query }) => audit.list(query),
          verifyAudit: async () => samples.verifyAudit,
          listAuditHeads: async () => samples.listAuditHeads,
          exportAudit: async () => samples.exportAudit,
        },
        principals,
        logins: { find: () => "none", get: () => undefined, onEnded: () => ({ [Symbol.dispose]: () => undefined }) },
        applications: { verifyBasic: () => undefined },
        revocations: { on: (listener) => principals.onRevoked(listener) },
        sessions: { find: () => undefined },
        placeOf: () => "home",
        isOwnAddress: () => true,
        audit,
        accesses: opening.use(new AccessTally({ audit, clock, log })),
        gateway: { id: identity.id, name: "Home", version: "0.1.0" },
        events: this.events,
        notices: { onRaised: () => ({ [Symbol.dispose]: () => undefined }) },
        cameras: () => this.cameras,
        inMotion: () => this.cameras.map(({ id }) => id),
        clock,
        log,
      },
      never,
    );
    opening.use(api);
    this.#address = api.address;
    this.#parts = { principals, pairing, audit };
    this.#running = opening.move();
  }

  async stop(): Promise<void> {
    await this.#running?.disposeAsync();
    this.#running = undefined;
    this.#parts = undefined;
  }

  /** A pairing string for a Homebridge with these grants. */
  offer(
    grants: Grant[] = (["live", "snapshot", "events"] as const).map((action) => ({ action, camera: "*" })),
  ): string {
    return this.parts.pairing.offer({ kind: "homebridge", name: "Client", grants }).pairingString;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true });
  }
}
