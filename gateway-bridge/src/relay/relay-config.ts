import { parseAddress, RelayName } from "@gatehouse/shared";
import { z } from "zod";

import { defaultLimits, type GatewayLimits, type RelayLimits } from "./server/limits.ts";

const count = (name: keyof RelayLimits, most: number, least = 1) =>
  z.int().min(least).max(most).default(defaultLimits[name]);

/** What it gives to anybody at most; server/limits.ts says what each is. */
const Limits = z.strictObject({
  handshakes: count("handshakes", 4_096),
  handshakesPerBlock: count("handshakesPerBlock", 4_096),
  waiting: count("waiting", 65_536),
  waitingPerBlock: count("waitingPerBlock", 65_536),
  strangers: count("strangers", 65_536),
  strangersPerBlock: count("strangersPerBlock", 65_536),
  channels: count("channels", 65_536),
  channelsPerGateway: count("channelsPerGateway", 4_096),
  channelsPerDevice: count("channelsPerDevice", 4_096),
  channelsPerBlock: count("channelsPerBlock", 65_536),
  bytesPerSecond: count("bytesPerSecond", 100_000_000_000, 10_000),
}) satisfies z.ZodType<RelayLimits>;

/** What one gateway is given instead of what holds for all. */
export const OwnLimits = z.strictObject({
  channelsPerGateway: z.int().min(1).max(4_096).optional(),
  channelsPerDevice: z.int().min(1).max(4_096).optional(),
  bytesPerSecond: z.int().min(10_000).max(100_000_000_000).optional(),
}) satisfies z.ZodType<GatewayLimits>;

const Port = z.int().min(0).max(65_535);

/** `relay.json` in the relay's data folder. A key that is not here is an error. Never a secret. */
export const RelayConfig = z.strictObject({
  /** Part of what devices sign: whoever changes it pairs every gateway anew. */
  name: RelayName,
  listen: z
    .strictObject({ host: z.union([z.ipv4(), z.ipv6()]).default("127.0.0.1"), port: Port.default(8_444) })
    .prefault({}),
  /** `host:port` by which gateways and devices find it, as invites tell. Null: where it listens, which is for trying out. */
  public: z
    .string()
    .refine((text) => parseAddress(text) !== undefined, "an address such as relay.example.org:8444")
    .nullable()
    .default(null),
  /** Prometheus' figures, on loopback alone and for a token; null for none. */
  metrics: z.strictObject({ port: Port.nullable().default(null) }).prefault({}),
  limits: Limits.prefault({}),
});
export type RelayConfig = z.infer<typeof RelayConfig>;

/** Whether it stands for every address of a box, so that nobody can be told to come to it: `0.0.0.0`, `::`. */
export const isEveryAddress = (host: string): boolean => /^[0:.]+$/.test(host);
