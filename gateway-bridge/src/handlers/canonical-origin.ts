import { originOf } from "../domain/authority.ts";
import { canonicalName } from "../domain/own-names-policy.ts";
import type { Door, GatewayOptions } from "../door.ts";

export interface OriginParts extends Pick<Door, "identity">, Pick<GatewayOptions, "config"> {
  /** `host:port` at which others reach the gateway. */
  readonly reachable: () => string;
}

/** The gateway's own page under its own name: `https://name:port`. */
export const canonicalOrigin = ({ identity, config: { web }, reachable }: OriginParts): string => {
  const { port } = new URL(`https://${reachable()}`);
  const host = canonicalName({ gateway: identity.id, web });
  return originOf({ kind: "name", host, port: port === "" ? 443 : Number(port) });
};
