import { channelRefusals, type ChannelRefusal } from "./channel-policy.ts";

/** What is counted over all tunnels, since the gateway started. */
export class TunnelCounts {
  /** Bytes that came through admitted channels which have ended. */
  receivedBytes = 0;
  admitted = 0;
  /** Tunnels that stood, after the first. */
  reconnects = 0;
  readonly #refused = new Map<ChannelRefusal, number>(channelRefusals.map((why) => [why, 0]));

  /** Channels that were refused here, by reason. */
  get refused(): Readonly<Record<ChannelRefusal, number>> {
    return Object.fromEntries(this.#refused) as Record<ChannelRefusal, number>;
  }

  refuse(why: ChannelRefusal): void {
    this.#refused.set(why, (this.#refused.get(why) ?? 0) + 1);
  }
}
