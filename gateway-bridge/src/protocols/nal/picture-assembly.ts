import { hasStartCode, splitAnnexB } from "./annex-b.ts";
import type { NalRules } from "./nal-rules.ts";

const initialSize = 64 * 1024;
/** From here on a NAL unit has memory of its own: Node's pool of 64 KiB would leave a quarter empty behind slices of common sizes. */
const large = 2 * 1024;

/** The small ones in one piece of memory: in Node's pool each would keep 64 KiB alive of what was made at the same time. */
const outOfPool = (nals: readonly Buffer[]): readonly Buffer[] => {
  const own = Buffer.allocUnsafeSlow(nals.reduce((sum, { length }) => sum + (length < large ? length : 0), 0));
  let at = 0;
  return nals.map((nal) => {
    if (nal.length >= large) return nal;
    own.set(nal, at);
    at += nal.length;
    return own.subarray(at - nal.length, at);
  });
};

/** Above what any encoder cuts a picture into; bounds what the objects of one picture cost. */
const maxNals = 4_096;

/**
 * Gathers the NAL units of one picture. Fragments are copied into one reused buffer at once and whole NAL units out of it, so that
 * neither a receive buffer nor a neighbour stays in memory for the sake of one NAL unit that is kept.
 */
export class PictureAssembly {
  readonly #rules: Pick<NalRules, "roleOf" | "startsPicture">;
  readonly #maxBytes: number;
  #fragments = Buffer.alloc(0);
  /** Bytes of the NAL unit that is being put together; 0 between them. */
  #open = 0;
  #nals: Buffer[] = [];
  #bytes = 0;
  #firstSlice: Buffer | undefined;
  #key = false;

  /** @param maxBytes of one picture */
  constructor(rules: Pick<NalRules, "roleOf" | "startsPicture">, maxBytes: number) {
    this.#rules = rules;
    this.#maxBytes = maxBytes;
  }

  /** Whether a NAL unit is under way that comes in fragments. */
  get isOpen(): boolean {
    return this.#open > 0;
  }

  get hasSlice(): boolean {
    return this.#firstSlice !== undefined;
  }

  /** Whether its slices are there from the first on. */
  get isWhole(): boolean {
    return this.#firstSlice !== undefined && this.#rules.startsPicture(this.#firstSlice);
  }

  /** Adds a whole NAL unit. False when the picture grows beyond its limits. */
  add(nal: Buffer): boolean {
    return this.end() && this.#keep(nal);
  }

  /** Begins a NAL unit that comes in fragments, with its header's bytes. False when the picture grows beyond its limits. */
  begin(first: number, second?: number): boolean {
    if (!this.end()) return false;
    if (this.#fragments.length === 0) this.#grow(initialSize);
    this.#fragments[0] = first;
    this.#open = 1;
    if (second !== undefined) this.#fragments[this.#open++] = second;
    return true;
  }

  /** Adds a fragment. False when none was begun, or when the picture grows beyond its limits. */
  append(fragment: Buffer): boolean {
    const needed = this.#open + fragment.length;
    if (this.#open === 0 || this.#bytes + needed > this.#maxBytes) return false;
    if (needed > this.#fragments.length) this.#grow(needed);
    this.#fragments.set(fragment, this.#open);
    this.#open = needed;
    return true;
  }

  /** Ends the NAL unit that comes in fragments, if there is one. False when the picture grows beyond its limits. */
  end(): boolean {
    if (this.#open === 0) return true;
    const nal = this.#fragments.subarray(0, this.#open);
    this.#open = 0;
    return this.#keep(nal);
  }

  /** Everything gathered so far; empty again afterwards. */
  take(): { readonly nals: readonly Buffer[]; readonly bytes: number; readonly key: boolean } {
    const taken = { nals: outOfPool(this.#nals), bytes: this.#bytes, key: this.#key && this.isWhole };
    this.clear();
    return taken;
  }

  clear(): void {
    this.#nals = [];
    this.#bytes = 0;
    this.#open = 0;
    this.#firstSlice = undefined;
    this.#key = false;
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#fragments.length));
    grown.set(this.#fragments.subarray(0, this.#open));
    this.#fragments = grown;
  }

  #keep(nal: Buffer): boolean {
    // Where there is a start code, the camera has put a piece of its Annex B stream into RTP.
    if (!hasStartCode(nal)) return this.#copy(nal);
    return splitAnnexB(nal).every((part) => this.#copy(part));
  }

  #copy(nal: Buffer): boolean {
    const role = this.#rules.roleOf(nal);
    if (role === "none") return true;
    if (this.#bytes + nal.length > this.#maxBytes || this.#nals.length >= maxNals) return false;
    const own = nal.length < large ? Buffer.allocUnsafe(nal.length) : Buffer.allocUnsafeSlow(nal.length);
    own.set(nal);
    this.#nals.push(own);
    this.#bytes += own.length;
    if (role !== "other") this.#firstSlice ??= own;
    if (role === "key-slice") this.#key = true;
    return true;
  }
}
