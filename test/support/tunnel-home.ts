import {
  EventBus,
  silentLogger,
  systemClock,
  type Clock,
  type RelayPlace,
  type Thumbprint,
  type TunnelId,
  type WayHome,
} from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";

import type { AdmittedChannel, DeviceRoll, Visitor } from "../../gateway-bridge/src/ports.ts";
import { DoorWorld, type TestDevice } from "../../gateway-bridge/src/relay/door/testing/door-world.ts";
import {
  idOfKey,
  tunnelKey,
  type NextTunnelKey,
  type TunnelKey,
  type TunnelKeys,
} from "../../gateway-bridge/src/relay/tunnel/tunnel-key.ts";
import { Tunnel, type TunnelOptions, type TunnelState } from "../../gateway-bridge/src/relay/tunnel/tunnel.ts";
import { eventually } from "./eventually.ts";

/** A roll that changes when it is told to. */
export class TestRoll implements DeviceRoll {
  epoch = 1;
  readonly #devices = new Map<Thumbprint, Visitor>();
  readonly #changes = new EventBus<undefined>(silentLogger);

  put(thumbprint: Thumbprint, visitor: Visitor | undefined): void {
    if (visitor === undefined) this.#devices.delete(thumbprint);
    else this.#devices.set(thumbprint, visitor);
    this.epoch += 1;
    this.#changes.emit(undefined);
  }

  thumbprints(): readonly Thumbprint[] {
    return [...this.#devices.keys()];
  }

  find(thumbprint: Thumbprint): Visitor | undefined {
    return this.#devices.get(thumbprint);
  }

  onChanged(listener: () => void): Disposable {
    return this.#changes.on(listener);
  }
}

/** Keys of a gateway that are kept in memory. */
export class TestTunnelKeys implements TunnelKeys {
  #current: TunnelKey = makeTunnelKey();
  #next: NextTunnelKey | undefined;

  current(): TunnelKey {
    return this.#current;
  }

  next(): NextTunnelKey | undefined {
    return this.#next;
  }

  draw(only = false): TunnelKey {
    this.#next = { key: makeTunnelKey(), only };
    return this.#next.key;
  }

  promote(): void {
    if (this.#next === undefined) throw new Error("no key to promote");
    this.#current = this.#next.key;
    this.#next = undefined;
  }
}

const makeTunnelKey = (): TunnelKey => tunnelKey(generateKeyPairSync("ed25519"));

/** A device with its keys at hand. */
export interface PairedDevice extends TestDevice {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export interface TunnelHomeOptions extends Partial<Pick<TunnelOptions, "accept" | "random">> {
  readonly place: RelayPlace;
  readonly clock?: Clock;
  readonly keys?: TestTunnelKeys;
}

/** A gateway with nothing in it but the tunnel and the door inside its channels. */
export class TunnelHome implements AsyncDisposable {
  readonly world = new DoorWorld();
  readonly roll = new TestRoll();
  readonly keys: TestTunnelKeys;
  readonly log = new MemoryLogger();
  readonly channels: AdmittedChannel[] = [];
  readonly states: TunnelState[] = [];
  readonly id: TunnelId;
  readonly tunnel: Tunnel;
  place: RelayPlace;

  private constructor({ place, keys = new TestTunnelKeys(), clock = systemClock, ...over }: TunnelHomeOptions) {
    this.place = place;
    this.keys = keys;
    this.id = idOfKey(keys.current());
    this.tunnel = Tunnel.open({
      place: () => this.place,
      id: this.id,
      keys,
      roll: this.roll,
      accept: (channel) => {
        this.channels.push(channel);
        this.world.door.accept(channel);
      },
      learnRelayKeys: (pins) => (this.place = { ...this.place, keys: [...pins] }),
      ...{ clock, log: this.log, random: () => 0, ...over },
    });
    this.tunnel.onChanged((state) => this.states.push(state));
  }

  static open(options: TunnelHomeOptions): TunnelHome {
    return new TunnelHome(options);
  }

  pair(): PairedDevice {
    const device = this.world.pair();
    this.roll.put(device.thumbprint, { device: device.device, person: device.person });
    const privateKey = createPrivateKey(device.shown.key);
    return { ...device, privateKey, publicKey: createPublicKey(privateKey) };
  }

  /** Takes a device from the tunnel's roll; the door, which would find out by itself too, is not told. */
  revoke({ thumbprint }: PairedDevice): void {
    this.roll.put(thumbprint, undefined);
  }

  get wayHome(): WayHome {
    return { tunnel: this.id, relay: this.place, gatewayKeys: this.world.keys.shown.map(({ pin }) => pin) };
  }

  async connected(): Promise<void> {
    await eventually("the tunnel stands", () => this.tunnel.state.connection === "connected");
  }

  /** Bytes that somebody admitted has sent, and that came to the door's other side. */
  get received(): { readonly bytes: number; readonly entered: number } {
    return { bytes: this.tunnel.figures.receivedBytes, entered: this.world.entered.length };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tunnel[Symbol.asyncDispose]();
    this.world[Symbol.dispose]();
  }
}
