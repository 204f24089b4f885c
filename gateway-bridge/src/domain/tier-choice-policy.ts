import { GatehouseError, type Tier, type TierName } from "@gatehouse/shared";

import type { VideoCodec } from "./track.ts";

/** What is known of a viewer before it is given a picture. */
export interface ViewerWish {
  /** Pixels that it shows; what is left out is not cared about. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  /** What its link carries. */
  readonly maxBitrateKbps?: number | undefined;
  /** `remote`: it watches over the internet. */
  readonly place: "local" | "remote";
  readonly accepts: readonly VideoCodec[];
  /** The highest H.264 level that it surely decodes, times ten: 40 for HomeKit. */
  readonly maxLevel?: number | undefined;
  /** Whether the gateway can make a codec that it accepts out of another; default no. */
  readonly transcodes?: boolean | undefined;
}

/** What was seen of a tier while it ran. */
export interface MeasuredTier {
  readonly bitrateKbps?: number | undefined;
  /** H.264 level_idc: ten times the level. */
  readonly level?: number | undefined;
}

/** A phone away from home, and a mobile link that most have. */
const remoteWidth = 1_280;
const remoteKbps = 3_000;
/** Below this share of the viewer's width a picture is too coarse to be of use, whatever else speaks for it. */
const tooSmall = 0.5;

type Offer = Tier & { readonly codec: VideoCodec };
const isVideo = (tier: Tier): tier is Offer => tier.codec === "h264" || tier.codec === "h265";

/** How far a tier is below what the viewer shows: 1 and more covers it. */
const coverage = ({ width, height }: Tier, wish: Pick<ViewerWish, "width" | "height">): number =>
  Math.min(width / (wish.width ?? 1), height > 0 ? height / (wish.height ?? 1) : Number.POSITIVE_INFINITY);

/**
 * What speaks against a tier, weightiest first: more than the link carries, a codec that nobody can turn into one that the viewer
 * takes, far too small, a picture that must be transcoded or may not be decoded, too small, and at last its distance from the wish.
 */
const objections = (tier: Offer, wish: ViewerWish, measured: MeasuredTier): readonly number[] => {
  const { bitrateKbps = 0, level = 0 } = measured;
  const foreign = !wish.accepts.includes(tier.codec);
  const tooHigh = tier.codec === "h264" && level > (wish.maxLevel ?? Number.POSITIVE_INFINITY);
  const covers = coverage(tier, wish);
  const pixels = tier.width * Math.max(1, tier.height);
  return [
    bitrateKbps > (wish.maxBitrateKbps ?? Number.POSITIVE_INFINITY) ? bitrateKbps : 0,
    Number(foreign && wish.transcodes !== true),
    Number(covers < tooSmall),
    Number(foreign || tooHigh),
    Number(covers < 1),
    covers < 1 ? -pixels : pixels,
  ];
};

const compare = (a: readonly number[], b: readonly number[]): number => {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
};

/** What a viewer wants who says little: at home the whole picture, far from it one that gets through. */
const withDefaults = (wish: ViewerWish): ViewerWish => {
  if (wish.place === "local") return wish;
  const { maxBitrateKbps = remoteKbps } = wish;
  const sized = wish.width !== undefined || wish.height !== undefined;
  return { ...wish, maxBitrateKbps, width: sized ? wish.width : remoteWidth };
};

/**
 * The tier for a viewer: the smallest that covers what it shows, within what its link carries, and rather one that it decodes
 * as it is than one to transcode. Viewers that say nothing get the main tier, and so does everybody while the camera does not
 * tell its sizes.
 * @throws GatehouseError `camera-no-video` for a camera of still pictures
 */
export const chooseTier = (
  tiers: readonly Tier[],
  viewer: ViewerWish,
  measured: Partial<Record<TierName, MeasuredTier>> = {},
): TierName => {
  if (tiers.length > 0 && tiers.every(({ codec }) => codec === "jpeg")) throw stillsOnly();
  const wish = withDefaults(viewer);
  const sized = tiers.filter(isVideo).filter(({ width }) => width > 0);
  // Without any size in mind, larger is better: as if everything were too small.
  const anySize = wish.width === undefined && wish.height === undefined;
  const wanted = anySize ? { ...wish, width: Math.max(...sized.map(({ width }) => width)) } : wish;
  const ranked = sized
    .map((tier) => ({ name: tier.name, against: objections(tier, wanted, measured[tier.name] ?? {}) }))
    .toSorted((a, b) => compare(a.against, b.against));
  return ranked[0]?.name ?? "main";
};

const stillsOnly = (): GatehouseError =>
  new GatehouseError("camera-no-video", "This camera gives still pictures only.", {
    remedy: "Ask for its snapshots instead of a live view, or add it by its ONVIF or RTSP address if it has one.",
  });
