import type { CameraIdentity } from "../probe/probed-camera.ts";
import type { AffectedRange, FirmwareAdvisory, FirmwareRules, SupportRule } from "./firmware-rules.ts";
import { compareFirmware, parseFirmware, type FirmwareVersion } from "./firmware-version-policy.ts";

/** What a rule says about one camera: `undecidable` where its firmware's name does not tell what the rule goes by. */
export type RuleVerdict = "affected" | "clear" | "undecidable";

export interface AdvisoryVerdict {
  readonly advisory: FirmwareAdvisory;
  readonly verdict: RuleVerdict;
}

/** Every advisory about this camera's model, and whether its firmware has the fault. */
export const judgeAdvisories = (
  identity: CameraIdentity,
  { advisories }: FirmwareRules,
): readonly AdvisoryVerdict[] => {
  const firmware = parseFirmware(identity.firmware, identity.vendor);
  return advisories
    .filter((advisory) => concerns(advisory, identity))
    .map((advisory) => ({ advisory, verdict: judge(advisory.affected, firmware) }));
};

/** The longest that a camera may go without newer firmware: two years, as 365.25 days each. */
export const oldestFirmwareMs = 730.5 * 86_400_000;

export type AgeVerdict =
  | { readonly kind: "old"; readonly builtAt: number }
  | { readonly kind: "unsupported"; readonly rule: SupportRule }
  | { readonly kind: "young"; readonly builtAt: number }
  | { readonly kind: "supported"; readonly rule: SupportRule }
  | { readonly kind: "undecidable" };

/**
 * Whether the firmware is still of this time: by the day that it was built on, else by what its maker still mends.
 * @param at `builtAt` where the camera tells it elsewhere than in the firmware's name
 */
export const judgeAge = (
  identity: CameraIdentity,
  { support }: FirmwareRules,
  at: { readonly now: number; readonly builtAt?: number | undefined },
): AgeVerdict => {
  const firmware = parseFirmware(identity.firmware, identity.vendor);
  const judged = support
    .filter((rule) => concerns(rule, identity))
    .map((rule) => ({ rule, verdict: judgeSupport(rule, firmware) }));
  const ended = judged.find(({ verdict }) => verdict === "affected");
  if (ended !== undefined) return { kind: "unsupported", rule: ended.rule };
  const builtAt = at.builtAt ?? firmware.builtAt;
  if (builtAt !== undefined) return { kind: at.now - builtAt > oldestFirmwareMs ? "old" : "young", builtAt };
  const going = judged.find(({ verdict }) => verdict === "clear");
  return going === undefined ? { kind: "undecidable" } : { kind: "supported", rule: going.rule };
};

const judgeSupport = ({ oldest }: SupportRule, firmware: FirmwareVersion): RuleVerdict =>
  oldest === null ? "affected" : judgeRange({ before: oldest }, firmware);

const judge = (ranges: readonly AffectedRange[], firmware: FirmwareVersion): RuleVerdict => {
  const verdicts = ranges.map((range) => judgeRange(range, firmware));
  return (["affected", "undecidable"] as const).find((verdict) => verdicts.includes(verdict)) ?? "clear";
};

const judgeRange = (range: AffectedRange, { numbers, builtAt }: FirmwareVersion): RuleVerdict => {
  if ("all" in range) return "affected";
  if ("before" in range) {
    if (numbers === undefined) return "undecidable";
    const { from = "0", before } = range;
    return inside(compareFirmware(numbers, split(from)) >= 0 && compareFirmware(numbers, split(before)) < 0);
  }
  if (builtAt === undefined) return "undecidable";
  const { builtFrom = "1970-01-01", builtBefore } = range;
  return inside(builtAt >= Date.parse(builtFrom) && builtAt < Date.parse(builtBefore));
};

const inside = (affected: boolean): RuleVerdict => (affected ? "affected" : "clear");
const split = (version: string): readonly number[] => version.split(".").map(Number);

/** Whether a rule is about such a camera: its maker and its model, both. */
const concerns = (
  { makers, models }: Pick<FirmwareAdvisory, "makers" | "models">,
  identity: Pick<CameraIdentity, "vendor" | "manufacturer" | "model">,
): boolean => {
  const manufacturer = ` ${words(identity.manufacturer)} `;
  return (
    makers.some((maker) => maker === identity.vendor || manufacturer.includes(` ${words(maker)} `)) &&
    models.some((pattern) => isModel(pattern, identity.model))
  );
};

const words = (text: string): string => text.toLowerCase().replace(/[^a-z\d]+/g, " ").trim(); // prettier-ignore

/** @param pattern see ModelPattern */
export const isModel = (pattern: string, model: string): boolean => {
  const source = pattern.replace(/[^\w ]/g, (sign) => wildcards[sign] ?? RegExp.escape(sign));
  return new RegExp(`^${source}$`, "i").test(model.trim().slice(0, 128));
};
const wildcards: Readonly<Record<string, string>> = { "*": ".*", "#": "\\d", "@": "[A-Z]{1,8}" };
