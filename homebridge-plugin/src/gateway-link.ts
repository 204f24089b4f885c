import { GatehouseError } from "@gatehouse/shared";

import type { Gateway } from "./gateway-port.ts";
import { howToPair } from "./identity.ts";

/** The plugin's way to its gateway, as the cameras see it: absent until paired, up or down afterwards. */
export class GatewayLink {
  #gateway: Gateway | undefined;
  #up = false;
  #sameHost = false;

  /** @param sameHost whether the gateway runs on this computer */
  open(gateway: Gateway, sameHost: boolean): void {
    this.#gateway = gateway;
    this.#sameHost = sameHost;
  }

  set up(up: boolean) {
    this.#up = up;
  }

  get up(): boolean {
    return this.#up;
  }

  get sameHost(): boolean {
    return this.#sameHost;
  }

  /**
   * The gateway, for a request now.
   * @throws GatehouseError `unauthenticated` before pairing; `gateway-unreachable` while its connection is down, so that
   * HomeKit gets its answer at once instead of waiting for a host that does not answer
   */
  get(): Gateway {
    if (this.#gateway === undefined) {
      throw new GatehouseError("unauthenticated", "this plugin is not paired with a gateway", { remedy: howToPair });
    }
    if (!this.#up) throw new GatehouseError("gateway-unreachable", "there is no connection to the gateway");
    return this.#gateway;
  }
}
