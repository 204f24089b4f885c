import {
  GatehouseError,
  type CameraId,
  type Clock,
  type LoginId,
  type Place,
  type Principal,
  type PrincipalId,
} from "@gatehouse/shared";

import { addressBlock } from "../../domain/address-block.ts";
import { decideAccess, type AccessDecision, type AccessRequest } from "../../domain/access-policy.ts";
import type { Standing } from "../../domain/circumstances.ts";
import { DeedBudget } from "../../domain/deed-budget.ts";
import type { AccessLog, AuditSink, SignedInVisitor } from "../../ports.ts";
import { DigestGuard, type DigestAlgorithm, type GuardedRequest } from "../../protocols/rtsp-server/digest-guard.ts";
import { limits } from "./limits.ts";
import { Places } from "./places.ts";

/** Who may log in, and with what. */
export interface ReaderLogins {
  /** Names the gateway in login prompts. */
  readonly realm: string;
  /** Whether there is anybody who could log in and watch. */
  readonly any: boolean;
  /** Whose name this is, unless revoked. */
  find(username: string): Principal | undefined;
  /** H(username:realm:password), unless revoked. */
  ha1(username: string, algorithm: DigestAlgorithm): Buffer | undefined;
  /** Tells of each login that comes or goes. */
  onChanged(listener: (id: PrincipalId) => void): Disposable;
}

/** People who come from away, each by a login. */
export interface ReaderPeople {
  /** The person of a login, while both stand. */
  find(login: LoginId): Principal | undefined;
  /** Tells of each login at the moment it ends. */
  onEnded(listener: (login: LoginId) => void): Disposable;
}

export interface ReaderGateOptions {
  readonly logins: ReaderLogins;
  /** Without them nobody comes from away. */
  readonly people?: ReaderPeople;
  /** Where somebody is whose connection comes from this address. */
  readonly placeOf: (peer: string) => Place;
  readonly audit: AuditSink;
  readonly accesses: AccessLog;
  readonly clock: Clock;
}

export type Admission =
  | { readonly kind: "in"; readonly principal: Principal }
  /** `wrong`: a login came, and it was not a mere matter of its nonce. */
  | { readonly kind: "out"; readonly challenges: readonly string[]; readonly wrong: boolean }
  /** The login by which the connection came has ended, and another will not do. */
  | { readonly kind: "over" };

/** A deed of a reader, for the audit log. */
export interface ReaderDeed {
  readonly principal: PrincipalId;
  readonly camera: CameraId;
  readonly outcome: "allowed" | "done";
  readonly detail: string;
}

/** The one place where readers are told apart and judged: each request that names a camera comes through here. */
export class ReaderGate {
  readonly #options: ReaderGateOptions;
  readonly #deeds: DeedBudget;
  readonly #connections = new Places<PrincipalId>(limits.connectionsPerLogin);
  readonly #sessions = new Places<PrincipalId>(limits.sessionsPerLogin);
  readonly #blocks = new Places<string>(limits.sessionsPerAddress);

  constructor(options: ReaderGateOptions) {
    this.#options = options;
    this.#deeds = new DeedBudget(options.clock);
  }

  /** What one connection is asked for. */
  guard({ secure }: { readonly secure: boolean }): DigestGuard {
    const { logins, clock } = this.#options;
    const { realm } = logins;
    return new DigestGuard({ realm, secure, clock, ha1: (username, algorithm) => logins.ha1(username, algorithm) });
  }

  authenticate(guard: DigestGuard, request: GuardedRequest, peer: string): Admission {
    const verdict = guard.verify(request);
    const principal = verdict.kind === "accepted" ? this.#options.logins.find(verdict.username) : undefined;
    if (principal !== undefined) return { kind: "in", principal };
    const wrong = verdict.kind === "refused";
    if (wrong) this.#options.accesses.deny({ principal: "-", action, target: "-" }, "unauthenticated", peer);
    return { kind: "out", challenges: guard.challenges({ stale: verdict.kind === "stale" }), wrong };
  }

  /** Who a visitor is, as long as the login stands that it showed. */
  recognize({ person, login }: SignedInVisitor, peer: string): Admission {
    const principal = this.#options.people?.find(login.id);
    if (principal?.id === person) return { kind: "in", principal };
    this.#options.accesses.deny({ principal: "-", action, target: "-" }, "unauthenticated", peer);
    return { kind: "over" };
  }

  /** A place for one connection of a login, until it is disposed of. @throws GatehouseError `too-many-sessions` */
  connect({ id }: Principal): Disposable {
    const place = this.#connections.take(id);
    if (place !== undefined) return place;
    this.#deny(id, "-", "too-many-sessions");
    throw tooMany(`this login has ${limits.connectionsPerLogin} connections, and no more are allowed`);
  }

  /** A place for one session of a login, and of the address it comes from, until it is disposed of. @throws GatehouseError `too-many-sessions` */
  seat({ id }: Principal, camera: CameraId, peer: string): Disposable {
    using taking = new DisposableStack();
    const ofBlock = this.#blocks.take(addressBlock(peer));
    if (ofBlock !== undefined) taking.use(ofBlock);
    const ofLogin = this.#sessions.take(id);
    if (ofLogin !== undefined) taking.use(ofLogin);
    if (ofBlock !== undefined && ofLogin !== undefined) return taking.move();
    this.#deny(id, camera, "too-many-sessions");
    const [whose, most] =
      ofLogin === undefined ? ["login", limits.sessionsPerLogin] : ["address", limits.sessionsPerAddress];
    throw tooMany(`this ${whose} has ${most} sessions, and no more are allowed`);
  }

  /** How somebody comes in from this address: a password is one factor. */
  standingOf(peer: string): Standing {
    return { place: this.#options.placeOf(peer), assurance: "one" };
  }

  /** Whether the principal may watch this camera now. @throws GatehouseError `audit-unwritable`: then it must not */
  authorize(principal: Principal, camera: CameraId, standing: Standing): boolean {
    const decision = this.#decide(principal, { action: "live", camera }, standing);
    if (decision.kind === "deny") {
      this.#deny(principal.id, camera, decision.why);
      return false;
    }
    this.#options.accesses.allow({ principal: principal.id, action: "rtspRequest", target: camera });
    return true;
  }

  /** Whether the principal may talk through this camera. Whoever begins to talk is asked again, and that is written down. */
  mayTalk(principal: Principal, camera: CameraId, standing: Standing): boolean {
    return this.#decide(principal, { action: "talk", camera }, standing).kind === "allow";
  }

  #decide(principal: Principal, request: AccessRequest, standing: Standing): AccessDecision {
    return decideAccess(principal, request, { ...standing, now: this.#options.clock.now() });
  }

  /** @throws GatehouseError `audit-unwritable`, `too-many-requests`: then the deed must not happen */
  writeDown({ principal, camera, outcome, detail }: ReaderDeed): void {
    if (outcome === "allowed" && !this.#deeds.take(principal)) {
      this.#deny(principal, camera, "too-many-requests");
      throw new GatehouseError(
        "too-many-requests",
        "this login has begun more sessions in a short time than anybody needs",
      );
    }
    this.#options.audit.append({ principal, action, target: camera, outcome, detail });
  }

  #deny(principal: PrincipalId, target: CameraId | "-", why: string): void {
    this.#options.accesses.deny({ principal, action, target }, why);
  }
}

const action = "rtspSession";

const tooMany = (message: string): GatehouseError => new GatehouseError("too-many-sessions", message);
