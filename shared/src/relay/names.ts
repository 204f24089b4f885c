import { z } from "zod";

import { SpkiPin } from "../contract/ids.ts";

/**
 * What a relay knows a gateway by: `gr-` and 80 bits of the hash of the tunnel key that it was enrolled with. It is another id than the one
 * that the gateway shows at home, so nobody who sees both networks can tell that they are one house.
 */
export const TunnelId = z
  .string()
  .regex(/^gr-[a-z2-7]{16}$/, "an id such as gr-abcdefghijklmnop")
  .meta({ examples: ["gr-abcdefghijklmnop"] })
  .brand("TunnelId");
export type TunnelId = z.infer<typeof TunnelId>;

/** A device that a person takes along. */
export const DeviceId = z
  .string()
  .regex(/^dev-[a-z2-7]{16}$/, "an id such as dev-abcdefghijklmnop")
  .meta({ examples: ["dev-abcdefghijklmnop"] })
  .brand("DeviceId");
export type DeviceId = z.infer<typeof DeviceId>;

/** What a relay calls itself: part of what devices sign, so it has no separator in it. */
export const RelayName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/, "a name such as relay.example.org");
export type RelayName = z.infer<typeof RelayName>;

/** A device's key as the relay knows it: SHA-256 of its SPKI, base64url. */
export const Thumbprint = SpkiPin;
export type Thumbprint = z.infer<typeof Thumbprint>;

/** Who comes to a relay says by ALPN what it comes for. RFC 7301 */
export const relayProtocols = {
  /** A gateway with a relay's invite. */
  enrol: "gatehouse-enrol/1",
  /** An enrolled gateway: HTTP/2, served by the side that dialled. */
  tunnel: "gatehouse-tunnel/1",
  /** One more connection of an enrolled gateway, which carries one channel. */
  data: "gatehouse-data/1",
  /** A device that wants to go through. */
  device: "gatehouse-device/1",
} as const;
export type RelayProtocol = (typeof relayProtocols)[keyof typeof relayProtocols];

/** Spoken between a device and its gateway, inside the channel. */
export const innerProtocol = "gatehouse/1";
