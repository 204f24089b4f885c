import type { Clock, Logger, LoginId, Principal, PrincipalId } from "@gatehouse/shared";

import { decideAccess, type Denial } from "../domain/access-policy.ts";
import type { Circumstances } from "../domain/circumstances.ts";
import type { SessionFilter } from "../domain/session-filter.ts";
import type { AuditSink, Hold, Holder } from "../ports.ts";

export interface RightWatchOptions {
  /** Every way by which anything flows to anybody. */
  readonly holders: readonly Holder[];
  readonly principals: {
    get(id: PrincipalId): Principal | undefined;
    /** Tells of each principal at the moment it was revoked or may do something else. */
    onChanged(listener: (id: PrincipalId) => void): Disposable;
  };
  readonly logins: {
    /** Undefined once it is over. Asking counts as using it. */
    get(id: LoginId): object | undefined;
    /** Tells of each login at the moment it ends. */
    onEnded(listener: (id: LoginId) => void): Disposable;
  };
  readonly audit: AuditSink;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Half of what may pass between the end of a right and the end of what flows by it. */
const lookMs = 500;

/** What somebody lost the right to, by one way. */
interface Lost {
  readonly holder: Holder;
  readonly hold: Hold;
  readonly filter: SessionFilter;
  readonly why: Loss;
}

type Loss = Denial | "unknown" | "signed-out";

/**
 * Sees to it that nothing flows for longer than there is a right to it. Rights end in many ways (revoked, taken, by their schedule, by
 * their date, by a clock that was set), so no end is reckoned ahead: all that flows is judged anew each time that somebody's rights
 * change, and twice a second.
 */
export class RightWatch implements Disposable {
  readonly #options: RightWatchOptions;
  /** Whoever something flows to, as long as they are as they were. */
  readonly #known = new Map<PrincipalId, Principal>();
  readonly #changes = new DisposableStack();
  #next: Disposable;
  /** A look may itself end something of whose end it is told. */
  #looking = false;

  private constructor(options: RightWatchOptions) {
    this.#options = options;
    this.#changes.use(
      options.principals.onChanged((id) => {
        this.#known.delete(id);
        this.look();
      }),
    );
    this.#changes.use(options.logins.onEnded(() => this.look()));
    this.#next = options.clock.schedule(lookMs, () => this.#beat());
  }

  static open(options: RightWatchOptions): RightWatch {
    return new RightWatch(options);
  }

  /** Judges all that flows now, and ends what may not. Never throws. */
  look(): void {
    if (this.#looking) return;
    this.#looking = true;
    try {
      this.#look();
    } finally {
      this.#looking = false;
    }
  }

  #look(): void {
    const now = this.#options.clock.now();
    const seen = new Set<PrincipalId>();
    const lost = new Map<string, Lost>();
    for (const [index, holder] of this.#options.holders.entries()) {
      for (const hold of holder.holds()) {
        const { principal, camera, place = "away", assurance = "one", login } = hold;
        seen.add(principal);
        const why = this.#judge(hold, { now, place, assurance });
        if (why === undefined) continue;
        const filter: SessionFilter = { principal, camera, place, assurance, login };
        // Several of the same kind end together.
        lost.set([index, ...Object.values(filter)].join(), { holder, hold, filter, why });
      }
    }
    for (const id of this.#known.keys()) if (!seen.has(id)) this.#known.delete(id);
    for (const one of lost.values()) this.#end(one);
  }

  [Symbol.dispose](): void {
    this.#changes.dispose();
    this.#next[Symbol.dispose]();
  }

  #beat(): void {
    this.#next = this.#options.clock.schedule(lookMs, () => this.#beat());
    this.look();
  }

  #judge({ principal: id, camera, action, login }: Hold, circumstances: Circumstances): Loss | undefined {
    const principal = this.#find(id);
    if (principal === undefined) return "unknown";
    if (login !== undefined && !this.#stands(login)) return "signed-out";
    const decision = decideAccess(principal, { action, camera }, circumstances);
    return decision.kind === "deny" ? decision.why : undefined;
  }

  /** While nobody can be looked up (a failing disk), nobody is known: this runs in timers, where a throw would end the gateway. */
  #find(id: PrincipalId): Principal | undefined {
    try {
      const principal = this.#known.get(id) ?? this.#options.principals.get(id);
      if (principal !== undefined) this.#known.set(id, principal);
      return principal;
    } catch (error) {
      this.#options.log.error("principal could not be looked up", { error: String(error) });
      return undefined;
    }
  }

  #stands(login: LoginId): boolean {
    try {
      return this.#options.logins.get(login) !== undefined;
    } catch (error) {
      this.#options.log.error("login could not be looked up", { error: String(error) });
      return false;
    }
  }

  /** A log that cannot be written keeps nothing going. */
  #end({ holder, hold: { principal, camera, action }, filter, why }: Lost): void {
    const { audit, log } = this.#options;
    try {
      holder.endAll(filter, `the right to it has ended (${why})`);
      audit.append({ principal, action: "viewEnded", target: camera, outcome: "done", detail: `${action}: ${why}` });
    } catch (error) {
      log.error("the end of a view could not be audited", { principal, camera, error: String(error) });
    }
  }
}
