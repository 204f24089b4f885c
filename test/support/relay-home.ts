import {
  RelayName,
  spkiPin,
  systemClock,
  silentLogger,
  type Clock,
  type Logger,
  type TunnelId,
} from "@gatehouse/shared";
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";

import { MemorySecrets } from "../../gateway-bridge/src/access/testing/open-door.ts";
import type { AuditEntry, AuditSink, SecretStore, ServerCertificate } from "../../gateway-bridge/src/ports.ts";
import { tunnelIdOf } from "../../gateway-bridge/src/relay/protocol/peer-pin.ts";
import { tunnelCertificate } from "../../gateway-bridge/src/relay/protocol/tunnel-certificate.ts";
import { GatewayBook } from "../../gateway-bridge/src/relay/server/gateway-book.ts";
import type { RelayLimits } from "../../gateway-bridge/src/relay/server/limits.ts";
import { RelayKeys } from "../../gateway-bridge/src/relay/server/relay-keys.ts";
import { Relay } from "../../gateway-bridge/src/relay/server/relay.ts";
import type { TunnelRegistry } from "../../gateway-bridge/src/relay/server/tunnel-registry.ts";
import { Database } from "../../gateway-bridge/src/store/database.ts";

/** A gateway's key towards a relay, ready for TLS. */
export interface GatewayKey extends ServerCertificate {
  readonly id: TunnelId;
  readonly pin: string;
}

export const spkiOf = (key: KeyObject): Buffer =>
  createPublicKey(
    key.type === "private" ? key.export({ type: "pkcs8", format: "pem" }) : key.export({ type: "spki", format: "pem" }),
  ).export({
    type: "spki",
    format: "der",
  });

export const makeGatewayKey = (): GatewayKey => {
  const keys = generateKeyPairSync("ed25519");
  const pin = spkiPin(spkiOf(keys.publicKey));
  const id = tunnelIdOf(pin);
  return { id, pin, ...tunnelCertificate(id, keys, "client") };
};

/** Writes nothing where it is told to fail. */
export class AuditRows implements AuditSink {
  readonly rows: AuditEntry[] = [];
  failing = false;

  append(entry: AuditEntry): void {
    if (this.failing) throw new Error("the disk is full");
    this.rows.push(entry);
  }
}

export interface RelayHomeOptions {
  readonly limits?: Partial<RelayLimits>;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly registry?: () => TunnelRegistry;
}

/** A relay in this process, with all that it keeps. */
export class RelayHome implements AsyncDisposable {
  readonly name = RelayName.parse("relay.test");
  readonly audit = new AuditRows();
  readonly database = Database.openInMemory();
  readonly gateways: GatewayBook;
  readonly keys: RelayKeys;
  readonly #options: RelayHomeOptions;
  readonly #clock: Clock;
  #relay: Relay | undefined;

  private constructor(options: RelayHomeOptions) {
    this.#options = options;
    const clock = (this.#clock = options.clock ?? systemClock);
    const secrets: SecretStore = new MemorySecrets();
    this.gateways = GatewayBook.open({ database: this.database, clock, audit: this.audit });
    this.keys = RelayKeys.open({ name: this.name, database: this.database, secrets, clock });
  }

  static async open(options: RelayHomeOptions = {}): Promise<RelayHome> {
    const home = new RelayHome(options);
    await home.start();
    return home;
  }

  get relay(): Relay {
    if (this.#relay === undefined) throw new Error("the relay does not run");
    return this.#relay;
  }

  get port(): number {
    return Number(this.relay.address.split(":").at(-1));
  }

  /** Of the key that the relay shows. */
  get pin(): string {
    return this.keys.shown.pin;
  }

  async start(): Promise<void> {
    const { limits, registry, log = silentLogger } = this.#options;
    const parts = { name: this.name, keys: this.keys, gateways: this.gateways, clock: this.#clock, log };
    this.#relay = await Relay.open(
      {
        listen: { host: "127.0.0.1", port: 0 },
        ...parts,
        ...(limits !== undefined && { limits }),
        ...(registry !== undefined && { registry: registry() }),
      },
      { signal: new AbortController().signal },
    );
  }

  async stop(): Promise<void> {
    await this.#relay?.[Symbol.asyncDispose]();
    this.#relay = undefined;
  }

  /** A key that is enrolled here. */
  enrolledKey(): GatewayKey {
    const key = makeGatewayKey();
    const { secret } = this.gateways.invite({ ttlMs: 60_000 });
    this.gateways.redeem({ secret, gateway: key.id, pin: key.pin });
    return key;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.database[Symbol.dispose]();
  }
}
