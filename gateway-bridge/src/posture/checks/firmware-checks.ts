import { passed, unknown, type CameraCheck, type CheckFacts, type Outcome } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import type { CameraIdentity } from "../probe/probed-camera.ts";
import type { FirmwareAdvisory } from "../rules/firmware-rules.ts";
import { judgeAdvisories } from "../rules/firmware-match-policy.ts";
import type { RuleSource } from "../rules/rules-in-force.ts";

/** A check that fails where an advisory of the wanted kind is about this camera's model and firmware. Nothing is sent to the camera. */
export const advisoryCheck = (
  facts: CheckFacts,
  { rules, counts }: { readonly rules: RuleSource; readonly counts: (advisory: FirmwareAdvisory) => boolean },
): CameraCheck => ({
  ...facts,
  scope: "camera",
  guide: (camera) => guideFor(facts.id, camera),
  look: async ({ identity }) => judge(identity, rules, counts),
});

const judge = (
  identity: CameraIdentity,
  rules: RuleSource,
  counts: (advisory: FirmwareAdvisory) => boolean,
): Outcome => {
  if (identity.model === "" || identity.firmware === "")
    return unknown("The camera does not tell its model and firmware.");
  const about = judgeAdvisories(identity, rules.current).filter(({ advisory }) => counts(advisory));
  const affecting = about.filter(({ verdict }) => verdict === "affected").map(({ advisory }) => advisory);
  if (affecting.length > 0)
    return { kind: "failed", evidence: evidenceOf(identity, affecting), severity: worst(affecting) };
  const undecided = about.filter(({ verdict }) => verdict === "undecidable").map(({ advisory }) => advisory.id);
  if (undecided.length > 0)
    return unknown(`Its firmware's name does not tell whether it has ${[...new Set(undecided)].join(", ")}.`);
  const day = new Date(rules.current.issued).toISOString().slice(0, 10);
  return passed(
    `Nothing is known against ${identity.model} with firmware ${identity.firmware}, by the rules of ${day}.`,
  );
};

/** As many as a finding holds, the first line apart. */
const mostNamed = 16;

const evidenceOf = (
  { model, firmware }: CameraIdentity,
  advisories: readonly FirmwareAdvisory[],
): readonly string[] => {
  const byId = new Map(advisories.map((advisory) => [advisory.id, advisory]));
  const named = [...byId.values()].slice(0, mostNamed).map(({ id, effect, sources: [source = ""], confidence }) => {
    const doubt =
      confidence === "unverified" ? " Which firmware mends it was not compared with the maker's own list." : "";
    return `${id}: ${effect} ${source}${doubt}`;
  });
  return [`It is a ${model} with firmware ${firmware}.`, ...named];
};

const worst = (advisories: readonly FirmwareAdvisory[]): FirmwareAdvisory["severity"] =>
  (["critical", "high", "medium"] as const).find((severity) =>
    advisories.some((advisory) => advisory.severity === severity),
  ) ?? "low";
