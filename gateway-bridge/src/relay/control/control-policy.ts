import type { Operator, OperatorRole } from "../operators/operator.ts";
import type { ControlCall } from "./calls.ts";

/** Who calls, as the socket found out. */
export interface ControlCaller {
  /** Whose key the connection was made with; undefined for a key that is nobody's (any more). */
  readonly operator: Pick<Operator, "role"> | undefined;
  /** It brought the token of a sign-in of its own that is not over. */
  readonly signedIn: boolean;
}

export type ControlVerdict = "allowed" | "unknown" | "signed-out" | "denied";

const rank: Readonly<Record<string, number>> = { auditor: 1, operator: 2 } satisfies Record<OperatorRole, number>;

/** Whether the call is answered. Unlisted roles may nothing. */
export const judgeControl = (
  call: Pick<ControlCall, "role"> & { readonly token: boolean },
  { operator, signedIn }: ControlCaller,
): ControlVerdict => {
  if (operator === undefined) return "unknown";
  if (call.token && !signedIn) return "signed-out";
  const enough = (rank[operator.role] ?? 0) >= (rank[call.role] ?? Infinity);
  return enough ? "allowed" : "denied";
};
