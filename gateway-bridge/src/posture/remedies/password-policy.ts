import { unlessUnsupported } from "../../protocols/onvif/management/ask.ts";
import { getDeviceCapabilities } from "../../protocols/onvif/management/capabilities.ts";
import {
  getAuthFailureOptions,
  getAuthFailureWarning,
  getPasswordComplexity,
  getPasswordLengthRange,
  setAuthFailureWarning,
  setPasswordComplexity,
  type AuthFailureWarning,
  type PasswordComplexity,
  type Range,
} from "../../protocols/onvif/management/password-policy.ts";
import { itsOwnWord, settingRemedy, type SettingTools } from "./setting-remedy.ts";

/** As many wrong passwords as a person types who has forgotten it, in so many seconds. */
const failures = 5;
const periodS = 600;
/** Shorter passwords are not asked for; what Gatehouse draws itself is longer. */
const minLength = 12;

interface Policy {
  readonly warning: AuthFailureWarning;
  /** Null where the camera has no rules for passwords, or none that can be changed. */
  readonly complexity: Omit<PasswordComplexity, "locked"> | null;
  readonly limits: { readonly failures: Range | null; readonly periodS: Range | null; readonly length: Range | null };
}

/** Has a camera count wrong passwords, and refuse new ones that are short. */
export const passwordPolicy = settingRemedy<Policy>({
  id: "password-policy",
  read: async (tools) => {
    const { onvif } = tools;
    const warning = await getAuthFailureWarning(onvif, tools);
    const options = await unlessUnsupported(getAuthFailureOptions(onvif, tools));
    const limits = {
      failures: options?.failures ?? null,
      periodS: options?.periodS ?? null,
      length: await lengths(tools),
    };
    return { warning, complexity: await complexityOf(tools), limits };
  },
  wish: ({ warning, complexity, limits }) => ({
    warning: {
      enabled: true,
      failures: within(limits.failures, warning.failures > 0 ? warning.failures : failures),
      periodS: within(limits.periodS, warning.periodS > 0 ? warning.periodS : periodS),
    },
    complexity: complexity && {
      ...complexity,
      minLength: Math.max(complexity.minLength ?? 0, within(limits.length, minLength)),
    },
    limits,
  }),
  holds: ({ warning }) => warning.enabled,
  write: async ({ warning, complexity }, { onvif, ...cancel }) => {
    if (complexity !== null) await setPasswordComplexity(onvif, complexity, cancel);
    await setAuthFailureWarning(onvif, warning, cancel);
  },
  describe: (_was, { warning, complexity }) => ({
    steps: [
      `Have the camera count failed logins: ${warning.failures} within ${warning.periodS} seconds`,
      ...(complexity === null
        ? []
        : [`Have it refuse new passwords of fewer than ${complexity.minLength ?? 0} characters`]),
      "Ask the camera, and hear that it is so",
    ],
    stops: [],
    undoable: true,
  }),
  observe: ({ warning }) => itsOwnWord(`It counts failed logins: ${warning.failures} within ${warning.periodS} s.`),
});

const within = (range: Range | null, value: number): number =>
  range === null ? value : Math.min(Math.max(value, range.min), range.max);

const complexityOf = async ({ onvif, ...cancel }: SettingTools): Promise<Policy["complexity"]> => {
  const rules = await unlessUnsupported(getPasswordComplexity(onvif, cancel));
  if (rules === undefined || rules.locked === true) return null;
  const { minLength: length, uppercase, digits, specialCharacters, blocksUsername } = rules;
  return { minLength: length, uppercase, digits, specialCharacters, blocksUsername };
};

/** Never more than a password can have there. */
const lengths = async ({ onvif, ...cancel }: SettingTools): Promise<Range | null> => {
  const range = await unlessUnsupported(getPasswordLengthRange(onvif, cancel));
  const longest = (await unlessUnsupported(getDeviceCapabilities(onvif, cancel)))?.security.maxPasswordLength;
  if (range === undefined && longest === undefined) return null;
  const max = Math.min(range?.max ?? Number.MAX_SAFE_INTEGER, longest ?? Number.MAX_SAFE_INTEGER);
  return { min: Math.min(range?.min ?? 0, max), max };
};
