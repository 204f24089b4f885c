export interface CrowdLimits {
  /** Of all connections together. */
  readonly total: number;
  /** Of one address block, of connections that have proven nothing yet. */
  readonly strangersPerBlock: number;
}

/** How many there are now. */
export interface CrowdCount {
  readonly known: number;
  readonly strangers: number;
}

/**
 * The connections at a door: those that have proven who they are, and strangers. Where there is no room for one more, the stranger goes
 * that has waited longest, of the address block that most of them come from. So whoever floods the door ends connections of its
 * own, neither keeps others out, and nobody who is known ever makes room.
 */
export class Crowd<Connection extends object> {
  readonly #limits: CrowdLimits;
  readonly #isBusy: (connection: Connection) => boolean;
  readonly #known = new Set<Connection>();
  /** By address block; each block's in the order in which they came. */
  readonly #strangers = new Map<string, Set<Connection>>();
  readonly #blocks = new Map<Connection, string>();

  /** @param isBusy whether a stranger is just being answered; one that merely waits goes before it */
  constructor(limits: CrowdLimits, isBusy: (connection: Connection) => boolean = () => false) {
    this.#limits = limits;
    this.#isBusy = isBusy;
  }

  get count(): CrowdCount {
    return { known: this.#known.size, strangers: this.#blocks.size };
  }

  /** Takes one more in. Gives the one that must go for it, which is forgotten already: itself, where everybody else is known. */
  admit(connection: Connection, block: string): Connection | undefined {
    const { total, strangersPerBlock } = this.#limits;
    const own = this.#strangers.get(block) ?? new Set();
    this.#strangers.set(block, own.add(connection));
    this.#blocks.set(connection, block);
    const isFull = this.#known.size + this.#blocks.size > total;
    const crowded = own.size > strangersPerBlock ? own : isFull ? this.#largest() : undefined;
    if (crowded === undefined) return undefined;
    const leaving = this.#longestWaiting(crowded, connection);
    this.leave(leaving);
    return leaving;
  }

  /** It has shown who it is. */
  prove(connection: Connection): void {
    if (!this.#blocks.has(connection)) return;
    this.leave(connection);
    this.#known.add(connection);
  }

  /** It is closed. A second time does nothing. */
  leave(connection: Connection): void {
    this.#known.delete(connection);
    const block = this.#blocks.get(connection);
    if (block === undefined) return;
    this.#blocks.delete(connection);
    const own = this.#strangers.get(block);
    own?.delete(connection);
    // A block without anybody is forgotten, or addresses would gather here.
    if (own?.size === 0) this.#strangers.delete(block);
  }

  /** Of several, the one whose address has been here longest. */
  #largest(): Set<Connection> | undefined {
    let largest: Set<Connection> | undefined;
    for (const own of this.#strangers.values()) if (own.size > (largest?.size ?? 0)) largest = own;
    return largest;
  }

  /** Of those of one block; the newcomer only where there is nobody else. */
  #longestWaiting(own: ReadonlySet<Connection>, newcomer: Connection): Connection {
    let busy: Connection | undefined;
    for (const connection of own) {
      if (connection === newcomer) continue;
      if (!this.#isBusy(connection)) return connection;
      busy ??= connection;
    }
    return busy ?? newcomer;
  }
}
