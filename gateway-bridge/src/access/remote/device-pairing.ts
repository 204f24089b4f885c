import {
  GatehouseError,
  Name,
  PrincipalId,
  DeviceId,
  readEd25519,
  spkiPin,
  Thumbprint,
  type Cancellable,
  type Clock,
  type OfferDevice,
  type PairDevice,
  type PairedDevice,
  type PairingOffer,
  type Principal,
  type RemoteDevice,
  type WayHome,
} from "@gatehouse/shared";
import type { KeyObject } from "node:crypto";
import type { StatementSync } from "node:sqlite";
import { z } from "zod";

import type { GuessCount } from "../../domain/guess-count.ts";
import type { AuditSink } from "../../ports.ts";
import type { Database } from "../../store/database.ts";
import { spkiOf, type GatewayIdentity } from "../gateway-identity.ts";
import { OfferBook, type OfferRow } from "../offer-book.ts";
import { judgeOffer } from "../pairing-policy.ts";
import type { RemoteDevices } from "./remote-devices.ts";
import { remoteTables } from "./remote-tables.ts";

/** Checked again on the way out, like every row that can become a right. */
const StoredOffer = z.object({
  id: z.int(),
  person: PrincipalId,
  name: Name,
  made: z.int(),
  used: z.int().transform((used) => used !== 0),
  device: DeviceId.nullable(),
});
type StoredOffer = z.infer<typeof StoredOffer>;

export interface DevicePairingOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly audit: AuditSink;
  readonly principals: { get(id: PrincipalId): Principal | undefined };
  readonly devices: RemoteDevices;
  readonly identity: GatewayIdentity;
  /** How a device comes home. Throws GatehouseError `remote-off` where no relay knows this gateway. */
  readonly wayHome: () => WayHome;
  /** The gateway's own name, told to the device. */
  readonly name: string;
  /** `host:port` at which clients at home reach the gateway. */
  readonly address: () => string;
  /** Where attempts are counted. */
  readonly guessed?: GuessCount;
}

/** What a device is in the book of offers, where others are principals. */
const kind = "device";

/** How a device becomes one that may knock from away: at home, by a pairing string for one person. */
export class DevicePairing implements Disposable {
  readonly #options: DevicePairingOptions;
  readonly #offers: OfferBook;
  readonly #insert: StatementSync;
  readonly #markUsed: StatementSync;

  private constructor(options: DevicePairingOptions) {
    const { sql } = options.database;
    this.#options = options;
    this.#offers = new OfferBook({ ...options, table: "device_offers", action: "pairDevice" });
    this.#insert = sql.prepare("INSERT INTO device_offers (secret_hash, person, name, made) VALUES (?, ?, ?, ?)");
    this.#markUsed = sql.prepare("UPDATE device_offers SET used = 1, device = ? WHERE id = ?");
  }

  static open(options: DevicePairingOptions): DevicePairing {
    options.database.migrate(remoteTables);
    return new DevicePairing(options);
  }

  /**
   * A pairing string that works once, within five minutes, over restarts too. Only a hash of its secret is kept.
   * @throws GatehouseError `request-invalid` for who is nobody that takes devices along, `remote-off`, `too-many-offers`
   */
  offer({ person, name }: OfferDevice): PairingOffer {
    if (!this.#takesDevices(person)) {
      throw new GatehouseError("request-invalid", "a device belongs to a person who signs in, and this is none", {
        remedy: "`gatehouse person list` shows the ids.",
      });
    }
    // There is nothing to pair for without a relay.
    this.#options.wayHome();
    return this.#offers.make((secretHash, made) => {
      this.#insert.run(secretHash, person, name, made);
    });
  }

  /**
   * Turns an offer into a device with a certificate for its key, wholly or not at all. Within the five minutes, the key that used the
   * offer is answered again: its first answer may have been lost.
   * @throws GatehouseError `pairing-invalid`, `request-invalid` for a key that is not Ed25519 or is known, `too-many-devices`,
   * `remote-off`
   */
  async redeem(attempt: PairDevice, cancel: Cancellable & { readonly peer?: string }): Promise<PairedDevice> {
    const key = readEd25519(Buffer.from(attempt.publicKey, "base64"));
    if (key === undefined) throw new GatehouseError("request-invalid", "publicKey is not an Ed25519 key in SPKI form");
    const thumbprint = Thumbprint.parse(spkiPin(spkiOf(key)));
    const { device, isNew } = await this.#offers.redeem(
      attempt.secret,
      (row) => {
        const offer = row && readOffer(row);
        const holder = this.#options.devices.byThumbprint(thumbprint);
        const state = offer && { kind, made: offer.made, used: offer.used, letIn: offer.device };
        const verdict = judgeOffer(state, { kind, holder }, this.#options.clock.now());
        if (verdict === "repeated" && holder !== undefined) return { device: holder, isNew: false };
        if (offer === undefined || verdict !== "accepted") return verdict;
        // Whoever was removed meanwhile gets no device.
        if (!this.#takesDevices(offer.person)) return "expired";
        return { device: this.#accept(offer, thumbprint), isNew: true };
      },
      cancel,
    );
    if (isNew) this.#options.devices.settle();
    return this.#answer(device, key);
  }

  /** Writes down the refusals that are still only counted. */
  [Symbol.dispose](): void {
    this.#offers[Symbol.dispose]();
  }

  #answer({ id, name, person }: RemoteDevice, publicKey: KeyObject): PairedDevice {
    const { identity, name: gatewayName, wayHome } = this.#options;
    const certificate = identity.issueForDevice({ publicKey, device: id });
    const gateway = { id: identity.id, name: gatewayName };
    return { device: id, name, person, gateway, certificate, wayHome: wayHome() };
  }

  #accept({ id, person, name }: StoredOffer, thumbprint: Thumbprint): RemoteDevice {
    // Nothing is paired for a relay that was left meanwhile.
    this.#options.wayHome();
    const device = this.#options.devices.add({ person, name, thumbprint });
    this.#markUsed.run(device.id, id);
    return device;
  }

  #takesDevices(person: PrincipalId): boolean {
    const principal = this.#options.principals.get(person);
    return principal?.kind === "person" && principal.revoked === null;
  }
}

const readOffer = (row: OfferRow): StoredOffer => StoredOffer.parse(row);
