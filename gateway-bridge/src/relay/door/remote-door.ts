import {
  doorName,
  innerProtocol,
  isError,
  spkiPin,
  withDeadline,
  type Clock,
  type DeviceId,
  type Logger,
  type Secret,
  type Thumbprint,
} from "@gatehouse/shared";
import { createSecureContext, type SecureContext, type TLSSocket } from "node:tls";

import { deviceLabel } from "../../domain/device-label.ts";
import type { LiveLogin } from "../../domain/login-policy.ts";
import type { AccessLog, AdmittedChannel, DeviceRoll, DoorKeys, SignedInVisitor, Visitor } from "../../ports.ts";
import { endTls, innerTlsPolicy } from "./end-tls.ts";
import { limits } from "./limits.ts";
import { readPreface } from "./read-preface.ts";

/** Why somebody did not come in, whom the tunnel had admitted. */
export type DoorRefusal =
  /** There are too many channels already. */
  | "crowded"
  /** No TLS came about: no certificate, one of another authority, another protocol, or not in time. */
  | "handshake"
  /** The certificate is of another key than the one that was admitted. */
  | "key"
  /** It did not say what it wants, in time, in a line that we understand. */
  | "preface"
  /** The device is on the roll no more, or is another person's by now. */
  | "revoked"
  /** RTSP with a cookie of no login, or of another person's. */
  | "login";

export interface RemoteDoorFigures {
  /** That stand now, those included that have yet to say what they want. */
  readonly channels: number;
  /** That came in, since the gateway started. */
  readonly entered: number;
  readonly refused: Readonly<Record<DoorRefusal, number>>;
}

export interface RemoteDoorOptions {
  readonly certificates: DoorKeys;
  /** The authority of the devices' certificates, PEM. */
  readonly clientCa: string;
  readonly roll: Pick<DeviceRoll, "find" | "onChanged">;
  /** By the value of their cookie. */
  readonly logins: { find(cookie: Secret): LiveLogin | undefined };
  /** Takes a connection over, inside TLS, behind its first line. */
  readonly toApi: (socket: TLSSocket, visitor: Visitor) => void;
  readonly toRtsp: (socket: TLSSocket, visitor: SignedInVisitor) => void;
  /** Told of each device that came in, and the `doorName` of the key that it expected. */
  readonly onEntered?: (device: DeviceId, door: string) => void;
  readonly accesses: Pick<AccessLog, "deny">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A channel, and how to break off what it waits for. */
interface Visit {
  readonly channel: AdmittedChannel;
  readonly leaving: AbortController;
}

/**
 * The door inside the channels: whoever comes has knocked at the relay with a device's key, and shows it here once more, in TLS that ends
 * in this process. Behind it are the API and RTSP, which ask for a person's login like every other way in.
 */
export class RemoteDoor implements Disposable {
  readonly #options: RemoteDoorOptions;
  readonly #visits = new Set<Visit>();
  readonly #following = new DisposableStack();
  readonly #refused: Record<DoorRefusal, number> = {
    crowded: 0,
    handshake: 0,
    key: 0,
    preface: 0,
    revoked: 0,
    login: 0,
  };
  #entered = 0;
  #contexts: ReadonlyMap<string, SecureContext>;

  private constructor(options: RemoteDoorOptions) {
    const { certificates, clientCa, roll } = options;
    this.#options = options;
    this.#contexts = contextsOf(certificates, clientCa);
    this.#following.use(certificates.onChanged(() => (this.#contexts = contextsOf(certificates, clientCa))));
    this.#following.use(roll.onChanged(() => this.#follow()));
  }

  static open(options: RemoteDoorOptions): RemoteDoor {
    return new RemoteDoor(options);
  }

  get figures(): RemoteDoorFigures {
    return { channels: this.#visits.size, entered: this.#entered, refused: { ...this.#refused } };
  }

  /** Takes a channel over. Never throws: a channel that is not as it should be ends. */
  accept(channel: AdmittedChannel): void {
    const { stream, device } = channel;
    // Whatever it fails with, it closes then, and that is heard.
    stream.on("error", (error) => this.#options.log.debug("channel failed", { device, error: error.message }));
    if (stream.destroyed) return;
    const own = [...this.#visits].filter((visit) => visit.channel.device === device);
    if (this.#following.disposed || this.#visits.size >= limits.channels || own.length >= limits.channelsPerDevice) {
      this.#refuse(channel, "crowded");
      return;
    }
    const visit: Visit = { channel, leaving: new AbortController() };
    this.#visits.add(visit);
    stream.once("close", () => {
      this.#visits.delete(visit);
      visit.leaving.abort(new Error("the channel closed"));
    });
    void this.#receive(visit);
  }

  /** Ends every channel of a device. Not a byte follows. */
  end(device: DeviceId): void {
    for (const { channel } of [...this.#visits]) if (channel.device === device) channel.stream.destroy();
  }

  /** Ends every channel. */
  endAll(): void {
    for (const { channel } of [...this.#visits]) channel.stream.destroy();
  }

  [Symbol.dispose](): void {
    this.#following.dispose();
    this.endAll();
  }

  async #receive({ channel, leaving: { signal } }: Visit): Promise<void> {
    const { clientCa, clock } = this.#options;
    let step: DoorRefusal = "handshake";
    try {
      const tls = { contexts: this.#contexts, clientCa, clock };
      const secure = await withDeadline({ signal, clock, ms: limits.handshake, what: "the device's TLS" }, (within) =>
        endTls(channel.stream, tls, within),
      );
      step = "key";
      assertShown(secure, channel.thumbprint);
      step = "preface";
      const preface = await withDeadline(
        { signal, clock, ms: limits.preface, what: "what the device wants" },
        (within) => readPreface(secure, within),
      );
      step = "revoked";
      this.#assertAdmitted(channel);
      step = "login";
      this.#handOver(secure, channel, preface.kind === "api" ? undefined : this.#loginOf(channel, preface.login));
    } catch (error) {
      this.#refuse(channel, step, isError(error) ? error.message : String(error));
    }
  }

  /** Once more, now that it waited: it may have been revoked meanwhile. */
  #assertAdmitted({ thumbprint, device, person }: AdmittedChannel): void {
    const now = this.#options.roll.find(thumbprint);
    if (now?.device !== device || now.person !== person) throw new Error("the device was revoked");
  }

  #loginOf({ person }: Visitor, cookie: Secret): LiveLogin {
    const login = this.#options.logins.find(cookie);
    if (login?.principal !== person) throw new Error("the device's person is not signed in");
    return login;
  }

  #handOver(secure: TLSSocket, { device, person, source }: AdmittedChannel, login: LiveLogin | undefined): void {
    const { toApi, toRtsp, onEntered, log } = this.#options;
    this.#entered += 1;
    log.debug("a device came in", { device, person, source, to: login === undefined ? "api" : "rtsp" });
    onEntered?.(device, secure.servername || "");
    if (login === undefined) toApi(secure, { device, person });
    else toRtsp(secure, { device, person, login });
  }

  /** Whoever is on the roll no more, or is another's, goes at once. */
  #follow(): void {
    for (const { channel } of [...this.#visits]) {
      const now = this.#options.roll.find(channel.thumbprint);
      if (now?.device !== channel.device || now.person !== channel.person) channel.stream.destroy();
    }
  }

  #refuse({ stream, device }: AdmittedChannel, why: DoorRefusal, error = ""): void {
    const { accesses, log } = this.#options;
    this.#refused[why] += 1;
    stream.destroy();
    log.info("a device was not let in", { device, why, error });
    // A handshake that breaks off is mostly a network that did.
    if (why === "handshake" || why === "crowded") return;
    accesses.deny({ principal: "-", action: "remoteDoor", target: device }, why, deviceLabel(device));
  }
}

/** What is shown to whoever asks for it by name. */
const contextsOf = ({ shown }: DoorKeys, clientCa: string): ReadonlyMap<string, SecureContext> =>
  new Map(
    shown.map(({ pin, key, cert }) => [
      doorName(pin),
      createSecureContext({ ...innerTlsPolicy, key, cert, ca: clientCa }),
    ]),
  );

/** The very key that was admitted: any other client of the gateway's has a certificate of the same authority. */
const assertShown = (secure: TLSSocket, thumbprint: Thumbprint): void => {
  const key = secure.getPeerX509Certificate()?.publicKey;
  const isIt = key !== undefined && spkiPin(key.export({ type: "spki", format: "der" })) === thumbprint;
  if (!secure.authorized || !isIt) throw new Error("the device shows another key than the one that was admitted");
  if (secure.alpnProtocol !== innerProtocol) throw new Error("the device speaks another protocol");
};
