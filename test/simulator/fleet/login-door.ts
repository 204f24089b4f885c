import { DigestGuard, type DigestAlgorithm } from "../digest-guard.ts";
import type { Account, Plane } from "./camera-state.ts";
import type { Accounts, LoginProtocol } from "./accounts.ts";

export type Admission =
  | { readonly kind: "admitted"; readonly account: Account }
  /** Nobody, or a wrong password: these challenges go with the 401. */
  | { readonly kind: "refused"; readonly challenges: readonly string[] }
  | { readonly kind: "locked"; readonly seconds: number };

export interface LoginDoorOptions {
  readonly accounts: Accounts;
  readonly realm: string;
  /** Asked at each login, because settings change. */
  readonly algorithms: () => readonly DigestAlgorithm[];
  readonly basic: () => boolean;
}

/** HTTP's login at one of a camera's servers: Digest, and Basic where that is on, for all of the camera's accounts. */
export class LoginDoor {
  readonly #options: LoginDoorOptions;
  readonly #guards: Readonly<Record<Plane, DigestGuard>>;

  constructor(options: LoginDoorOptions) {
    this.#options = options;
    this.#guards = { onvif: this.#guard("onvif"), web: this.#guard("web") };
  }

  admit(
    { plane, protocol }: { readonly plane: Plane; readonly protocol: LoginProtocol },
    header: string | undefined,
    request: { readonly method: string; readonly uri: string },
  ): Admission {
    const { accounts } = this.#options;
    const guard = this.#guards[plane];
    const { verdict, username = "" } = guard.judge(header, request);
    const seconds = header === undefined ? 0 : accounts.lockedFor(plane, username);
    if (seconds > 0) {
      accounts.refusedWhileLocked += 1;
      return { kind: "locked", seconds };
    }
    if (verdict === "denied") accounts.fail(plane, protocol, username);
    const account = verdict === "allowed" ? accounts.find(plane, username) : undefined;
    if (account === undefined) return { kind: "refused", challenges: guard.challenges(verdict === "stale") };
    accounts.right(plane, username);
    return { kind: "admitted", account };
  }

  /** As after a restart. */
  forget(): void {
    this.#guards.onvif.forget();
    this.#guards.web.forget();
  }

  #guard(plane: Plane): DigestGuard {
    const { accounts, realm, algorithms, basic } = this.#options;
    return new DigestGuard({
      realm,
      passwordOf: (username) => accounts.find(plane, username)?.password,
      get algorithms() {
        return algorithms();
      },
      get basic() {
        return basic();
      },
      qop: true,
      nonceLifetimeMs: 300_000,
    });
  }
}
