import { z } from "zod";

/** `major.minor.patch`, and nothing else: releases have no other forms. */
export const ReleaseVersion = z.string().regex(/^(0|[1-9]\d{0,4})(\.(0|[1-9]\d{0,4})){2}$/, "a version such as 1.2.3");
export type ReleaseVersion = z.infer<typeof ReleaseVersion>;

/** Below 0 where `a` is older than `b`, above where it is newer. */
export const compareVersions = (a: ReleaseVersion, b: ReleaseVersion): number => {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
};
