import type { Tier, TierName } from "@gatehouse/shared";

import type { MediaProfile } from "../protocols/onvif/media.ts";

/** A tier and the media profile that brings it. */
export interface ChosenTier {
  readonly tier: Tier;
  readonly profile: MediaProfile;
}

const names: readonly TierName[] = ["main", "sub", "third"];
/** A difference of size that is none: cameras list one picture size under several profiles. */
const pixels = ({ width, height }: Pick<Tier, "width" | "height">): number => width * height;

/** What every viewer takes comes first. */
const playableCodecs: readonly Tier["codec"][] = ["h264", "h265"];

/**
 * Which of a camera's profiles become its tiers: the largest picture first, each of its size once (in H.264 rather than H.265,
 * since that is what every viewer takes; then the one with more frames a second), and all of one lens.
 */
export const chooseTiers = (profiles: readonly MediaProfile[]): readonly ChosenTier[] => {
  const playable = profiles.filter(({ codec }) => playableCodecs.includes(codec));
  const rank = ({ codec }: MediaProfile): number => playableCodecs.indexOf(codec);
  const ranked = (playable.length > 0 ? playable : profiles).toSorted(
    (a, b) => pixels(b) - pixels(a) || rank(a) - rank(b) || b.fps - a.fps,
  );
  const lens = ranked[0]?.source;
  const seen = new Set<string>();
  return ranked
    .filter(({ source, width, height }) => {
      const size = `${width}x${height}`;
      if (source !== lens || seen.has(size)) return false;
      seen.add(size);
      return true;
    })
    .slice(0, names.length)
    .map((profile, index): ChosenTier => {
      const { codec, width, height, fps } = profile;
      return { tier: { name: names[index] ?? "third", codec, width, height, fps }, profile };
    });
};

/** Which tier's still picture serves a wish: the smallest that is not smaller than it, else the largest. */
export const tierForSize = (
  tiers: readonly Tier[],
  wish: { readonly width?: number | undefined; readonly height?: number | undefined },
): TierName => {
  const { width = 0, height = 0 } = wish;
  if (width === 0 && height === 0) return "main";
  const enough = tiers.filter((tier) => tier.width >= width && tier.height >= height && pixels(tier) > 0);
  return enough.toSorted((a, b) => pixels(a) - pixels(b))[0]?.name ?? "main";
};

/** Every tier that serves a wish, best first: the one for its size, then larger ones, which can be made smaller. */
export const tiersForSize = (
  tiers: readonly Tier[],
  wish: { readonly width?: number | undefined; readonly height?: number | undefined },
): readonly TierName[] => {
  const best = tierForSize(tiers, wish);
  const size = pixels(tiers.find(({ name }) => name === best) ?? { width: 0, height: 0 });
  const larger = tiers.filter((tier) => pixels(tier) > size && tier.name !== best);
  return [best, ...larger.toSorted((a, b) => pixels(a) - pixels(b)).map(({ name }) => name)];
};
