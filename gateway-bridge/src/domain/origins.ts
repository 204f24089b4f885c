import { addressBlock } from "./address-block.ts";

/** Blocks that are told apart; what comes from more is counted together. */
export const namedOrigins = 8;

/** From where something came, and how often, in so few words that a flood from everywhere fills nothing. */
export class Origins {
  readonly #counts = new Map<string, number>();
  #elsewhere = 0;

  /** @param peer an address */
  add(peer: string): void {
    const block = addressBlock(peer);
    const count = this.#counts.get(block);
    if (count !== undefined || this.#counts.size < namedOrigins) this.#counts.set(block, (count ?? 0) + 1);
    else this.#elsewhere += 1;
  }

  /** `; from 192.0.2.7 (12), 192.0.2.9 (1), elsewhere (3)`, to end a sentence with; nothing where nothing was counted. */
  get text(): string {
    const named = [...this.#counts].map(([block, count]) => `${block} (${count})`);
    const all = this.#elsewhere === 0 ? named : [...named, `elsewhere (${this.#elsewhere})`];
    return all.length === 0 ? "" : `; from ${all.join(", ")}`;
  }

  /** Counts from here on anew. */
  clear(): void {
    this.#counts.clear();
    this.#elsewhere = 0;
  }
}
