import type { RelayLimits } from "../../server/limits.ts";

/** A relay of a few thousand gateways needs no more; beyond, a limit holds nobody back. */
const widest: RelayLimits = {
  handshakes: 512,
  handshakesPerBlock: 64,
  waiting: 32_768,
  waitingPerBlock: 1_024,
  strangers: 8_192,
  strangersPerBlock: 256,
  channels: 16_384,
  channelsPerGateway: 1_024,
  channelsPerDevice: 128,
  channelsPerBlock: 2_048,
  bytesPerSecond: 1_250_000_000,
};

/** A share that is as large as the whole is no share: one address could take all. */
const shares = [
  ["handshakesPerBlock", "handshakes"],
  ["waitingPerBlock", "waiting"],
  ["strangersPerBlock", "strangers"],
  ["channelsPerGateway", "channels"],
  ["channelsPerDevice", "channelsPerGateway"],
  ["channelsPerBlock", "channels"],
] as const satisfies readonly (readonly [keyof RelayLimits, keyof RelayLimits])[];

/** What is wrong with a limit: beyond `most`, or no smaller than the whole that it is a share of. */
export type WideLimit =
  | { readonly kind: "wide"; readonly name: keyof RelayLimits; readonly given: number; readonly most: number }
  | {
      readonly kind: "share";
      readonly name: keyof RelayLimits;
      readonly given: number;
      readonly whole: keyof RelayLimits;
    };

export const wideLimits = (limits: RelayLimits): readonly WideLimit[] => [
  ...(Object.keys(widest) as (keyof RelayLimits)[])
    .filter((name) => limits[name] > widest[name])
    .map((name) => ({ kind: "wide" as const, name, given: limits[name], most: widest[name] })),
  ...shares
    .filter(([name, whole]) => limits[name] >= limits[whole])
    .map(([name, whole]) => ({ kind: "share" as const, name, given: limits[name], whole })),
];
