import { ownBytes } from "./own-bytes.ts";
import type { OrderedPacket, UnpackedUnit, Unpacker } from "./unpacker.ts";

/** For formats whose payload is the sound itself: Opus (RFC 7587 4.2), G.711 and L16 (RFC 3551 4.5). */
export class PlainUnpacker implements Unpacker {
  readonly damaged = 0;
  readonly #blockSize: number;

  /** @param blockSize bytes of a sample of all channels; what does not fill one is left out. 1 where the payload is one whole */
  constructor(blockSize = 1) {
    this.#blockSize = blockSize;
  }

  unpack({ payload }: OrderedPacket): readonly UnpackedUnit[] {
    const size = payload.length - (payload.length % this.#blockSize);
    // A copy, because a view would keep all the bytes in memory that arrived with it.
    return size === 0 ? [] : [{ offset: 0, data: ownBytes(payload.subarray(0, size)) }];
  }
}
