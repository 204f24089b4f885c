import { z } from "zod";

const Range = z.string().regex(/^(>=\d+\.\d+\.\d+ )?<\d+\.\d+\.\d+$/, "a range such as `>=1.2.0 <1.4.2` or `<1.4.2`");

/** A fault of a package that was made public. */
export const Advisory = z.strictObject({
  id: z.string().regex(/^(GHSA|CVE)-[\w-]{1,40}$/),
  package: z.string().min(1).max(214),
  /** The versions that have it: those in any of the ranges. */
  ranges: z.array(Range).min(1).max(16),
  severity: z.enum(["low", "moderate", "high", "critical"]),
  url: z.url({ protocol: /^https$/ }),
});
export type Advisory = z.infer<typeof Advisory>;

/** Advisories as they were known on a day: what is newer than the list is not in it. */
export const AdvisoryList = z.strictObject({
  format: z.literal(1),
  date: z.iso.date(),
  advisories: z.array(Advisory).max(10_000),
});
export type AdvisoryList = z.infer<typeof AdvisoryList>;

/** A package as npm has locked it. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
}

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      name: z.string().optional(),
      version: z.string().optional(),
      link: z.boolean().optional(),
      dev: z.boolean().optional(),
    }),
  ),
});

/**
 * The packages of a package-lock.json, without those that are for development only.
 * @returns undefined for what is no lock file
 */
export const lockedPackages = (lock: unknown): readonly LockedPackage[] | undefined => {
  const parsed = Lock.safeParse(lock);
  if (!parsed.success) return undefined;
  const marker = "node_modules/";
  return Object.entries(parsed.data.packages).flatMap(([path, { name, version, link, dev }]) => {
    const at = path.lastIndexOf(marker);
    if (at < 0 || version === undefined || link === true || dev === true) return [];
    return [{ name: name ?? path.slice(at + marker.length), version }];
  });
};

export interface AdvisoryMatch extends Advisory {
  readonly version: string;
}

/** Which of the packages have a fault of the list. */
export const matchAdvisories = (
  { advisories }: AdvisoryList,
  packages: readonly LockedPackage[],
): readonly AdvisoryMatch[] =>
  advisories.flatMap((advisory) =>
    packages
      .filter(({ name, version }) => name === advisory.package && advisory.ranges.some((range) => isIn(version, range)))
      .map(({ version }) => ({ ...advisory, version })),
  );

/** Whether a version lies in a range of this list's form. What is no version counts as in: better one match too many. */
const isIn = (version: string, range: string): boolean => {
  const [, low = "0.0.0", high = ""] = /^(?:>=(\S+) )?<(\S+)$/.exec(range) ?? [];
  const given = ordinal(version);
  return given === undefined || (compare(given, ordinal(low)) >= 0 && compare(given, ordinal(high)) < 0);
};

/** semver 2.0 11: the three numbers, then a pre-release before what it precedes. */
const ordinal = (version: string): readonly number[] | undefined => {
  const match = /^(\d+)\.(\d+)\.(\d+)(-[^+]+)?(\+.*)?$/.exec(version);
  return match === null
    ? undefined
    : [Number(match[1]), Number(match[2]), Number(match[3]), match[4] === undefined ? 1 : 0];
};

const compare = (a: readonly number[], b: readonly number[] = []): number => {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
};
