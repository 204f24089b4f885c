/** Characters, not bytes. */
export const shortestPassword = 8;

/** Why a password will not do. */
export type Weakness = "short" | "common" | "name" | "breached";

export interface PasswordContext {
  readonly loginName: string;
  readonly gatewayName: string;
  /** Whether it is on the list of those that everybody tries first. */
  readonly isCommon: (password: string) => boolean;
}

/** Length and lists decide. Rules of composition make passwords worse, so there are none. */
export const judgePassword = (
  password: string,
  context: PasswordContext,
): Exclude<Weakness, "breached"> | undefined => {
  const plain = password.normalize("NFC");
  if (Array.from(plain).length < shortestPassword) return "short";
  const lower = plain.toLowerCase();
  if (context.isCommon(lower)) return "common";
  // Names of few letters are in many a good password.
  const names = [context.loginName, context.gatewayName].map((name) => name.toLowerCase());
  return names.some((name) => name.length >= 4 && lower.includes(name)) ? "name" : undefined;
};

export const weaknessText: Readonly<Record<Weakness, string>> = {
  short: `the password has fewer than ${shortestPassword} characters`,
  common: "the password is one of those that everybody tries first",
  name: "the password holds your login name or the gateway's name",
  breached: "the password is one of those that have leaked",
};
