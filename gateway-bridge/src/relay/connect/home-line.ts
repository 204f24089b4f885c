import {
  goHome,
  toGatehouseError,
  type Cancellable,
  type Clock,
  type Errand,
  type GatehouseError,
  type Way,
} from "@gatehouse/shared";
import type { TLSSocket } from "node:tls";

import type { KeptIdentity } from "./kept-identity.ts";

/** How the way home fares, by the newest try. */
export type LineState = { readonly kind: "up" } | { readonly kind: "down"; readonly error: GatehouseError };

export interface HomeLineOptions {
  readonly kept: Pick<KeptIdentity, "identity">;
  readonly clock: Clock;
  /** Called where it changes: it went down, came up, or is down for another reason. */
  readonly onState: (state: LineState) => void;
}

/** Opens connections home, each through a channel of its own. */
export class HomeLine {
  readonly #options: HomeLineOptions;
  #state = "";

  constructor(options: HomeLineOptions) {
    this.#options = options;
  }

  /** @throws GatehouseError as `goHome` does */
  async open(asked: { readonly errand: Errand; readonly way: Way }, cancel: Cancellable): Promise<TLSSocket> {
    const { kept, clock } = this.#options;
    const { identity } = kept;
    try {
      const socket = await goHome({ identity, wayHome: identity.wayHome, clock, ...asked }, cancel);
      this.#note({ kind: "up" });
      return socket;
    } catch (cause) {
      const error = toGatehouseError(cause, "relay-unreachable");
      if (!cancel.signal.aborted) this.#note({ kind: "down", error });
      throw error;
    }
  }

  #note(state: LineState): void {
    const now = state.kind === "up" ? "up" : state.error.code;
    if (now === this.#state) return;
    this.#state = now;
    this.#options.onState(state);
  }
}
