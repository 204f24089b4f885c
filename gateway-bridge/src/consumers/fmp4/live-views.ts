import { matchesFilter, type SessionFilter, type SessionOwner } from "../../domain/session-filter.ts";
import type { Hold, Holder } from "../../ports.ts";
import { Fmp4View, type LiveFmp4Options } from "./fmp4-view.ts";

export interface LiveViewOptions extends Omit<LiveFmp4Options, "onGone"> {
  readonly owner: SessionOwner;
}

/** The live views over WebSockets that are open. */
export class LiveViews implements Holder {
  readonly #views = new Map<Fmp4View, SessionOwner>();

  get count(): number {
    return this.#views.size;
  }

  /** Opens one, which tells its viewer by itself what it fails with. Never throws. */
  open({ owner, ...options }: LiveViewOptions): void {
    const onGone = (): void => void this.#views.delete(view);
    const view: Fmp4View = Fmp4View.open({ ...options, onGone });
    this.#views.set(view, owner);
  }

  holds(): readonly Hold[] {
    return [...this.#views.values()].map((owner) => ({ ...owner, action: "live" }));
  }

  endAll(of: SessionFilter, why: string): void {
    for (const [view, owner] of [...this.#views]) if (matchesFilter(of, owner)) view.cut(why);
  }
}
