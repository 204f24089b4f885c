import { z } from "zod";

/** Numbers between dots: `5.4.0`. */
const Version = z.string().regex(/^\d{1,10}(\.\d{1,10}){0,5}$/, "a version such as 5.4.0");

/**
 * What is affected: `from` on and `before`, by version or by the day that the firmware was built on. `all` where no fixed firmware exists. Of what a camera's
 * firmware does not tell nothing is assumed: without a version, a range of versions judges nobody.
 */
export const AffectedRange = z.union([
  z.strictObject({ all: z.literal(true) }),
  z.strictObject({ from: Version.optional(), before: Version }),
  z.strictObject({ builtFrom: z.iso.date().optional(), builtBefore: z.iso.date() }),
]);
export type AffectedRange = z.infer<typeof AffectedRange>;

/**
 * A model's name, or several: `*` stands for anything, `#` for one digit, `@` for letters. Upper and lower case are the same.
 * Two stars at most, so that no name takes long to compare.
 */
export const ModelPattern = z
  .string()
  .regex(/^[\w .()/+*#@-]{1,64}$/)
  .refine((text) => text.split("*").length <= 3, "at most two stars");

const Source = z.url({ protocol: /^https$/ });
/** `published` the range stands in the source. `unverified` nobody compared it with the maker's own words, so it was drawn narrow. */
const Confidence = z.enum(["published", "unverified"]);
/** As makers call themselves, lower case: `hikvision`. Found as a whole word in the camera's manufacturer, or as its vendor. */
const Maker = z.string().regex(/^[a-z\d][a-z\d -]{1,31}$/);

/** A fault of firmware that was made public. */
export const FirmwareAdvisory = z.strictObject({
  id: z.string().regex(/^CVE-\d{4}-\d{4,7}$/),
  makers: z.array(Maker).min(1).max(8),
  models: z.array(ModelPattern).min(1).max(32),
  affected: z.array(AffectedRange).min(1).max(8),
  severity: z.enum(["critical", "high", "medium", "low"]),
  /** What somebody can do with it: `Whoever reaches its page can run commands on it.` */
  effect: z.string().min(10).max(200),
  /** Since when the catalogue of known exploited vulnerabilities has it; null where it is not in there. */
  exploited: z.iso.date().nullable(),
  confidence: Confidence,
  sources: z.array(Source).min(1).max(4),
});
export type FirmwareAdvisory = z.infer<typeof FirmwareAdvisory>;

/** Which firmware a maker still mends, for makers whose versions tell no date, and for what is given up altogether. */
export const SupportRule = z.strictObject({
  makers: z.array(Maker).min(1).max(8),
  models: z.array(ModelPattern).min(1).max(32),
  /** What is older is mended no more; null where the whole model is given up. */
  oldest: Version.nullable(),
  confidence: Confidence,
  sources: z.array(Source).min(1).max(4),
});
export type SupportRule = z.infer<typeof SupportRule>;

/** What is known of cameras' firmware on a day. */
export const FirmwareRules = z.strictObject({
  format: z.literal(1),
  /** Milliseconds since the epoch; a list is only ever replaced by a later one. */
  issued: z.int().nonnegative(),
  advisories: z.array(FirmwareAdvisory).max(5_000),
  support: z.array(SupportRule).max(1_000),
});
export type FirmwareRules = z.infer<typeof FirmwareRules>;

export const countRules = ({ advisories, support }: FirmwareRules): number => advisories.length + support.length;
