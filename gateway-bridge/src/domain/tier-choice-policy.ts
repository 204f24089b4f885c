import type { Tier, TierName } from "@gatehouse/shared";

/**
 * The tier for a viewer that shows `width` pixels: the smallest H.264 one that is at least as wide, else the widest. Viewers that
 * do not say get the main tier, and so does everybody while the camera does not tell its sizes.
 */
export const chooseTier = (tiers: readonly Tier[], width: number | undefined): TierName => {
  const usable = tiers.filter((tier) => tier.codec === "h264" && tier.width > 0).sort((a, b) => a.width - b.width);
  if (width === undefined) return "main";
  return (usable.find((tier) => tier.width >= width) ?? usable.at(-1))?.name ?? "main";
};
