import {
  DeviceId,
  doorName,
  EventBus,
  innerProtocol,
  LoginId,
  PrincipalId,
  randomId,
  silentLogger,
  spkiPin,
  systemClock,
  type Clock,
  type Secret,
  type Thumbprint,
} from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { duplexPair, type Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";

import type { LiveLogin } from "../../../domain/login-policy.ts";
import type { Access, DoorKeys, Visitor } from "../../../ports.ts";
import { makeCertificate, noEnd, spkiOf } from "../../../protocols/x509/certificate.ts";
import { RemoteDoor, type RemoteDoorOptions } from "../remote-door.ts";

interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const pem = ({ privateKey }: Pick<Keys, "privateKey">): string =>
  privateKey.export({ type: "pkcs8", format: "pem" }) as string;

/** A client's certificate, as the gateway's authority signs it. */
export interface Shown {
  readonly cert: string;
  readonly key: string;
}

/** Resolves as soon as the condition holds. */
export const until = async (what: string, condition: () => boolean): Promise<void> => {
  const deadline = performance.now() + 25_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`it did not come to that: ${what}`);
    await turn();
  }
};

/** An authority of clients' certificates. */
export class TestAuthority {
  readonly #keys: Keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly pem: string = this.#certify("clients", this.#keys.publicKey, "authority");

  issue(subject: string, keys: Keys): Shown {
    return { cert: this.#certify(subject, keys.publicKey, "client"), key: pem(keys) };
  }

  #certify(subject: string, publicKey: KeyObject, kind: "authority" | "client"): string {
    const issuer = { name: "clients", ...this.#keys };
    return makeCertificate({ subject, publicKey, use: { kind }, notBefore: 0, notAfter: noEnd, issuer }).toString();
  }
}

/** Keys of a door that change when they are told to. */
export class TestDoorKeys implements DoorKeys {
  shown: DoorKeys["shown"] = [makeDoorKey()];
  readonly #changes = new EventBus<undefined>(silentLogger);

  replace(shown: DoorKeys["shown"]): void {
    this.shown = shown;
    this.#changes.emit(undefined);
  }

  onChanged(listener: () => void): Disposable {
    return this.#changes.on(listener);
  }
}

export const makeDoorKey = (): DoorKeys["shown"][number] => {
  const keys = generateKeyPairSync("ed25519");
  const pin = spkiPin(spkiOf(keys.publicKey));
  const name = doorName(pin);
  const use = { kind: "server", names: [name] } as const;
  const validity = { notBefore: 0, notAfter: noEnd };
  const cert = makeCertificate({
    subject: name,
    publicKey: keys.publicKey,
    use,
    ...validity,
    issuer: { name, ...keys },
  });
  return { pin, cert: cert.toString(), key: pem(keys) };
};

/** Somebody's device. */
export interface TestDevice extends Visitor {
  readonly thumbprint: Thumbprint;
  readonly shown: Shown;
}

/** How a device speaks inside its channel, where it does otherwise than it should. */
export interface Manners extends ConnectionOptions {
  /** The key that it asks for and expects; the newest unless told. */
  readonly door?: DoorKeys["shown"][number];
}

/** Both ends of a channel that the tunnel admitted: what goes through it is all that a relay could see or change. */
export interface TestChannel {
  readonly ours: Duplex;
  readonly theirs: Duplex;
}

export interface DoorWorldOptions extends Partial<Pick<RemoteDoorOptions, "toApi" | "toRtsp" | "logins">> {
  readonly clock?: Clock;
  readonly authority?: TestAuthority;
}

/** The door with its devices in the test's hands. What comes in is kept. */
export class DoorWorld implements Disposable {
  readonly keys = new TestDoorKeys();
  readonly authority: TestAuthority;
  readonly log = new MemoryLogger();
  readonly door: RemoteDoor;
  readonly denied: (Access & { readonly why: string; readonly peer?: string | undefined })[] = [];
  readonly entered: { readonly to: "api" | "rtsp"; readonly socket: TLSSocket; readonly visitor: Visitor }[] = [];
  /** By the value of their cookie. */
  readonly logins = new Map<string, LiveLogin>();
  readonly #roll = new Map<string, Visitor>();
  readonly #rollChanges = new EventBus<undefined>(silentLogger);
  readonly #sockets = new Set<Duplex>();

  constructor({ clock = systemClock, authority = new TestAuthority(), ...over }: DoorWorldOptions = {}) {
    this.authority = authority;
    const keep =
      (to: "api" | "rtsp") =>
      (socket: TLSSocket, visitor: Visitor): void =>
        void this.entered.push({ to, socket, visitor });
    this.door = RemoteDoor.open({
      certificates: this.keys,
      clientCa: authority.pem,
      roll: {
        find: (thumbprint) => this.#roll.get(thumbprint),
        onChanged: (listener) => this.#rollChanges.on(listener),
      },
      logins: { find: (cookie: Secret) => this.logins.get(cookie.reveal()) },
      toApi: keep("api"),
      toRtsp: keep("rtsp"),
      accesses: { deny: (access, why, peer) => void this.denied.push({ ...access, why, peer }) },
      clock,
      log: this.log,
      ...over,
    });
  }

  /** A new device on the roll. */
  pair(person: PrincipalId = PrincipalId.parse(randomId("who"))): TestDevice {
    const keys = generateKeyPairSync("ed25519");
    const device = DeviceId.parse(randomId("who").replace("who-", "dev-"));
    const thumbprint = spkiPin(spkiOf(keys.publicKey));
    this.#roll.set(thumbprint, { device, person });
    return { device, person, thumbprint, shown: this.authority.issue(device, keys) };
  }

  /** Takes a device from the roll, or gives it to somebody else; told at once unless `quietly`. */
  change({ thumbprint, device }: TestDevice, to: PrincipalId | undefined, { quietly = false } = {}): void {
    if (to === undefined) this.#roll.delete(thumbprint);
    else this.#roll.set(thumbprint, { device, person: to });
    if (!quietly) this.#rollChanges.emit(undefined);
  }

  /** A login with this cookie. */
  signIn(principal: PrincipalId, cookie: string): LiveLogin {
    const id = LoginId.parse(randomId("login"));
    const login: LiveLogin = { id, principal, factors: ["password", "totp"], assurance: "two", steppedUp: undefined };
    this.logins.set(cookie, login);
    return login;
  }

  /** A channel by which the tunnel admitted this device. */
  channel({ device, person, thumbprint }: TestDevice): TestChannel {
    const [ours, theirs] = duplexPair();
    for (const end of [ours, theirs]) this.#keep(end);
    theirs.on("error", () => undefined);
    // A relay closes both ends.
    ours.once("close", () => theirs.destroy());
    theirs.once("close", () => ours.destroy());
    this.door.accept({ device, person, thumbprint, source: "192.0.2.7", stream: ours });
    return { ours, theirs };
  }

  /** Speaks TLS in a channel, as a device that knows its gateway does. */
  async speak(
    { shown }: Pick<TestDevice, "shown">,
    { theirs }: TestChannel,
    manners: Manners = {},
  ): Promise<TLSSocket> {
    const { door = this.keys.shown[0], ...over } = manners;
    const pinned = { ca: door?.cert, servername: doorName(door?.pin ?? ""), checkServerIdentity: () => undefined };
    const socket = connect({ socket: theirs, ALPNProtocols: [innerProtocol], ...pinned, ...shown, ...over });
    this.#keep(socket);
    socket.on("error", () => undefined);
    // What carries it may be half open, so it would stay so, too.
    socket.once("end", () => socket.end());
    const closed = once(socket, "close").then(() => {
      throw new Error("the channel closed");
    });
    closed.catch(() => undefined);
    await Promise.race([once(socket, "secureConnect"), closed]);
    return socket;
  }

  /** Comes in with this first line. */
  async enter(device: TestDevice, preface: string, manners: Manners = {}): Promise<TLSSocket> {
    const socket = await this.speak(device, this.channel(device), manners);
    socket.write(preface);
    return socket;
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  [Symbol.dispose](): void {
    this.door[Symbol.dispose]();
    for (const socket of [...this.#sockets]) socket.destroy();
  }
}
