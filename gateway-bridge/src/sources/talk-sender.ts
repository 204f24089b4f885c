import { randomInt } from "node:crypto";

import type { AudioTrack } from "../domain/track.ts";
import type { TrackPath } from "../protocols/rtsp/track-setup.ts";
import { rtpHeaderSize, writeRtpHeader } from "../protocols/rtp/rtp-packet.ts";
import { SrtpEncryptor } from "../protocols/srtp/srtp-encryptor.ts";
import { srtpTagSize } from "../protocols/srtp/srtp-key.ts";
import { maxTalkPayload, packetizeTalk, type TalkPacket } from "./talk-packets.ts";

/** Makes one packet of each piece: RTP, or SRTP. */
type Sealer = (packet: TalkPacket, header: { readonly timestamp: number; readonly marker: boolean }) => Buffer;

export interface TalkSenderOptions {
  readonly path: TrackPath;
  readonly track: AudioTrack;
  readonly payloadType: number;
}

/** Sends sound on a track of a camera, and drops what the camera does not take at once: late speech is worse than lost speech. */
export class TalkSender {
  readonly #options: TalkSenderOptions;
  readonly #seal: Sealer;
  // RFC 3550 5.1: both begin anywhere.
  readonly #offset = randomInt(2 ** 32);
  #begun = false;
  #dropped = 0;

  constructor(options: TalkSenderOptions) {
    this.#options = options;
    const { path, payloadType } = options;
    this.#seal = path.own === undefined ? clear(path.ssrc, payloadType) : encrypted(path, path.own, payloadType);
  }

  /** Packets that the camera did not take. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @param timestamp of the first sample, in ticks of the track's clock */
  write(data: Buffer, timestamp: number): void {
    const { path, track } = this.#options;
    for (const packet of packetizeTalk(track, data)) {
      // RFC 3551 4.1: marks the first packet after silence.
      const marker = !this.#begun;
      this.#begun = true;
      const sealed = this.#seal(packet, { timestamp: this.#offset + timestamp + packet.after, marker });
      if (!path.send(sealed)) this.#dropped += 1;
    }
  }
}

const clear = (ssrc: number, payloadType: number): Sealer => {
  let sequence = randomInt(2 ** 16);
  return ({ prefix, body }, { timestamp, marker }) => {
    const bytes = Buffer.allocUnsafe(rtpHeaderSize + prefix.length + body.length);
    writeRtpHeader(bytes, 0, { payloadType, marker, sequence, timestamp, ssrc });
    sequence += 1;
    bytes.set(prefix, rtpHeaderSize);
    bytes.set(body, rtpHeaderSize + prefix.length);
    return bytes;
  };
};

const encrypted = (
  { ssrc }: TrackPath,
  { master, mki }: NonNullable<TrackPath["own"]>,
  payloadType: number,
): Sealer => {
  const encryptor = new SrtpEncryptor(master, { ssrc, payloadType, maxPayload: maxTalkPayload, slots: 4 });
  return (packet, header) => {
    const [sealed = Buffer.alloc(0)] = encryptor.protect([{ ...header, prefix: packet.prefix, body: packet.body }]);
    // The encryptor uses its memory again; the key's name goes before the tag. RFC 3711 3.1
    const tagAt = sealed.length - srtpTagSize;
    return Buffer.concat([sealed.subarray(0, tagAt), mki, sealed.subarray(tagAt)]);
  };
};
