import {
  encodeFrame,
  frameLimits,
  isGatehouseError,
  OpenChannel,
  readFrame,
  withDeadline,
  writeFrame,
  type Cancellable,
  type Clock,
  type Logger,
  type RelayName,
  type TunnelId,
} from "@gatehouse/shared";
import type { Duplex } from "node:stream";

import type { AdmittedChannel, DeviceRoll } from "../../ports.ts";
import { decideChannel, type ChannelRefusal, type ChannelVerdict } from "./channel-policy.ts";
import type { LiveChannels } from "./live-channels.ts";
import type { NonceMemory } from "./nonce-memory.ts";
import { crowdBudget, nonsenseBudget, RefusalBudget } from "./refusal-budget.ts";
import type { TunnelCounts } from "./tunnel-counts.ts";

/** How long the first message of a channel may take, and the answer to a refused one to leave. */
export const openMs = 5_000;
/** Channels that may be opening at once. */
export const mostOpening = 32;

export interface IntakeOptions {
  readonly relay: RelayName;
  /** The relay's keys as they are known now. */
  readonly relayKeys: () => readonly string[];
  readonly gateway: TunnelId;
  readonly roll: DeviceRoll;
  readonly nonces: NonceMemory;
  readonly live: LiveChannels;
  readonly counts: TunnelCounts;
  readonly accept: (channel: AdmittedChannel) => void;
  /** There is a new salt. */
  readonly onSalt: () => void;
  /** The relay has sent more nonsense than an honest one would. */
  readonly onNonsense: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Judges each channel that the relay opens. What it says of the device counts for nothing: the device's own signature does. */
export class ChannelIntake {
  readonly #options: IntakeOptions;
  readonly #budgets: { readonly nonsense: RefusalBudget; readonly crowd: RefusalBudget };
  #opening = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
    const now = options.clock.monotonic();
    this.#budgets = { nonsense: new RefusalBudget(nonsenseBudget, now), crowd: new RefusalBudget(crowdBudget, now) };
  }

  /**
   * Takes a channel, or refuses it: then not a byte behind its first message is read, and the stream ends. Never throws.
   * @returns whether it was taken
   */
  async take(stream: Duplex, cancel: Cancellable): Promise<boolean> {
    if (this.#opening >= mostOpening) return this.refuse(stream, "busy");
    this.#opening += 1;
    try {
      const open = await this.#read(stream, cancel);
      if (!cancel.signal.aborted) return this.#answer(stream, open);
      stream.destroy();
      return false;
    } finally {
      this.#opening -= 1;
    }
  }

  /** Also what came on no path of a channel. */
  refuse(stream: Duplex, why: ChannelRefusal): false {
    const { counts, clock, log, onNonsense } = this.#options;
    counts.refuse(why);
    // The relay says how often: it is counted, and no line of the log at home is the relay's to write.
    log.debug("a channel of the relay was refused", { why });
    endWith(stream, clock);
    const budget = why === "busy" ? this.#budgets.crowd : this.#budgets.nonsense;
    if (!budget.spend(clock.monotonic())) onNonsense();
    return false;
  }

  async #read(stream: Duplex, { signal }: Cancellable): Promise<OpenChannel | ChannelRefusal> {
    const { clock } = this.#options;
    try {
      return await withDeadline({ clock, ms: openMs, what: "a channel's first message", signal }, (within) =>
        readFrame(stream, OpenChannel, { ...within, limit: frameLimits.device }),
      );
    } catch (error) {
      return isGatehouseError(error) && error.code === "timeout" ? "late" : "malformed";
    }
  }

  #answer(stream: Duplex, open: OpenChannel | ChannelRefusal): boolean {
    if (typeof open === "string") return this.refuse(stream, open);
    const verdict = this.#judge(open);
    if (!verdict.admit) return this.refuse(stream, verdict.why);
    const { thumbprint, visitor } = verdict;
    const { live, nonces, onSalt } = this.#options;
    if (nonces.keep(open.nonce)) onSalt();
    if (!live.hasRoomFor(thumbprint)) return this.refuse(stream, "busy");
    // Its connection went while it was judged.
    if (stream.destroyed) return false;
    writeFrame(stream, { open: true });
    live.add(thumbprint, stream);
    this.#hand({ ...visitor, thumbprint, source: open.source, stream });
    return true;
  }

  #judge(open: OpenChannel): ChannelVerdict {
    const { relay, relayKeys, gateway, nonces, roll } = this.#options;
    return decideChannel({
      open,
      home: { relay, relayKeys: relayKeys(), gateway },
      nonce: nonces.judge(open.nonce),
      find: (thumbprint) => roll.find(thumbprint),
    });
  }

  #hand(channel: AdmittedChannel): void {
    const { accept, log } = this.#options;
    try {
      accept(channel);
    } catch (error) {
      log.error("an admitted channel found nobody", { error: String(error) });
      channel.stream.destroy();
    }
  }
}

/** Says no and ends the stream, at the latest when the other side has not read that for a while. */
const endWith = (stream: Duplex, clock: Clock): void => {
  if (stream.destroyed) return;
  const timer = clock.schedule(openMs, () => stream.destroy());
  stream.once("close", () => timer[Symbol.dispose]());
  stream.end(encodeFrame({ open: false }), () => stream.destroy());
};
