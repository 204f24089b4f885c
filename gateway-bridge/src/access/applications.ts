import {
  base32,
  EventBus,
  PrincipalId,
  Secret,
  type GatewayId,
  type Grant,
  type Logger,
  type Principal,
} from "@gatehouse/shared";
import { hash, randomBytes, timingSafeEqual } from "node:crypto";

import type { SecretStore } from "../ports.ts";
import type { Database } from "../store/database.ts";
import { assertGrantable } from "./grantable.ts";
import type { Principals } from "./principals.ts";

export interface ApplicationsOptions {
  readonly database: Database;
  readonly principals: Principals;
  readonly secrets: SecretStore;
  readonly gateway: GatewayId;
  readonly log: Logger;
}

/** A login that was just made. The password is nowhere else. */
export interface ApplicationLogin {
  readonly principal: Principal;
  readonly username: string;
  readonly password: Secret;
}

/** As Digest names them. RFC 7616 3.3 */
export type LoginAlgorithm = "MD5" | "SHA-256";

/** 160 bits: 32 characters, which nobody guesses, however fast a stolen hash can be tried. */
const passwordBytes = 20;
const hashes = { MD5: "md5", "SHA-256": "sha256" } as const;
const hashBytes = { MD5: 16, "SHA-256": 32 } as const;
const algorithms: readonly LoginAlgorithm[] = ["MD5", "SHA-256"];

const secretName = (id: PrincipalId): string => `application/${id}`;

/**
 * Players, recorders and monitors that can only log in with a name and a password. The password is drawn here and shown once; the
 * vault keeps what Digest needs to check it, the hash HA1 of each algorithm. That is as good as the password for this gateway's
 * realm, and for nothing else.
 */
export class Applications implements Disposable {
  /** Names this gateway in login prompts. Part of every HA1, so it never changes. */
  readonly realm: string;
  readonly #options: ApplicationsOptions;
  readonly #changes: EventBus<PrincipalId>;
  readonly #principalChanges: Disposable;

  private constructor(options: ApplicationsOptions) {
    this.#options = options;
    this.realm = `Gatehouse ${options.gateway}`;
    this.#changes = new EventBus(options.log);
    this.#principalChanges = options.principals.onChanged((id) => this.#follow(id));
  }

  static open(options: ApplicationsOptions): Applications {
    // A crash may have come between a revocation and this.
    for (const { id, kind, revoked } of options.principals.list()) {
      if (kind === "application" && revoked !== null) options.secrets.delete(secretName(id));
    }
    return new Applications(options);
  }

  /** Whether there is anybody who may watch; others have no use for an open RTSP port. */
  get any(): boolean {
    return this.#options.principals
      .list()
      .some((principal) => isAlive(principal) && principal.grants.some(({ action }) => action === "live"));
  }

  /**
   * Lets a new application in, wholly or not at all.
   * @throws GatehouseError `request-invalid` for grants that cannot be given
   */
  create({ name, grants }: { readonly name: string; readonly grants: readonly Grant[] }): ApplicationLogin {
    assertGrantable("application", grants);
    const { database, principals, secrets } = this.#options;
    const password = base32(randomBytes(passwordBytes));
    const principal = database.transaction(() => {
      const made = principals.create({ name, kind: "application", grants });
      const content = Buffer.concat(algorithms.map((algorithm) => this.#hash(algorithm, made.id, password)));
      secrets.put(secretName(made.id), content);
      content.fill(0);
      return made;
    });
    this.#changes.emit(principal.id);
    return { principal, username: principal.id, password: Secret.of(password) };
  }

  /** The application with this name and password, unless revoked. Hashes are compared in constant time, also for nobody. */
  verifyBasic(username: string, password: string): Principal | undefined {
    const principal = this.find(username);
    const expected = this.ha1(username, "SHA-256") ?? Buffer.alloc(hashBytes["SHA-256"]);
    const right = timingSafeEqual(this.#hash("SHA-256", username, password), expected);
    return right ? principal : undefined;
  }

  /** H(username:realm:password), undefined for nobody's name and for a revoked application's. RFC 7616 3.4.2 */
  ha1(username: string, algorithm: LoginAlgorithm): Buffer | undefined {
    const principal = this.find(username);
    const content = principal && this.#options.secrets.get(secretName(principal.id));
    if (content === undefined) return undefined;
    const from = algorithm === "MD5" ? 0 : hashBytes.MD5;
    return content.subarray(from, from + hashBytes[algorithm]);
  }

  /** The application of that name, unless revoked. */
  find(username: string): Principal | undefined {
    const id = PrincipalId.safeParse(username);
    const principal = id.success ? this.#options.principals.get(id.data) : undefined;
    return principal !== undefined && isAlive(principal) ? principal : undefined;
  }

  /** Tells of each application that comes, goes, or may do something else. */
  onChanged(listener: (id: PrincipalId) => void): Disposable {
    return this.#changes.on(listener);
  }

  [Symbol.dispose](): void {
    this.#principalChanges[Symbol.dispose]();
  }

  #follow(id: PrincipalId): void {
    const principal = this.#options.principals.get(id);
    if (principal?.kind !== "application") return;
    if (principal.revoked !== null) this.#options.secrets.delete(secretName(id));
    this.#changes.emit(id);
  }

  #hash(algorithm: LoginAlgorithm, username: string, password: string): Buffer {
    return hash(hashes[algorithm], `${username}:${this.realm}:${password}`, "buffer");
  }
}

const isAlive = ({ kind, revoked }: Principal): boolean => kind === "application" && revoked === null;
