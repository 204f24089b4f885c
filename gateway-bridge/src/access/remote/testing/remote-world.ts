import {
  LoginId,
  randomId,
  RelayName,
  spkiPin,
  TunnelId,
  type DeviceId,
  type Login,
  type PrincipalId,
} from "@gatehouse/shared";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

import { deviceLabel } from "../../../domain/device-label.ts";
import type { SecretStore } from "../../../ports.ts";
import { blob } from "../../../store/column.ts";
import type { Database } from "../../../store/database.ts";
import { spkiOf } from "../../gateway-identity.ts";
import { MemoryNotices } from "../../testing/memory-notices.ts";
import { openDoor, type Door } from "../../testing/open-door.ts";
import { DevicePairing } from "../device-pairing.ts";
import { DoorKeyRing } from "../door-key-ring.ts";
import { RelayLine, type RelayTunnel, type TunnelState } from "../relay-line.ts";
import { RemoteAccess } from "../remote-access.ts";
import { RemoteDevices } from "../remote-devices.ts";
import { RemoteRelay, type Enrolment } from "../remote-relay.ts";
import { TunnelKeyPair } from "../tunnel-key-pair.ts";

export const place = { address: "relay.test:443", name: RelayName.parse("relay.test"), keys: ["R".repeat(43)] };
const tunnel = TunnelId.parse("gr-aaaaaaaaaaaaaaaa");

/** A relay that takes the next key when the test says so. */
export class FakeTunnel implements RelayTunnel {
  readonly enrolment: Enrolment;
  state: TunnelState = { connection: "connecting", since: 0, trouble: null };
  closed = false;
  #listener: (state: TunnelState) => void = () => undefined;
  #taken = Promise.withResolvers<undefined>();
  readonly #keys: TunnelKeyPair;
  readonly #promote: () => void;

  constructor(enrolment: Enrolment, { keys, promote }: { keys: TunnelKeyPair; promote: () => void }) {
    this.enrolment = enrolment;
    this.#keys = keys;
    this.#promote = promote;
  }

  onChanged(listener: (state: TunnelState) => void): Disposable {
    this.#listener = listener;
    return { [Symbol.dispose]: () => undefined };
  }

  become(connection: TunnelState["connection"]): void {
    this.state = { connection, since: 1, trouble: connection === "connected" ? null : "no" };
    this.#listener(this.state);
  }

  async rotate(): Promise<void> {
    if (this.#keys.next !== undefined) await this.#taken.promise;
  }

  /** The relay has the next key. */
  take(): void {
    this.#promote();
    this.#taken.resolve(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
  }
}

/** Secrets in the database, as the vault has them: what is undone there is undone with them. */
class RowSecrets implements SecretStore {
  readonly #sql: DatabaseSync;

  constructor({ sql }: Database) {
    this.#sql = sql;
    sql.exec("CREATE TABLE secrets (name TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT");
  }

  put(name: string, content: Uint8Array): void {
    this.#sql.prepare("REPLACE INTO secrets VALUES (?, ?)").run(name, content);
  }

  get(name: string): Buffer | undefined {
    const row = this.#sql.prepare("SELECT content FROM secrets WHERE name = ?").get(name);
    return row && blob(row["content"]);
  }

  delete(name: string): void {
    this.#sql.prepare("DELETE FROM secrets WHERE name = ?").run(name);
  }
}

/** Everything about access from away but the network, on a database in memory and a still clock. */
export class RemoteWorld implements Disposable {
  readonly door: Door;
  readonly ann: PrincipalId;
  readonly notices = new MemoryNotices();
  readonly relay: RemoteRelay;
  readonly tunnelKeys: TunnelKeyPair;
  readonly doorKeys: DoorKeyRing;
  /** In the order in which they were opened. */
  readonly tunnels: FakeTunnel[] = [];
  readonly logins: Login[] = [];
  readonly endedAway: string[] = [];
  /** What a relay answers to an invite. */
  enrolAt: (key: KeyObject) => Promise<Enrolment> = async () => ({ place, tunnel });
  #devices: RemoteDevices;
  #access: RemoteAccess;
  #pairing: DevicePairing;

  private constructor(door: Door) {
    this.door = door;
    this.ann = this.addPerson("Ann");
    this.relay = new RemoteRelay(door.database);
    const secrets = new RowSecrets(door.database);
    this.tunnelKeys = new TunnelKeyPair(secrets);
    this.doorKeys = new DoorKeyRing({ secrets, log: door.log });
    [this.#devices, this.#access, this.#pairing] = this.#open();
  }

  static async open(): Promise<RemoteWorld> {
    return new RemoteWorld(await openDoor());
  }

  get devices(): RemoteDevices {
    return this.#devices;
  }
  get access(): RemoteAccess {
    return this.#access;
  }
  get pairing(): DevicePairing {
    return this.#pairing;
  }

  /** Opens what is kept anew, as a start of the gateway does. */
  restart(): void {
    this[Symbol.dispose]();
    [this.#devices, this.#access, this.#pairing] = this.#open();
  }

  addPerson(name: string): PrincipalId {
    return this.door.principals.create({ name, kind: "person", grants: [] }).id;
  }

  addDevice(person = this.ann, name = "Laptop"): DeviceId {
    const { id } = this.devices.add({ person, name, thumbprint: spkiPin(newDeviceKey()) });
    this.devices.settle();
    return id;
  }

  /** Signs a person in, on a device or with a browser at home. */
  signIn(person: PrincipalId, device?: DeviceId): LoginId {
    const id = LoginId.parse(randomId("login"));
    const on = device === undefined ? "Firefox on Linux" : deviceLabel(device);
    const times = { created: 1, used: 1, ends: 2, steppedUp: null };
    this.logins.push({ id, person, device: on, factors: ["password", "totp"], ...times, current: false });
    return id;
  }

  async enrol(): Promise<void> {
    const secret = "s".repeat(22);
    const invite = ["ghr1", place.address, place.name].map((part, index) =>
      index === 0 ? part : Buffer.from(part).toString("base64url"),
    );
    await this.access.enrol([...invite, place.keys[0], secret].join("."), this.ann, {
      signal: new AbortController().signal,
    });
  }

  [Symbol.dispose](): void {
    this.#pairing[Symbol.dispose]();
    this.#access[Symbol.dispose]();
    this.#devices[Symbol.dispose]();
  }

  #open(): [RemoteDevices, RemoteAccess, DevicePairing] {
    const { database, principals, audit, clock, log, identity, guessed } = this.door;
    const { notices, relay, tunnelKeys, doorKeys } = this;
    const devices = RemoteDevices.open({ database, principals, audit, notices, clock, log });
    const isWanted = (): boolean => relay.enabled || tunnelKeys.next?.only === true;
    const line = new RelayLine({
      ...{ notices, clock, log, wanted: () => (isWanted() ? relay.enrolment : undefined) },
      openTunnel: (enrolment) => {
        const opened = new FakeTunnel(enrolment, { keys: tunnelKeys, promote: () => access.keyTaken() });
        this.tunnels.push(opened);
        return opened;
      },
    });
    const nothing = { channels: 0, admittedChannels: 0, refusedChannels: 0, receivedBytes: 0, reconnects: 0 };
    const access: RemoteAccess = RemoteAccess.open({
      ...{ database, relay, tunnelKeys, doorKeys, devices, line, audit, notices, clock },
      figures: () => ({ ...nothing, refusedBy: {} }),
      enrolAt: (_invite, { publicKey }) => this.enrolAt(publicKey),
      logins: {
        list: () => [...this.logins],
        end: (id) => void this.logins.splice(this.logins.findIndex((login) => login.id === id) >>> 0, 1),
      },
      endAway: (why) => void this.endedAway.push(why),
    });
    const pairing = DevicePairing.open({
      ...{ database, clock, audit, principals, devices, identity, guessed, name: "Home" },
      address: () => "127.0.0.1:8443",
      wayHome: () => access.wayHome,
    });
    return [devices, access, pairing];
  }
}

/** Ed25519, SPKI, DER. */
export const newDeviceKey = (): Buffer => spkiOf(generateKeyPairSync("ed25519").publicKey);
