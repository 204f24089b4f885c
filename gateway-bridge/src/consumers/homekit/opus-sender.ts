import type { Logger } from "@gatehouse/shared";

import type { AudioUnit } from "../../domain/access-unit.ts";
import { opusClockRate, opusFrameDuration, parseOpus } from "../../protocols/opus/opus-packet.ts";
import { canRepacketize, repacketizeOpus } from "../../protocols/opus/repacketize.ts";
import type { RtpOutlet } from "./rtp-outlet.ts";

export interface OpusSenderOptions {
  readonly outlet: Pick<RtpOutlet, "send">;
  readonly maxPayload: number;
  /** Samples a second that the viewer's RTP clock counts: HomeKit uses the rate it asked for, not RFC 7587's 48,000. */
  readonly sampleRate: number;
  /** Milliseconds of sound that the viewer wants in a packet. */
  readonly packetTime: number;
  readonly log: Logger;
}

/** One frame as a packet of its own. */
interface Frame {
  readonly data: Buffer;
  /** Ticks of 48 kHz. */
  readonly timestamp: number;
}

const nothing = Buffer.alloc(0);
/** Between two frames; more than this, and something between them was lost. */
const tolerance = 120;

/** Sends Opus as the camera coded it, its frames put into packets of exactly the length that the viewer asked for. */
export class OpusSender {
  readonly #options: OpusSenderOptions;
  /** Ticks of 48 kHz a packet. */
  readonly #span: number;
  #held: Frame[] = [];
  #malformed = 0;

  constructor(options: OpusSenderOptions) {
    this.#options = options;
    this.#span = (options.packetTime * opusClockRate) / 1_000;
  }

  /** The timestamp counts 48 kHz, as RFC 7587 has it. */
  send(unit: AudioUnit): void {
    for (const frame of this.#split(unit)) this.#add(frame);
  }

  #split({ data, timestamp }: AudioUnit): readonly Frame[] {
    try {
      const { toc, frames, duration } = parseOpus(data);
      const each = duration / frames.length;
      const header = Buffer.from([toc & 0xfc]);
      return frames.map((frame, index) => ({
        data: Buffer.concat([header, frame]),
        timestamp: timestamp + index * each,
      }));
    } catch (error) {
      // Once: a camera that does this does it fifty times a second.
      if (this.#malformed === 0) this.#options.log.warn("malformed sound left out", { error: String(error) });
      this.#malformed += 1;
      return [];
    }
  }

  #add(frame: Frame): void {
    const [first] = this.#held;
    if (first !== undefined) {
      const due = first.timestamp + this.#held.length * durationOf(first);
      const follows = Math.abs(frame.timestamp - due) <= tolerance && canRepacketize(first.data, frame.data);
      // A packet must be whole, so what waits for a lost frame is lost with it.
      if (!follows) this.#held = [];
    }
    this.#held.push(frame);
    if (this.#held.length * durationOf(frame) >= this.#span) this.#flush();
  }

  #flush(): void {
    const { outlet, maxPayload, sampleRate } = this.#options;
    const held = this.#held;
    this.#held = [];
    const [first] = held;
    const body = held.length === 1 ? first?.data : repacketizeOpus(held.map(({ data }) => data));
    if (first === undefined || body === undefined || body.length > maxPayload) return;
    outlet.send([{ prefix: nothing, body, last: false }], (first.timestamp * sampleRate) / opusClockRate);
  }
}

const durationOf = ({ data }: Frame): number => opusFrameDuration(data.readUInt8(0));
