import type { Clock, Logger } from "@gatehouse/shared";

import { DenialBudget } from "../domain/denial-budget.ts";
import { Origins } from "../domain/origins.ts";
import type { Access, AccessLog, AuditEntry, AuditSink } from "../ports.ts";

/** What repeats within this time of its row is counted instead of written. */
export const windowMs: number = 10 * 60_000;
/** What one principal may have counted apart: a wall of cameras. What is more is counted together. */
export const windowsPerPrincipal = 256;

export interface AccessTallyOptions {
  readonly audit: AuditSink & { readonly failing: boolean };
  readonly clock: Clock;
  readonly log: Logger;
}

/** Since a row was written: how often the same was allowed. */
interface Window {
  readonly access: Access;
  count: number;
  timer: Disposable;
}

/**
 * Writes down every decision on access: what is allowed the first time at once, what repeats as one row in ten minutes. Refusals have a
 * budget for each caller, strangers one together, and are counted beyond it.
 */
export class AccessTally implements AccessLog, Disposable {
  readonly #options: AccessTallyOptions;
  readonly #denials: DenialBudget;
  /** By principal, then by what was done. */
  readonly #windows = new Map<string, Map<string, Window>>();
  /** Of strangers that were refused since the last row of theirs. */
  readonly #origins = new Origins();
  /** Callers whose refusals are being counted. */
  readonly #refused = new Map<string, Disposable>();

  constructor(options: AccessTallyOptions) {
    this.#options = options;
    this.#denials = new DenialBudget(options.clock);
  }

  /** @throws GatehouseError `audit-unwritable` */
  allow(asked: Access): void {
    const { audit } = this.#options;
    const own = this.#windows.get(asked.principal) ?? new Map<string, Window>();
    const { key, access } = keyOf(asked, own);
    const known = own.get(key);
    if (known === undefined) {
      audit.append({ ...access, outcome: "allowed", detail: "" });
      own.set(key, { access, count: 0, timer: this.#await(own, key) });
      this.#windows.set(access.principal, own);
      return;
    }
    // While nothing can be written, a number that is kept in memory is no record.
    if (audit.failing) {
      audit.append(repeatsOf(access, known.count + 1));
      known.count = 0;
    } else known.count += 1;
  }

  deny(access: Access, why: string, peer?: string): void {
    const { principal } = access;
    const leftOut = this.#denials.take(principal);
    // Whoever is known is told by its name; strangers have nothing but where they came from.
    const origins = principal === "-" ? this.#origins : undefined;
    if (peer !== undefined) origins?.add(peer);
    if (leftOut === undefined) {
      if (!this.#refused.has(principal)) this.#refused.set(principal, this.#count(principal));
      return;
    }
    const detail = leftOut === 0 ? why : `${why}; ${leftOut} like it left out`;
    if (this.#try({ ...access, outcome: "denied", detail: detail + (origins?.text ?? "") })) origins?.clear();
  }

  /** Writes down what was counted. */
  [Symbol.dispose](): void {
    for (const own of this.#windows.values()) {
      for (const window of own.values()) {
        window.timer[Symbol.dispose]();
        this.#flush(window);
      }
    }
    this.#windows.clear();
    for (const [principal, timer] of this.#refused) {
      timer[Symbol.dispose]();
      this.#settle(principal);
    }
    this.#refused.clear();
  }

  #await(own: Map<string, Window>, key: string): Disposable {
    return this.#options.clock.schedule(windowMs, () => {
      const window = own.get(key);
      if (window === undefined) return;
      // What goes on is written once a window, however long it lasts; what could not be written is tried again.
      if (window.count === 0) own.delete(key);
      else window.timer = this.#await(own, key);
      this.#flush(window);
    });
  }

  #flush(window: Window): void {
    if (window.count > 0 && this.#try(repeatsOf(window.access, window.count))) window.count = 0;
  }

  #count(principal: string): Disposable {
    return this.#options.clock.schedule(windowMs, () => {
      this.#refused.delete(principal);
      this.#settle(principal);
    });
  }

  #settle(principal: string): void {
    const left = this.#denials.settle(principal);
    if (left === 0) return;
    const origins = principal === "-" ? this.#origins : undefined;
    const detail = `${left} more refused, counted for up to 10 minutes${origins?.text ?? ""}`;
    if (this.#try({ principal, action: "access", target: "-", outcome: "denied", detail })) origins?.clear();
  }

  /** Whether it could be written. */
  #try(entry: AuditEntry): boolean {
    try {
      this.#options.audit.append(entry);
      return true;
    } catch (error) {
      this.#options.log.error("a decision could not be audited", { action: entry.action, error: String(error) });
      return false;
    }
  }
}

const overflow = "more";

/** What it is counted as. A principal with a grant for all cameras may name any that does not exist. */
const keyOf = (access: Access, own: ReadonlyMap<string, Window>): { readonly key: string; readonly access: Access } => {
  const exact = `${access.action} ${access.target}`;
  if (own.has(exact) || own.size < windowsPerPrincipal) return { key: exact, access };
  return { key: overflow, access: { ...access, action: "access", target: "-" } };
};

const repeatsOf = (access: Access, count: number): AuditEntry => ({
  ...access,
  outcome: "allowed",
  detail: `${count} more, counted for up to 10 minutes`,
});
