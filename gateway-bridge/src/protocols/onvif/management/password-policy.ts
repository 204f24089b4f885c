import type { Cancellable } from "@gatehouse/shared";

import { find, textAt, type XmlElement } from "../../xml/xml-element.ts";
import type { OnvifCaller } from "../onvif-caller.ts";
import { argument, ask, count, flag, optional } from "./ask.ts";

/** What a camera asks of new passwords; undefined where it has no such rule. */
export interface PasswordComplexity {
  readonly minLength: number | undefined;
  readonly uppercase: number | undefined;
  readonly digits: number | undefined;
  readonly specialCharacters: number | undefined;
  readonly blocksUsername: boolean | undefined;
  /** It can only be changed by a factory reset. */
  readonly locked: boolean | undefined;
}

export const getPasswordComplexity = async (onvif: OnvifCaller, cancel: Cancellable): Promise<PasswordComplexity> =>
  readPasswordComplexity(await ask(onvif, { operation: "GetPasswordComplexityConfiguration" }, cancel));

export const readPasswordComplexity = (answer: XmlElement): PasswordComplexity => ({
  minLength: count(textAt(answer, "MinLen")),
  uppercase: count(textAt(answer, "Uppercase")),
  digits: count(textAt(answer, "Number")),
  specialCharacters: count(textAt(answer, "SpecialChars")),
  blocksUsername: flag(textAt(answer, "BlockUsernameOccurrence")),
  locked: flag(textAt(answer, "PolicyConfigurationLocked")),
});

/** Never locks the policy: that could not be undone. */
export const setPasswordComplexity = async (
  onvif: OnvifCaller,
  rules: Omit<PasswordComplexity, "locked">,
  cancel: Cancellable,
): Promise<void> => {
  const given = [
    optional(argument, "MinLen", rules.minLength),
    optional(argument, "Uppercase", rules.uppercase),
    optional(argument, "Number", rules.digits),
    optional(argument, "SpecialChars", rules.specialCharacters),
    optional(argument, "BlockUsernameOccurrence", rules.blocksUsername),
  ];
  await ask(onvif, { operation: "SetPasswordComplexityConfiguration", arguments: given }, cancel);
};

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** What can be chosen for the shortest password; undefined where the camera does not say. */
export const getPasswordLengthRange = async (onvif: OnvifCaller, cancel: Cancellable): Promise<Range | undefined> =>
  readRange(await ask(onvif, { operation: "GetPasswordComplexityOptions" }, cancel), "MinLenRange");

const readRange = (answer: XmlElement, name: string): Range | undefined => {
  const range = find(answer, name);
  const [min, max] = [count(textAt(range, "Min")), count(textAt(range, "Max"))];
  return min === undefined || max === undefined || max < min ? undefined : { min, max };
};

/** Whether a camera says so when somebody guesses at passwords. */
export interface AuthFailureWarning {
  readonly enabled: boolean;
  /** Seconds in which so many failures count. */
  readonly periodS: number;
  readonly failures: number;
}

export const getAuthFailureWarning = async (onvif: OnvifCaller, cancel: Cancellable): Promise<AuthFailureWarning> =>
  readAuthFailureWarning(await ask(onvif, { operation: "GetAuthFailureWarningConfiguration" }, cancel));

export const readAuthFailureWarning = (answer: XmlElement): AuthFailureWarning => ({
  enabled: flag(textAt(answer, "Enabled")) ?? false,
  periodS: count(textAt(answer, "MonitorPeriod")) ?? 0,
  failures: count(textAt(answer, "MaxAuthFailures")) ?? 0,
});

export const setAuthFailureWarning = async (
  onvif: OnvifCaller,
  { enabled, periodS, failures }: AuthFailureWarning,
  cancel: Cancellable,
): Promise<void> => {
  const given = [
    argument("Enabled", String(enabled)),
    argument("MonitorPeriod", String(periodS)),
    argument("MaxAuthFailures", String(failures)),
  ];
  await ask(onvif, { operation: "SetAuthFailureWarningConfiguration", arguments: given }, cancel);
};

export const getAuthFailureOptions = async (
  onvif: OnvifCaller,
  cancel: Cancellable,
): Promise<{ readonly periodS: Range | undefined; readonly failures: Range | undefined }> => {
  const answer = await ask(onvif, { operation: "GetAuthFailureWarningOptions" }, cancel);
  return { periodS: readRange(answer, "MonitorPeriodRange"), failures: readRange(answer, "AuthFailureRange") };
};

/**
 * Which hashes the camera offers for HTTP and RTSP Digest from now on: `MD5`, `SHA-256`. What it knows is in its capabilities; what it
 * offers now shows in its challenges only, for ONVIF has no question for that.
 */
export const setHashingAlgorithms = async (
  onvif: OnvifCaller,
  algorithms: readonly string[],
  cancel: Cancellable,
): Promise<void> => {
  const given = [argument("Algorithm", algorithms.join(" "))];
  await ask(onvif, { operation: "SetHashingAlgorithm", arguments: given }, cancel);
};
