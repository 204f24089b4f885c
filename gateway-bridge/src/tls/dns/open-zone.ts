import { assertNever, type Clock, type Secret } from "@gatehouse/shared";

import { AcmeDnsZone } from "./acme-dns.ts";
import { CloudflareZone } from "./cloudflare.ts";
import { DesecZone } from "./desec.ts";
import type { DnsZone } from "./dns-zone.ts";

/** Where the name's records are kept, as configured. */
export type DnsPlace = { readonly settleSeconds?: number | undefined } & (
  | { readonly kind: "desec" | "cloudflare"; readonly domain: string; readonly api?: string | undefined }
  | { readonly kind: "acme-dns"; readonly api: string; readonly username: string; readonly subdomain: string }
);

export interface OpenZoneOptions {
  readonly token: Secret;
  /** PEM of the authorities that its server may have its certificate from; those of the box unless given. */
  readonly authorities?: readonly string[] | undefined;
  readonly clock: Clock;
}

/** The zone, reached with this token. */
export const openZone = (place: DnsPlace, options: OpenZoneOptions): DnsZone => {
  const zone = zoneOf(place, options);
  const { settleSeconds } = place;
  if (settleSeconds === undefined) return zone;
  return { settleMs: settleSeconds * 1_000, put: (...record) => zone.put(...record) };
};

const zoneOf = (place: DnsPlace, options: OpenZoneOptions): DnsZone => {
  switch (place.kind) {
    case "desec":
      return new DesecZone({ url: place.api ?? "https://desec.io/api/v1", ...options, domain: place.domain });
    case "cloudflare":
      return new CloudflareZone({
        url: place.api ?? "https://api.cloudflare.com/client/v4",
        ...options,
        domain: place.domain,
      });
    case "acme-dns":
      return new AcmeDnsZone({ url: place.api, ...options, username: place.username, subdomain: place.subdomain });
    default:
      return assertNever(place);
  }
};
