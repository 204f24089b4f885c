import type { Cancellable, Clock, Logger } from "@gatehouse/shared";

import { openRelayStore, type RelayStore } from "./relay-store.ts";
import type { RelayConfig } from "./relay/relay-config.ts";
import { GatewayBook } from "./relay/server/gateway-book.ts";
import { RelayKeys } from "./relay/server/relay-keys.ts";
import { Relay } from "./relay/server/relay.ts";
import type { AskPassphrase } from "./vault/root-key.ts";

export interface RelayNodeOptions {
  /** The folder with everything that outlives the process. */
  readonly data: string;
  readonly config: RelayConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** Asked where a passphrase protects the vault. */
  readonly passphrase?: AskPassphrase | undefined;
}

/** A running relay with what it keeps: everything is built and wired here, and taken down in reverse. */
export class RelayNode implements AsyncDisposable {
  readonly store: RelayStore;
  readonly keys: RelayKeys;
  readonly gateways: GatewayBook;
  readonly relay: Relay;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    parts: Pick<RelayNode, "store" | "keys" | "gateways" | "relay">,
    resources: AsyncDisposableStack,
  ) {
    ({ store: this.store, keys: this.keys, gateways: this.gateways, relay: this.relay } = parts);
    this.#resources = resources;
  }

  /** @throws GatehouseError `gateway-running`, `address-in-use`, those of the store, or the signal's reason */
  static async open(options: RelayNodeOptions, cancel: Cancellable): Promise<RelayNode> {
    const { config, clock, log } = options;
    const { name, listen, limits } = config;
    await using opening = new AsyncDisposableStack();
    const store = await openRelayStore(options, opening, cancel);
    const { database, vault: secrets, audit } = store;
    const keys = RelayKeys.open({ name, database, secrets, clock });
    const gateways = GatewayBook.open({ database, clock, audit });
    const relay = opening.use(await Relay.open({ listen, name, keys, gateways, limits, clock, log }, cancel));
    return new RelayNode({ store, keys, gateways, relay }, opening.move());
  }

  /** `host:port` that it listens on. */
  get address(): string {
    return this.relay.address;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}
