import type { Cancellable, Clock, OpenChannel, Thumbprint, Way } from "@gatehouse/shared";

import { cut } from "../protocol/reverse-http2.ts";
import { Channel, type BothWays } from "./channel.ts";
import type { GatewayBook } from "./gateway-book.ts";
import { fixedLimits } from "./limits.ts";
import type { Arrival } from "./listener.ts";
import { openChannel, type Opened } from "./open-channel.ts";
import type { Places } from "./places.ts";
import type { Tunnel } from "./tunnel.ts";

export interface ChannelsOptions {
  readonly gateways: GatewayBook;
  readonly places: Places;
  readonly clock: Clock;
}

/** A device that proved a key which its gateway admits. */
export interface Guest {
  readonly arrival: Arrival;
  readonly tunnel: Tunnel;
  readonly device: Thumbprint;
  readonly way: Way;
  readonly opening: OpenChannel;
}

/** A channel whose gateway takes the device; nothing flows before it is joined. */
export interface ReadyChannel {
  readonly verdict: "open";
  join(): void;
}
export type ChannelVerdict = ReadyChannel | { readonly verdict: "refused" | "busy" };

/** Opens channels of admitted devices, where there is a place for them. */
export class Channels {
  readonly #options: ChannelsOptions;
  /** Of channels that have ended. */
  #carried: BothWays = { toGateway: 0, toDevice: 0 };
  #stalledMs: BothWays = { toGateway: 0, toDevice: 0 };
  readonly #standing = new Set<Channel>();
  readonly #listeners = new Set<(tookMs: number) => void>();

  constructor(options: ChannelsOptions) {
    this.#options = options;
  }

  /** Channels that stand or are being opened. */
  get count(): number {
    return this.#standing.size;
  }

  /** Bytes so far, of all channels. */
  get carried(): BothWays {
    return Iterator.from(this.#standing).reduce((sum, { carried }) => plus(sum, carried), this.#carried);
  }

  /** How long channels waited so far for those who take too little, all together. */
  get stalledMs(): BothWays {
    return Iterator.from(this.#standing).reduce((sum, { stalledMs }) => plus(sum, stalledMs), this.#stalledMs);
  }

  /** Tells of each channel that was opened, how long that took from the device's proof on. */
  onOpened(listener: (tookMs: number) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** From here on the connection ends with the device's admission, opened or not. @throws where it did meanwhile */
  async open(guest: Guest, cancel: Cancellable): Promise<ChannelVerdict> {
    const { tunnel, device, way, opening } = guest;
    const { clock } = this.#options;
    const place = this.#place(guest);
    if (place === undefined) return { verdict: "busy" };
    const channel = this.#begin(guest, place);
    tunnel.keepSpare(fixedLimits.spare);
    const asked = clock.monotonic();
    const opened = await openChannel({ tunnel, way, opening, clock }, cancel).catch(() => undefined);
    if (channel.ended || !tunnel.admits(device)) {
      end(opened);
      channel.end();
      throw new Error("the device's admission ended");
    }
    if (opened?.open === true) {
      for (const listener of this.#listeners) listener(clock.monotonic() - asked);
      return { verdict: "open", join: () => channel.join(opened.stream) };
    }
    channel.withdraw();
    return { verdict: opened === undefined ? "busy" : "refused" };
  }

  #place({ arrival: { block }, tunnel: { gateway }, device }: Guest): Disposable | undefined {
    const { places, gateways } = this.#options;
    const known = gateways.find(gateway);
    return known?.revoked === undefined && known !== undefined
      ? places.take({ gateway, device, block }, known.limits)
      : undefined;
  }

  #begin({ arrival: { socket }, tunnel, device }: Guest, place: Disposable): Channel {
    const channel = new Channel({
      device,
      socket,
      budget: tunnel.budget,
      clock: this.#options.clock,
      onEnded: (ended) => {
        place[Symbol.dispose]();
        this.#standing.delete(ended);
        this.#carried = plus(this.#carried, ended.carried);
        this.#stalledMs = plus(this.#stalledMs, ended.stalledMs);
        tunnel.channels.delete(ended);
        tunnel.idleSince = this.#options.clock.monotonic();
      },
    });
    this.#standing.add(channel);
    tunnel.channels.add(channel);
    return channel;
  }
}

const end = (opened: Opened | undefined): void => {
  if (opened?.open === true) cut(opened.stream);
};

const plus = (a: BothWays, b: BothWays): BothWays => ({
  toGateway: a.toGateway + b.toGateway,
  toDevice: a.toDevice + b.toDevice,
});
