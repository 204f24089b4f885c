import type { Clock } from "@gatehouse/shared";
import { silentLogger, systemClock } from "@gatehouse/shared";

import type { GatewayIdentity } from "../../access/gateway-identity.ts";
import { ownNames } from "../../domain/own-names-policy.ts";
import type { SecretStore } from "../../ports.ts";
import { HomeAuthority } from "../home-authority.ts";

export interface HomeOptions {
  readonly identity: GatewayIdentity;
  readonly secrets: SecretStore;
  readonly clock?: Clock;
  /** The owner's name for the gateway. */
  readonly name?: string;
  readonly addresses?: () => readonly string[];
}

/** The home's authority over a gateway that is on loopback alone. */
export const openHome = ({ identity, secrets, clock = systemClock, name, addresses }: HomeOptions): HomeAuthority =>
  HomeAuthority.open({
    gateway: identity.id,
    keys: identity.keys,
    names: ownNames({ gateway: identity.id, web: { hosts: [], name } }),
    addresses: addresses ?? (() => ["127.0.0.1", "::1"]),
    secrets,
    clock,
    log: silentLogger,
  });
