/** A way to a still picture: the camera's own, the newest key picture in memory, or the next that arrives. */
export type SnapshotWay = "own" | "memory" | "next";

export interface SnapshotFacts {
  /** A picture of this very moment is wanted. */
  readonly fresh: boolean;
  /** Since the last picture was taken, in ms; undefined where none is kept. */
  readonly takenAgoMs: number | undefined;
  /** What the camera has of its own: nothing, something that works, or something that failed lately. */
  readonly own: "none" | "works" | "failing";
  /** How long each way took the last time, in ms; undefined while unknown. */
  readonly ownMs: number | undefined;
  readonly decodeMs: number | undefined;
  readonly decodable: boolean;
  /** Of the newest key picture in memory, in ms; undefined where the stream is not live. */
  readonly keyAgeMs: number | undefined;
}

export type SnapshotPlan =
  /** The last picture serves. */
  | { readonly kind: "taken" }
  /** Ways to try, best first; none where there is none. */
  | { readonly kind: "take"; readonly ways: readonly SnapshotWay[] };

/** How old a picture may be to serve another asker. */
export const sharedForMs = 2_000;
/** Most cameras send a key picture every few seconds; one older than this is no picture of now. */
export const recentKeyMs = 10_000;

const liveOrder = ({ own, ownMs, decodeMs, keyAgeMs }: SnapshotFacts): readonly SnapshotWay[] => {
  const recent = keyAgeMs !== undefined && keyAgeMs <= recentKeyMs;
  if (!recent) return own === "works" ? ["own", "next", "memory"] : ["next", "own", "memory"];
  const ownIsQuicker = ownMs === undefined || decodeMs === undefined || ownMs <= decodeMs;
  return own === "works" && ownIsQuicker ? ["own", "memory"] : ["memory", "own", "next"];
};

/**
 * How a still picture is had: the last one while it is young, unless a fresh one is wanted; else the camera's own where it
 * has one that works and is quicker; else the key picture in memory; else the next one. Where one way fails, the next serves.
 */
export const planSnapshot = (facts: SnapshotFacts): SnapshotPlan => {
  const { fresh, takenAgoMs, own, decodable, keyAgeMs } = facts;
  if (!fresh && takenAgoMs !== undefined && takenAgoMs <= sharedForMs) return { kind: "taken" };
  const freshOrder: readonly SnapshotWay[] = own === "failing" ? ["next", "own"] : ["own", "next"];
  const possible: Readonly<Record<SnapshotWay, boolean>> = {
    own: own !== "none",
    memory: decodable && keyAgeMs !== undefined,
    next: decodable,
  };
  return { kind: "take", ways: (fresh ? freshOrder : liveOrder(facts)).filter((way) => possible[way]) };
};

/** Widths that pictures are scaled to: a few, so that askers of nearly the same size share. */
const widths = [160, 320, 480, 640, 960, 1_280, 1_920, 2_560];

/**
 * The width to scale a picture to for a wish; undefined for all of it.
 * @param tierWidth of the whole picture; 0 where it is not known
 */
export const snapshotWidth = (
  { width, height }: { readonly width?: number | undefined; readonly height?: number | undefined },
  tierWidth: number,
): number | undefined => {
  if (width === undefined && height === undefined) return undefined;
  // A picture is hardly ever wider than 16:9 tells.
  const wanted = Math.max(width ?? 0, Math.ceil(((height ?? 0) * 16) / 9));
  const scaled = widths.find((candidate) => candidate >= wanted);
  return scaled !== undefined && (tierWidth === 0 || scaled < tierWidth) ? scaled : undefined;
};
