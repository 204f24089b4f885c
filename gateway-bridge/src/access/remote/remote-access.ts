import {
  doorName,
  GatehouseError,
  parseRelayInvite,
  type Cancellable,
  type Clock,
  type DeviceId,
  type Login,
  type LoginId,
  type PrincipalId,
  type RelayInvite,
  type RemoteState,
  type WayHome,
} from "@gatehouse/shared";

import { deviceLabel } from "../../domain/device-label.ts";
import type { AuditSink, NoticeBoard } from "../../ports.ts";
import type { Database } from "../../store/database.ts";
import type { KeyPair } from "../../store/kept-key.ts";
import type { DoorKeyRing } from "./door-key-ring.ts";
import type { RelayLine, TunnelFigures } from "./relay-line.ts";
import type { RemoteDevices } from "./remote-devices.ts";
import type { Enrolment, RemoteRelay } from "./remote-relay.ts";
import { whatStops } from "./remote-text.ts";
import type { TunnelKeyPair } from "./tunnel-key-pair.ts";

export interface RemoteAccessOptions {
  readonly database: Database;
  readonly relay: RemoteRelay;
  readonly tunnelKeys: TunnelKeyPair;
  readonly doorKeys: DoorKeyRing;
  readonly devices: RemoteDevices;
  readonly line: RelayLine;
  readonly figures: () => TunnelFigures;
  /** Uses up an invite. Throws as `enrol` does. */
  readonly enrolAt: (invite: RelayInvite, keys: KeyPair, cancel: Cancellable) => Promise<Enrolment>;
  readonly logins: { list(): readonly Login[]; end(id: LoginId): void };
  /** Ends all that flows to anybody who is not at home. `why` completes a log line. */
  readonly endAway: (why: string) => void;
  readonly audit: AuditSink;
  readonly notices: NoticeBoard;
  readonly clock: Clock;
}

/** Access from away, as the owner governs it. Off by default, and then the gateway opens no connection to anything for it. */
export class RemoteAccess implements Disposable {
  readonly #options: RemoteAccessOptions;
  readonly #following: Disposable;
  #offSince: number;

  private constructor(options: RemoteAccessOptions) {
    const { devices, clock } = options;
    this.#options = options;
    this.#offSince = clock.now();
    // They may have been dropped with a restore.
    if (options.relay.enrolment !== undefined) options.doorKeys.ensure();
    this.#following = devices.admitted.onGone((device) => {
      this.#endLoginsOf([device]);
      this.#pruneDoorKeys();
    });
    // A crash may have come between the end of a device and this.
    const gone = devices.list().filter(({ revoked }) => revoked !== null);
    this.#endLoginsOf(gone.map(({ id }) => id));
  }

  static open(options: RemoteAccessOptions): RemoteAccess {
    return new RemoteAccess(options);
  }

  get state(): RemoteState {
    const { relay, devices, line, figures, tunnelKeys } = this.#options;
    const { enabled, enrolment } = relay;
    const { channels, receivedBytes, refusedChannels } = figures();
    const standing = devices.admitted.thumbprints().length;
    const untold = tunnelKeys.next?.only === true ? "The relay was not told yet to forget the key before." : null;
    const off = { connection: "off", since: this.#offSince, trouble: untold } as const;
    const { connection, since, trouble } = (enabled ? line.state : undefined) ?? off;
    return {
      ...{ enabled, connection, since, trouble },
      relay: enrolment?.place ?? null,
      tunnel: enrolment?.tunnel ?? null,
      ...{ devices: standing, channels, receivedBytes, refusedChannels },
      stops: enabled ? [] : whatStops(standing),
    };
  }

  /** @throws GatehouseError `remote-off` where no relay knows this gateway */
  get wayHome(): WayHome {
    const { doorKeys } = this.#options;
    const { place, tunnel } = this.#enrolment();
    return { tunnel, relay: place, gatewayKeys: [...doorKeys.pins] };
  }

  /**
   * A device came through.
   * @param door the `doorName` of the key that it expected
   */
  entered(device: DeviceId, door: string): void {
    const { devices, doorKeys } = this.#options;
    devices.note("used", device);
    // Only what it uses, it has surely heard of: an answer may be lost on its way.
    if (door !== doorName(doorKeys.pins[0] ?? "")) return;
    devices.note("current", device);
    this.#pruneDoorKeys();
  }

  /**
   * Has a relay know this gateway by a new key. Access stays off. Devices that were paired for the relay before would not find the way:
   * they go.
   * @throws GatehouseError `invite-malformed`, `invite-invalid`, `relay-impostor`, `relay-unreachable`, `relay-busy`, `relay-answer-malformed`
   */
  async enrol(text: string, by: PrincipalId, cancel: Cancellable): Promise<void> {
    const { relay, tunnelKeys, doorKeys, enrolAt } = this.#options;
    const invite = parseRelayInvite(text);
    const keys = tunnelKeys.candidate(text.trim());
    const enrolment = await enrolAt(invite, keys, cancel);
    this.#change({ by, action: "remoteEnrolled", detail: `${enrolment.place.name} as ${enrolment.tunnel}` }, () => {
      this.#options.devices.revokeAll({ by, why: "the gateway was enrolled anew" });
      tunnelKeys.adopt(keys);
      relay.enrol(enrolment);
      doorKeys.ensure();
    });
  }

  /** @throws GatehouseError `remote-off` where it is to be on, and no relay knows this gateway */
  switch(enabled: boolean, by: PrincipalId): void {
    const { relay } = this.#options;
    if (enabled) this.#enrolment();
    if (relay.enabled === enabled) return;
    this.#change({ by, action: enabled ? "remoteOn" : "remoteOff", detail: "" }, () => relay.switch(enabled));
  }

  /** Forgets the relay, the key that it knows, and the devices that would come by it. */
  leave(by: PrincipalId): void {
    const { relay, tunnelKeys, doorKeys, devices } = this.#options;
    const { place } = this.#enrolment();
    this.#change({ by, action: "remoteLeft", detail: place.name }, () => {
      devices.revokeAll({ by, why: "the gateway left its relay" });
      tunnelKeys.drop();
      doorKeys.replace();
      relay.leave();
    });
  }

  /** New keys, without a device noticing: the one before is good until the relay, and every device, know the next. */
  rotate(by: PrincipalId): void {
    const { tunnelKeys, doorKeys, devices, clock } = this.#options;
    this.#enrolment();
    this.#change({ by, action: "remoteKeysRotated", detail: "" }, () => {
      tunnelKeys.rotate({ only: false });
      doorKeys.rotate(clock.now());
      doorKeys.prune(devices.leastCurrent);
    });
  }

  /**
   * Ends access from away at once: every device and its logins, all that flows, all keys; and it stays off. What is to be done here is
   * done, and durable, before the relay hears of it: it is told, with the old key, when it can be reached.
   */
  panic(by: PrincipalId): void {
    const { relay, tunnelKeys, doorKeys, devices, endAway, notices } = this.#options;
    const all = devices.list().map(({ id }) => id);
    this.#change(
      { by, action: "remotePanic", detail: `${devices.admitted.thumbprints().length} devices dropped` },
      () => {
        relay.switch(false);
        tunnelKeys.rotate({ only: true });
        doorKeys.replace();
        devices.revokeAll({ by, why: "panic" });
        this.#endLoginsOf(all);
      },
    );
    endAway("all access from away was ended");
    notices.raise({
      kind: "remote-panic",
      text: "All access from away was ended, every device was dropped, and all keys for it were replaced.",
    });
  }

  /** The relay has other keys, one or two: it said so where it had shown one that was known. */
  learnRelayKeys(pins: readonly string[]): void {
    const { relay } = this.#options;
    this.#note("relayKeysChanged", pins.join(", "), () => relay.notePlaceKeys([...pins]));
  }

  /** The relay knows the next key: the one before is good for nothing, or will be when the gateway comes with this. */
  keyTaken(): void {
    const { tunnelKeys, relay } = this.#options;
    this.#note("remoteKeyTaken", relay.enrolment?.place.name ?? "", () => tunnelKeys.promote());
  }

  /** Goes to the relay, if that is switched on: whoever comes through it is received from here on. */
  begin(): void {
    this.#options.line.follow();
  }

  [Symbol.dispose](): void {
    this.#following[Symbol.dispose]();
  }

  /** Does something and writes it down, wholly or not at all; then everybody hears of it, the relay last. */
  #change({ by, action, detail }: { by: PrincipalId; action: string; detail: string }, work: () => void): void {
    const { database, audit, devices, doorKeys, line, relay, clock } = this.#options;
    const wasOn = relay.enabled;
    database.transaction(() => {
      work();
      audit.append({ principal: by, action, target: "-", outcome: "done", detail });
    });
    // Shown only where it is off now.
    if (wasOn) this.#offSince = clock.now();
    devices.settle();
    doorKeys.publish();
    line.follow();
  }

  /** Something that the relay did. */
  #note(action: string, detail: string, work: () => void): void {
    const { database, audit } = this.#options;
    database.transaction(() => {
      work();
      audit.append({ principal: "-", action, target: "-", outcome: "done", detail });
    });
  }

  #enrolment(): Enrolment {
    const { enrolment } = this.#options.relay;
    if (enrolment !== undefined) return enrolment;
    throw new GatehouseError("remote-off", "no relay knows this gateway", {
      remedy: "Ask a relay's operator for an invite, and give it to `gatehouse remote enrol`.",
    });
  }

  #endLoginsOf(gone: readonly DeviceId[]): void {
    if (gone.length === 0) return;
    const { logins } = this.#options;
    const labels = new Set(gone.map(deviceLabel));
    for (const { id, device } of logins.list()) if (labels.has(device)) logins.end(id);
  }

  #pruneDoorKeys(): void {
    const { doorKeys, devices } = this.#options;
    if (doorKeys.prune(devices.leastCurrent)) doorKeys.publish();
  }
}
