import type { Thumbprint } from "@gatehouse/shared";
import type { Duplex } from "node:stream";

import { countReceived } from "./count-received.ts";
import type { TunnelCounts } from "./tunnel-counts.ts";

/** Most channels of one gateway, and of one of its devices. */
export const mostChannels = 256;
export const mostOfOneDevice = 128;

interface LiveChannel {
  readonly thumbprint: Thumbprint;
  readonly stream: Duplex;
  readonly received: () => number;
}

/** The channels that stand. */
export class LiveChannels {
  readonly #live = new Set<LiveChannel>();
  readonly #counts: TunnelCounts;

  constructor(counts: TunnelCounts) {
    this.#counts = counts;
  }

  get size(): number {
    return this.#live.size;
  }

  /** Of those that stand and those that have ended. */
  get receivedBytes(): number {
    return [...this.#live].reduce((sum, { received }) => sum + received(), this.#counts.receivedBytes);
  }

  hasRoomFor(thumbprint: Thumbprint): boolean {
    const own = [...this.#live].filter((channel) => channel.thumbprint === thumbprint).length;
    return this.#live.size < mostChannels && own < mostOfOneDevice;
  }

  add(thumbprint: Thumbprint, stream: Duplex): void {
    const channel = { thumbprint, stream, received: countReceived(stream) };
    this.#live.add(channel);
    this.#counts.admitted += 1;
    stream.once("close", () => this.#forget(channel));
  }

  /** Ends those whose device is not among these any more. The relay is told too; it is not waited for. */
  keepOnly(admitted: (thumbprint: Thumbprint) => boolean): void {
    for (const channel of [...this.#live].filter(({ thumbprint }) => !admitted(thumbprint))) {
      this.#forget(channel);
      channel.stream.destroy();
    }
  }

  endAll(): void {
    this.keepOnly(() => false);
  }

  #forget(channel: LiveChannel): void {
    if (this.#live.delete(channel)) this.#counts.receivedBytes += channel.received();
  }
}
