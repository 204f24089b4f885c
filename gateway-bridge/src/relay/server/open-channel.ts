import {
  ChannelAnswer,
  encodeFrame,
  frameLimits,
  readFrame,
  withDeadline,
  type Cancellable,
  type Clock,
  type OpenChannel,
  type Way,
} from "@gatehouse/shared";
import type { Duplex } from "node:stream";

import { cut } from "../protocol/reverse-http2.ts";
import { fixedLimits } from "./limits.ts";
import type { Tunnel } from "./tunnel.ts";

export interface OpenOptions {
  readonly tunnel: Tunnel;
  readonly way: Way;
  readonly opening: OpenChannel;
  readonly clock: Clock;
}

/** What the gateway said: the stream is its side of the channel, where it takes the device. */
export type Opened = { readonly open: true; readonly stream: Duplex } | { readonly open: false };

/**
 * Asks the gateway whether it takes a device. Not a byte of the device is read for it.
 * @throws GatehouseError `timeout`, `relay-unreachable`, `relay-answer-malformed`, or the signal's reason
 */
export const openChannel = async (options: OpenOptions, cancel: Cancellable): Promise<Opened> => {
  const { tunnel, way, opening, clock } = options;
  const stream = (way === "own" ? await dataConnection(options, cancel) : undefined) ?? tunnel.openStream();
  try {
    const deadline = { ...cancel, clock, ms: fixedLimits.channelAnswer, what: "the gateway's answer" };
    const { open } = await withDeadline(deadline, ({ signal }) => {
      stream.write(encodeFrame(opening));
      return readFrame(stream, ChannelAnswer, { signal, limit: frameLimits.device });
    });
    if (open) return { open, stream };
  } catch (error) {
    cut(stream);
    throw error;
  }
  cut(stream);
  return { open: false };
};

/** One of the gateway's own, if it sends one in time: else the channel travels beside others. */
const dataConnection = async ({ tunnel, clock }: OpenOptions, cancel: Cancellable): Promise<Duplex | undefined> => {
  const late = new AbortController();
  const timer = clock.schedule(fixedLimits.dataConnection, () => late.abort());
  try {
    return await tunnel.data.take({ signal: AbortSignal.any([cancel.signal, late.signal]) });
  } finally {
    timer[Symbol.dispose]();
  }
};
