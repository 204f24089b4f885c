import { GatehouseError } from "@gatehouse/shared";

import type { Arrival } from "./intake.ts";
import type { MediaInlet } from "./media-channels.ts";

/** The channel numbers of one connection that were set up; what comes on any other is ignored. RFC 2326 10.12 */
export class InterleavedChannels {
  readonly #takers: ((payload: Buffer, arrival: Arrival) => void)[] = [];

  /** @throws GatehouseError `camera-answer-malformed` for channels that are taken, or that there are not */
  assertFree(rtp: number, rtcp: number): void {
    const isFree = (number: number): boolean => number <= 255 && this.#takers[number] === undefined;
    if (rtp !== rtcp && isFree(rtp) && isFree(rtcp)) return;
    throw new GatehouseError("camera-answer-malformed", "the camera puts two tracks on one channel, or one on none");
  }

  connect({ rtp, rtcp }: { readonly rtp: number; readonly rtcp: number }, inlet: MediaInlet): void {
    this.#takers[rtp] = (payload, arrival) => inlet.packet(payload, arrival);
    this.#takers[rtcp] = (payload, arrival) => inlet.control(payload, arrival);
  }

  frame(channel: number, payload: Buffer, arrival: Arrival): void {
    this.#takers[channel]?.(payload, arrival);
  }
}
