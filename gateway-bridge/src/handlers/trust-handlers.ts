import type { Handlers } from "../api/handlers.ts";
import type { Door } from "../door.ts";
import { mobileConfig } from "../tls/trust-files.ts";

interface TrustParts extends Pick<Door, "certificates" | "identity"> {
  /** What the gateway calls itself. */
  readonly name: string;
  /** `host:port` at which others reach it. */
  readonly reachable: () => string;
}

type TrustRoutes = "trust" | "trustPem" | "trustDer" | "trustProfile";

/** How browsers come to know the gateway. */
export const trustHandlers = ({
  certificates,
  identity,
  name,
  reachable,
}: TrustParts): Pick<Handlers, TrustRoutes> => ({
  trust: async () => ({ url: `https://${reachable()}/trust/ca.crt`, ...certificates.trust }),
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
