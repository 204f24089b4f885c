import type { RelayLimits } from "./limits.ts";

export type LobbyLimits = Pick<RelayLimits, "handshakes" | "handshakesPerBlock" | "waiting" | "waitingPerBlock">;

interface Block<Guest> {
  readonly name: string;
  readonly waiting: Set<Guest>;
  underWay: number;
}

/**
 * Who comes faster than can be greeted waits here, unread. Those of one address block in the order in which they came; blocks take turns, so
 * whoever comes with thousands from one address delays the own ones alone.
 */
export class Lobby<Guest> {
  readonly #limits: LobbyLimits;
  readonly #begin: (guest: Guest) => void;
  readonly #blocks = new Map<string, Block<Guest>>();
  /** Blocks of which one more may begin, in the order of their turns. */
  readonly #turns = new Set<Block<Guest>>();
  readonly #guests = new Map<Guest, Block<Guest>>();
  #underWay = 0;

  /** @param begin takes up a guest, who leaves with `leave` */
  constructor(limits: LobbyLimits, begin: (guest: Guest) => void) {
    this.#limits = limits;
    this.#begin = begin;
  }

  get count(): { readonly waiting: number; readonly underWay: number } {
    return { waiting: this.#guests.size - this.#underWay, underWay: this.#underWay };
  }

  /** Whether there is room; who is told no has to go. */
  arrive(guest: Guest, name: string): boolean {
    const block = this.#blocks.get(name) ?? { name, waiting: new Set(), underWay: 0 };
    const { waiting, waitingPerBlock } = this.#limits;
    if (block.waiting.size >= waitingPerBlock || this.count.waiting >= waiting) return false;
    this.#blocks.set(name, block);
    this.#guests.set(guest, block);
    block.waiting.add(guest);
    this.#line(block);
    this.#next();
    return true;
  }

  /** The guest was greeted, or is gone. A second time does nothing. */
  leave(guest: Guest): void {
    const block = this.#guests.get(guest);
    if (block === undefined) return;
    this.#guests.delete(guest);
    if (!block.waiting.delete(guest)) {
      block.underWay -= 1;
      this.#underWay -= 1;
    }
    this.#line(block);
    if (block.waiting.size + block.underWay === 0) this.#blocks.delete(block.name);
    this.#next();
  }

  /** Notes whether one more of the block may begin. Its turn stays where it was. */
  #line(block: Block<Guest>): void {
    const may = block.waiting.size > 0 && block.underWay < this.#limits.handshakesPerBlock;
    if (may) this.#turns.add(block);
    else this.#turns.delete(block);
  }

  #next(): void {
    while (this.#underWay < this.#limits.handshakes) {
      const [block] = this.#turns;
      const [guest] = block?.waiting ?? [];
      if (block === undefined || guest === undefined) return;
      block.waiting.delete(guest);
      block.underWay += 1;
      this.#underWay += 1;
      this.#turns.delete(block);
      this.#line(block);
      this.#begin(guest);
    }
  }
}
