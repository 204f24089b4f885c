import { GatehouseError, type Clock, type LoginId, type PrincipalId } from "@gatehouse/shared";
import { createHmac, randomBytes } from "node:crypto";

/** How long somebody may take to find a key, or a finger. */
export const ceremonyMs: number = 2 * 60_000;
/** Of one person, within that time. */
const mostSpent = 64;

/** What a question to an authenticator was put for; no answer to it is good for anything else. */
export interface CeremonyOf {
  readonly purpose: "sign-in" | "step-up" | "enrolment";
  /** The name under which the page was shown. */
  readonly host: string;
  /** Whose; undefined where nobody is known yet. */
  readonly login?: LoginId;
}

export interface Ceremony {
  /** When it was put, and 26 random bytes; base64url. */
  readonly id: string;
  /** What the authenticator signs: 32 bytes, base64url. */
  readonly challenge: string;
}

/**
 * Questions to authenticators. None is kept: its challenge is a seal over what it was put for and when, made anew for the answer. So
 * there is nothing that strangers could fill, nor anybody's question that they could push out. Only what was answered well is
 * remembered, until it is too late anyway.
 */
export class Ceremonies {
  readonly #clock: Clock;
  readonly #key = randomBytes(32);
  readonly #spent = new Map<string, { readonly by: PrincipalId; readonly ends: number }>();

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  begin(of: CeremonyOf): Ceremony {
    const bytes = randomBytes(32);
    bytes.writeUIntBE(this.#now(), 0, 6);
    const id = bytes.toString("base64url");
    return { id, challenge: this.#seal(of, id) };
  }

  /** The challenge that was put with this id for that, while an answer is in time; undefined for one that is over or was answered. */
  challengeOf(id: string, of: CeremonyOf): string | undefined {
    const age = this.#now() - begunAt(id);
    return age >= 0 && age < ceremonyMs && !this.#spent.has(id) ? this.#seal(of, id) : undefined;
  }

  /**
   * Uses a ceremony up, whose answer was right. False where another answer did so meanwhile.
   * @throws GatehouseError `too-many-requests`
   */
  spend(id: string, by: PrincipalId): boolean {
    const now = this.#now();
    for (const [spent, { ends }] of this.#spent) if (ends <= now) this.#spent.delete(spent);
    if (this.#spent.has(id)) return false;
    const theirs = [...this.#spent.values()].filter((one) => one.by === by);
    if (theirs.length >= mostSpent) {
      throw new GatehouseError(
        "too-many-requests",
        "this person's passkeys were shown more often than anybody needs to",
      );
    }
    this.#spent.set(id, { by, ends: begunAt(id) + ceremonyMs });
    return true;
  }

  #now(): number {
    return Math.floor(this.#clock.monotonic());
  }

  #seal({ purpose, host, login }: CeremonyOf, id: string): string {
    const text = [purpose, host, login ?? "-", id].join(" ");
    return createHmac("sha256", this.#key).update(text).digest("base64url");
  }
}

/** By Clock.monotonic(), which a clock that is set does not move. */
const begunAt = (id: string): number => Buffer.from(id, "base64url").readUIntBE(0, 6);
