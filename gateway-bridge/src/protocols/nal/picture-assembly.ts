import { hasStartCode, splitAnnexB } from "./annex-b.ts";
import type { NalRules } from "./nal-rules.ts";
import { PictureMemory, type PictureBuffer } from "./picture-memory.ts";

const initialSize = 64 * 1024;
/** Above what any encoder cuts a picture into; bounds what the objects of one picture cost. */
const maxNals = 4_096;

interface Gathered {
  readonly nals: readonly Buffer[];
  /** Sum of the NAL units' lengths. */
  readonly bytes: number;
  readonly key: boolean;
  /** What the NAL units lie in. */
  readonly memory: PictureBuffer;
}

/**
 * Gathers the NAL units of one picture, one behind the other in a buffer that every picture is put together in. What is taken is a
 * copy in memory of its own: neither a receive buffer nor a neighbour stays in memory for the sake of a picture that is kept.
 */
export class PictureAssembly {
  readonly #rules: Pick<NalRules, "roleOf" | "startsPicture">;
  readonly #maxBytes: number;
  readonly #memory = new PictureMemory();
  #gathered = Buffer.alloc(0);
  /** Where each whole NAL unit begins; it ends where the next one begins, and the last at `#end`. */
  #begins: number[] = [];
  #end = 0;
  /** Bytes behind them, of the NAL unit that is being put together; 0 between them. */
  #open = 0;
  /** The first slice was found, and whether it is the first of its picture. */
  #firstSlice: "none" | "first" | "later" = "none";
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
    return this.#firstSlice !== "none";
  }

  /** Whether its slices are there from the first on. */
  get isWhole(): boolean {
    return this.#firstSlice === "first";
  }

  /** Adds a whole NAL unit: what lies between two places of these bytes. False when the picture grows beyond its limits. */
  add(bytes: Buffer, from: number, to: number): boolean {
    if (!this.end()) return false;
    return to <= from || (this.#copy(bytes, from, to) && this.end());
  }

  /** Begins a NAL unit that comes in fragments, with its header's bytes. False when the picture grows beyond its limits. */
  begin(first: number, second?: number): boolean {
    if (!this.end() || !this.#reserve(2)) return false;
    this.#gathered[this.#end] = first;
    this.#open = 1;
    if (second !== undefined) this.#gathered[this.#end + this.#open++] = second;
    return true;
  }

  /** Adds a fragment, as `add`. False when none was begun, or when the picture grows beyond its limits. */
  append(bytes: Buffer, from: number, to: number): boolean {
    return this.#open > 0 && this.#copy(bytes, from, to);
  }

  /** Ends the NAL unit that comes in fragments, if there is one. False when the picture grows beyond its limits. */
  end(): boolean {
    if (this.#open === 0) return true;
    const nal = this.#gathered.subarray(this.#end, this.#end + this.#open);
    this.#open = 0;
    // Where there is a start code, the camera has put a piece of its Annex B stream into RTP.
    if (!hasStartCode(nal)) return this.#keep(nal);
    // Each moves to the front, over start codes that are read already.
    return splitAnnexB(nal).every((part) => this.#keep(part));
  }

  /** Everything gathered so far; empty again afterwards. */
  take(): Gathered {
    const bytes = this.#end;
    const memory = this.#memory.lend(bytes);
    this.#gathered.copy(memory.bytes, 0, 0, bytes);
    const begins = this.#begins;
    const nals = begins.map((begin, index) => memory.bytes.subarray(begin, begins[index + 1] ?? bytes));
    const key = this.#key && this.isWhole;
    this.clear();
    return { nals, bytes, key, memory };
  }

  clear(): void {
    this.#begins = [];
    this.#end = 0;
    this.#open = 0;
    this.#firstSlice = "none";
    this.#key = false;
  }

  /** Makes room for so many bytes behind what is there. False when the picture would grow beyond its limits. */
  #reserve(bytes: number): boolean {
    const filled = this.#end + this.#open;
    const needed = filled + bytes;
    if (needed > this.#maxBytes) return false;
    if (needed <= this.#gathered.length) return true;
    const grown = Buffer.allocUnsafeSlow(Math.max(initialSize, needed, 2 * this.#gathered.length));
    this.#gathered.copy(grown, 0, 0, filled);
    this.#gathered = grown;
    return true;
  }

  #copy(bytes: Buffer, from: number, to: number): boolean {
    if (!this.#reserve(to - from)) return false;
    bytes.copy(this.#gathered, this.#end + this.#open, from, to);
    this.#open += to - from;
    return true;
  }

  /** @param nal a view of what was gathered, at `#end` or behind it */
  #keep(nal: Buffer): boolean {
    const role = this.#rules.roleOf(nal);
    if (role === "none") return true;
    if (this.#begins.length >= maxNals) return false;
    if (role !== "other" && this.#firstSlice === "none") {
      this.#firstSlice = this.#rules.startsPicture(nal) ? "first" : "later";
    }
    if (role === "key-slice") this.#key = true;
    const from = nal.byteOffset - this.#gathered.byteOffset;
    if (from > this.#end) this.#gathered.copyWithin(this.#end, from, from + nal.length);
    this.#begins.push(this.#end);
    this.#end += nal.length;
    return true;
  }
}
