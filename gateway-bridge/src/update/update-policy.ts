import type { ErrorCode } from "@gatehouse/shared";

import type { Manifest, ReleaseFile } from "./manifest.ts";
import { compareVersions, type ReleaseVersion } from "./release-version.ts";

/** What is known when a release is judged. */
export interface UpdateSituation {
  readonly manifest: Manifest;
  readonly installed: ReleaseVersion;
  /** The newest release that a trusted manifest was ever seen of. */
  readonly newest: { readonly version: ReleaseVersion; readonly released: number } | null;
  /** The release that was taken back here. */
  readonly failed: ReleaseVersion | null;
  /** The owner wants that one tried again. */
  readonly again: boolean;
  readonly platform: string;
  readonly now: number;
}

export type UpdateVerdict =
  | { readonly kind: "install"; readonly file: ReleaseFile }
  | { readonly kind: "current" }
  | { readonly kind: "refuse"; readonly code: ErrorCode; readonly why: string };

/** Clocks of two boxes may differ by this much. */
const clockTolerance = 86_400_000;

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
const untrusted = (why: string): UpdateVerdict => ({ kind: "refuse", code: "update-untrusted", why });
const unsuitable = (why: string): UpdateVerdict => ({ kind: "refuse", code: "update-unsuitable", why });

/** Whether a release, whose manifest is authentic, is to be installed. */
export const judgeUpdate = (situation: UpdateSituation): UpdateVerdict => {
  const { manifest, installed } = situation;
  const old = judgeAge(situation);
  if (old !== undefined) return old;
  const order = compareVersions(manifest.version, installed);
  if (order < 0) return untrusted(`The source offers version ${manifest.version}, but ${installed} is installed.`);
  return order === 0 ? { kind: "current" } : judgeFit(situation);
};

/** Whether somebody shows an old manifest, to keep the gateway from a newer one or to bring it back. */
const judgeAge = ({ manifest, newest, now }: UpdateSituation): UpdateVerdict | undefined => {
  const { version, released, expires } = manifest;
  if (expires <= now)
    return untrusted(
      `The manifest counted until ${day(expires)}. Either the source is stale, or this box's clock is wrong.`,
    );
  if (released > now + clockTolerance)
    return untrusted(`The manifest was made on ${day(released)}, after today. This box's clock is probably wrong.`);
  if (newest === null) return undefined;
  if (compareVersions(version, newest.version) < 0 || released < newest.released)
    return untrusted(`The source offers version ${version} again, after ${newest.version} was seen there.`);
  return undefined;
};

const judgeFit = ({ manifest, installed, failed, again, platform, now }: UpdateSituation): UpdateVerdict => {
  const { version, minimumVersion, supportedUntil, files } = manifest;
  const file = files.find((one) => one.platform === platform);
  if (file === undefined) return unsuitable(`Version ${version} was not made for ${platform}.`);
  if (compareVersions(installed, minimumVersion) < 0)
    return unsuitable(`Version ${version} can only follow ${minimumVersion} or newer; ${installed} is installed.`);
  if (supportedUntil <= now) return unsuitable(`The support of version ${version} ended on ${day(supportedUntil)}.`);
  if (failed === version && !again) return unsuitable(`Version ${version} was tried on this box and taken back.`);
  return { kind: "install", file };
};
