import type { Check, Finding } from "../check.ts";

/** A list that is older is about the faults of another time. */
const longestAge = 180 * 86_400_000;

export const versionsCheck: Check = {
  name: "versions",
  about: "known faults of what it runs",
  look: async ({ faults, clock }) => {
    const known = await faults();
    if (known === undefined)
      return { skipped: "it was not installed from a release, which has a list of known faults" };
    const { asOf, found } = known;
    const findings: Finding[] = found.map(({ id, package: name, version, severity, url }) => ({
      code: "version-faulty",
      what: `${name} ${version} has a known fault (${severity}): ${id}.`,
      why: `What it can do is told at ${url}.`,
      remedy: "Install the newest release of Gatehouse.",
    }));
    const age = asOf === null ? Infinity : clock.now() - Date.parse(asOf);
    if (age <= longestAge) return findings;
    const old: Finding = {
      code: "advisories-old",
      what: asOf === null ? "The release has no list of known faults." : `The list of known faults is of ${asOf}.`,
      why: "Faults that were found since are not on it.",
      remedy: "Install the newest release of Gatehouse.",
    };
    return [...findings, old];
  },
};
