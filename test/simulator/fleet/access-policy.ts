import type { UserLevel } from "./camera-state.ts";

/** ONVIF Core 5.9.4.2 */
export type AccessClass =
  | "PRE_AUTH"
  | "READ_SYSTEM"
  | "READ_SYSTEM_SENSITIVE"
  | "READ_SYSTEM_SECRET"
  | "WRITE_SYSTEM"
  | "UNRECOVERABLE"
  | "READ_MEDIA"
  | "ACTUATE";

/** The default access policy: which classes each level may use (ONVIF Core 5.9.4.3). */
const allowed: Readonly<Record<UserLevel, readonly AccessClass[] | "all">> = {
  Administrator: "all",
  Operator: ["PRE_AUTH", "READ_SYSTEM", "READ_SYSTEM_SENSITIVE", "READ_MEDIA", "ACTUATE"],
  User: ["PRE_AUTH", "READ_SYSTEM", "READ_MEDIA"],
  Anonymous: ["PRE_AUTH"],
};

export const mayUse = (level: UserLevel, access: AccessClass): boolean => {
  const classes = allowed[level];
  return classes === "all" || classes.includes(access);
};
