import type { Credentials } from "../../domain/camera.ts";
import type { LoginUse } from "../remedy.ts";

/** The gateway's logins at one camera. */
export interface CameraLogins {
  /** What it is watched with; undefined where it asks for none. */
  readonly watching: Credentials | undefined;
  /** What may change its settings; the same where there is no other. */
  readonly management: Credentials | undefined;
}

/** Which of them a new one replaces. */
export interface LoginChange {
  readonly watching?: Credentials;
  /** Null where it is the same as for watching from now on. */
  readonly management?: Credentials | null;
}

/** Which logins a new one replaces, by what it is for. */
export const loginChange = (
  { watching, management }: CameraLogins,
  pending: Credentials,
  use: LoginUse = "by-account",
): LoginChange => {
  if (use === "everything") return { watching: pending, management: null };
  if (use === "settings") return { management: pending };
  if (watching === undefined || watching.username === pending.username) return { watching: pending };
  if (management?.username === pending.username) return { management: pending };
  return { watching: pending, management: management ?? watching };
};
