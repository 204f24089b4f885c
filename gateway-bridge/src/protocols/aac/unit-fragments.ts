import { maxAdtsFrame } from "./adts.ts";

export interface UnitFragment {
  /** Of the whole access unit, in bytes; undefined where only the end will tell. */
  readonly size: number | undefined;
  readonly part: Buffer;
  readonly timestamp: number;
}

/** Puts access units together that come in several packets. No access unit is longer than an ADTS frame can be. */
export class UnitFragments {
  #parts: Buffer[] = [];
  #size: number | undefined;
  #bytes = 0;
  #timestamp = 0;
  #damaged = 0;

  /** Access units that were left out because a part was missing, or too long. */
  get damaged(): number {
    return this.#damaged;
  }

  get isOpen(): boolean {
    return this.#parts.length > 0;
  }

  /** The access unit, when this was its last part. */
  add({ size, part, timestamp }: UnitFragment): Buffer | undefined {
    if (this.isOpen && (timestamp !== this.#timestamp || size !== this.#size)) this.drop();
    if (this.#bytes + part.length > Math.min(size ?? maxAdtsFrame, maxAdtsFrame) || part.length === 0) {
      this.drop();
      this.#damaged += 1;
      return undefined;
    }
    this.#parts.push(Buffer.from(part));
    this.#bytes += part.length;
    this.#size = size;
    this.#timestamp = timestamp;
    return this.#bytes === size ? this.take() : undefined;
  }

  /** Everything so far. */
  take(): Buffer {
    const unit = Buffer.concat(this.#parts, this.#bytes);
    this.#clear();
    return unit;
  }

  /** Lets go of an access unit that cannot get whole any more. */
  drop(): void {
    if (this.isOpen) this.#damaged += 1;
    this.#clear();
  }

  #clear(): void {
    this.#parts = [];
    this.#bytes = 0;
    this.#size = undefined;
  }
}
