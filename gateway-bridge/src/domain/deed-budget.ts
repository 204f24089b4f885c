import type { Clock, PrincipalId } from "@gatehouse/shared";

import { spendDeed, type DeedAllowance } from "./deed-budget-policy.ts";

/** What each principal may still do of what is written down. Their number is that of principals. */
export class DeedBudget {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #allowances = new Map<PrincipalId, DeedAllowance>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  /** Takes one deed; false where the principal has none left. */
  take(principal: PrincipalId): boolean {
    const { kind, allowance } = spendDeed(this.#allowances.get(principal), this.#clock.monotonic());
    this.#allowances.set(principal, allowance);
    return kind === "allowed";
  }
}
