import { CameraId, TierName } from "@gatehouse/shared";

/** What a request's URL names. */
export interface Target {
  readonly camera: CameraId;
  /** Undefined where the URL leaves it open: the main one. */
  readonly tier: TierName | undefined;
  /** Of `trackID=`; undefined for the whole stream. */
  readonly track: number | undefined;
}

/**
 * Reads `/CAMERA`, `/CAMERA/TIER` and either with `/trackID=N`, whatever host and query stand around it. Undefined for anything
 * else.
 */
export const parseTarget = (uri: string): Target | undefined => {
  if (uri.length > 512) return undefined;
  const path = uri.replace(/^rtsps?:\/\/[^/]*/i, "").replace(/\?[^/]*$/, "");
  const [, id, tierText, digits] = /^\/([a-z0-9-]+)(?:\/([a-z]+))?(?:\/trackID=(\d))?\/?$/.exec(path) ?? [];
  const camera = CameraId.safeParse(id);
  const tier = TierName.optional().safeParse(tierText);
  if (!camera.success || !tier.success) return undefined;
  return { camera: camera.data, tier: tier.data, track: digits === undefined ? undefined : Number(digits) };
};
