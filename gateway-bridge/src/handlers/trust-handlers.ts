import { GatehouseError, Secret } from "@gatehouse/shared";

import type { Handlers } from "../api/handlers.ts";
import type { Door } from "../door.ts";
import { mobileConfig } from "../tls/trust-files.ts";

interface TrustParts extends Pick<Door, "certificates" | "identity"> {
  /** What the gateway calls itself. */
  readonly name: string;
  /** `host:port` at which others reach it. */
  readonly reachable: () => string;
}

type TrustRoutes = "trust" | "setDnsToken" | "trustPem" | "trustDer" | "trustProfile";

/** How browsers come to know the gateway. */
export const trustHandlers = ({
  certificates,
  identity,
  name,
  reachable,
}: TrustParts): Pick<Handlers, TrustRoutes> => ({
  trust: async () => ({ url: `https://${reachable()}/trust/ca.crt`, ...certificates.trust }),
  setDnsToken: async ({ body }) => {
    if (certificates.acme === undefined) {
      throw new GatehouseError("request-invalid", "the gateway seeks no certificate by ACME", {
        remedy: "Set `tls` to `acme` in the configuration first, and start the gateway again.",
      });
    }
    certificates.acme.setToken(Secret.of(body.token));
    return {};
  },
  trustPem: async () => ({
    contentType: "application/x-pem-file",
    name: `${identity.id}.pem`,
    chunks: whole(Buffer.from(certificates.authority.toString())),
  }),
  trustDer: async () => ({
    contentType: "application/x-x509-ca-cert",
    name: `${identity.id}.crt`,
    chunks: whole(certificates.authority.raw),
  }),
  trustProfile: async () => ({
    contentType: "application/x-apple-aspen-config",
    name: `${identity.id}.mobileconfig`,
    chunks: whole(Buffer.from(mobileConfig({ authority: certificates.authority, name, gateway: identity.id }))),
  }),
});

const whole = async function* (content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
};
