import {
  systemClock,
  openChannel,
  relayProtocols,
  type AdmissionContext,
  type Clock,
  type DeviceIdentity,
  type OpenChannel,
  type WayHome,
} from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

import { eventually } from "./eventually.ts";
import { MaliciousRelay, openOver, patience, type LyingTunnel, type OpenedChannel } from "./malicious-relay.ts";
import { TunnelHome, type PairedDevice } from "./tunnel-home.ts";

export const ways = ["shared", "own"] as const;

/** A device that was let through, up to the pipes: its own end, and the relay's two. */
export interface Through {
  readonly channel: Duplex;
  readonly away: Duplex;
  readonly near: Duplex;
}

/** A home with a device, connected to a relay that is up to no good. */
export class MaliciousWorld implements AsyncDisposable {
  readonly relay: MaliciousRelay;
  readonly home: TunnelHome;
  readonly device: PairedDevice;
  /** The newest. */
  tunnel: LyingTunnel;
  readonly #held: AsyncDisposableStack;

  private constructor(parts: Pick<MaliciousWorld, "relay" | "home" | "device" | "tunnel">, held: AsyncDisposableStack) {
    ({ relay: this.relay, home: this.home, device: this.device, tunnel: this.tunnel } = parts);
    this.#held = held;
  }

  static async open(): Promise<MaliciousWorld> {
    await using opening = new AsyncDisposableStack();
    const relay = opening.use(await MaliciousRelay.open());
    const home = opening.use(TunnelHome.open({ place: relay.place }));
    const device = home.pair();
    const tunnel = await relay.admitted();
    await home.connected();
    return new MaliciousWorld({ relay, home, device, tunnel }, opening.move());
  }

  /** Ends with the world. */
  use<T extends AsyncDisposable>(thing: T): T {
    return this.#held.use(thing);
  }

  /** What a device signs now, where it is honest. */
  contextNow(over: Partial<AdmissionContext> = {}): AdmissionContext {
    const { relay, home, tunnel } = this;
    const honest = {
      relay: relay.name,
      relayKey: relay.key.pin,
      gateway: home.id,
      nonce: tunnel.nonce(),
      time: Date.now(),
    };
    return { ...honest, ...over };
  }

  /** What a channel can be opened on. */
  async carrier(way: (typeof ways)[number]): Promise<Duplex> {
    if (way === "shared") return this.tunnel.stream("/channel");
    this.tunnel.say({ kind: "spare", count: 1 });
    const socket = await this.relay.next(relayProtocols.data);
    this.tunnel.say({ kind: "spare", count: 0 });
    // What the gateway says first: whose it is.
    await once(socket, "readable");
    socket.read();
    return socket;
  }

  /** What a relay says that has a channel to open, and bytes behind it that nobody may read. */
  async say(way: (typeof ways)[number], open: OpenChannel): Promise<OpenedChannel> {
    return openOver(await this.carrier(way), open, randomBytes(8_192));
  }

  /** How a device goes home. */
  travel({ shown }: PairedDevice): {
    identity: Pick<DeviceIdentity, "privateKey" | "certificate">;
    wayHome: WayHome;
    clock: Clock;
  } {
    return {
      identity: { privateKey: shown.key, certificate: shown.cert },
      wayHome: this.home.wayHome,
      clock: systemClock,
    };
  }

  /** Lets a device through as an honest relay does. */
  async through(who: PairedDevice): Promise<Through> {
    const opening = openChannel({ ...this.travel(who), way: "shared" }, patience());
    const knock = await this.relay.knock({ nonce: this.tunnel.nonce() });
    const { stream, answer } = await this.tunnel.open(knock.open);
    if (answer !== true) throw new Error("the gateway refused an honest channel");
    knock.letIn();
    return { channel: await opening, away: knock.socket, near: stream };
  }

  /** Where a device came in. */
  async enteredBy({ device }: PairedDevice): Promise<TLSSocket> {
    const find = (): TLSSocket | undefined =>
      this.home.world.entered.find(({ visitor }) => visitor.device === device)?.socket;
    await eventually("it came in", () => find() !== undefined);
    return find()!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }
}

/** All that a stream brings, so far. */
export const collect = (stream: Duplex): (() => string) => {
  let text = "";
  stream.on("error", () => undefined);
  stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
};

/** Resolves when the other side is gone. */
export const closed = async (stream: Duplex): Promise<void> => {
  stream.resume();
  await eventually("it closed", () => stream.destroyed || stream.readableEnded);
};
