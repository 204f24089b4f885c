import {
  assertNever,
  GatehouseError,
  routes,
  spkiPin,
  type CameraId,
  type Clock,
  type Logger,
  type Principal,
  type PrincipalId,
  type Route,
  type RouteName,
  type SessionId,
} from "@gatehouse/shared";
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";

import { decideAccess, type AccessDecision } from "../domain/access-policy.ts";
import { DeedBudget } from "../domain/deed-budget.ts";
import { DenialBudget } from "../domain/denial-budget.ts";
import type { AuditSink } from "../ports.ts";
import { parseBasic } from "../protocols/auth/basic-login.ts";
import { isAudited } from "./audit-trail.ts";

/** Every refusal in the same words, so that it tells nothing of what exists. */
const words = {
  unauthenticated: "this client is not paired with the gateway, or its pairing was revoked",
  "access-denied": "this client may not do this",
  "too-many-requests": "this client has done more in a short time than anybody needs to",
} as const;

export interface AccessGateOptions {
  /** The principal with this pinned key, unless revoked. */
  readonly principals: { byPin(pin: string): Principal | undefined };
  /** The application with this name and password, unless revoked. */
  readonly applications: { verifyBasic(username: string, password: string): Principal | undefined };
  /** Who opened a session, and on which camera. */
  readonly sessions: {
    find(session: SessionId): { readonly principal: PrincipalId; readonly camera: CameraId } | undefined;
  };
  readonly audit: AuditSink;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One question put to the gate. */
export interface Attempt {
  readonly name: RouteName;
  readonly principal: Principal | undefined;
  /** The path's parameters, parsed. */
  readonly params: Readonly<Record<string, string>>;
}

/** The one place where callers are told apart and judged. HTTP and WebSocket both come through here, and nobody goes round. */
export class AccessGate {
  readonly #options: AccessGateOptions;
  readonly #deeds: DeedBudget;
  readonly #denials: DenialBudget;

  constructor(options: AccessGateOptions) {
    this.#options = options;
    this.#deeds = new DeedBudget(options.clock);
    this.#denials = new DenialBudget(options.clock);
  }

  /** The principal whose key this request's connection proved, or whose password the request holds, as it stands now. */
  authenticate({ socket, headers }: IncomingMessage): Principal | undefined {
    // Browsers show the certificates and passwords that they keep to any page's request, and name the page.
    if (headers.origin !== undefined || !(socket instanceof TLSSocket)) return undefined;
    const principal =
      headers.authorization === undefined ? this.#byKey(socket) : this.#byPassword(headers.authorization);
    return principal?.revoked === null ? principal : undefined;
  }

  #byKey(socket: TLSSocket): Principal | undefined {
    // `authorized` alone is not enough: Node also sets it for a resumed TLS 1.3 session without any certificate.
    if (!socket.authorized) return undefined;
    const key = socket.getPeerX509Certificate()?.publicKey;
    if (key === undefined) return undefined;
    return this.#options.principals.byPin(spkiPin(key.export({ type: "spki", format: "der" })));
  }

  #byPassword(authorization: string): Principal | undefined {
    const login = parseBasic(authorization);
    if (login === undefined) return undefined;
    const principal = this.#options.applications.verifyBasic(login.username, login.password);
    return principal?.kind === "application" ? principal : undefined;
  }

  /**
   * Returns where the route's declared access lets this caller in.
   * @throws GatehouseError `unauthenticated`, `access-denied`, `not-found` for a session that is over, or `too-many-requests`
   */
  authorize(attempt: Attempt): void {
    this.#authorize(attempt);
    const { name, principal } = attempt;
    // An owner can do harm enough without filling the log, and must be able to lock out whoever does.
    if (principal === undefined || principal.kind === "owner" || !isAudited(name)) return;
    if (!this.#deeds.take(principal.id)) throw this.#refuse(attempt, "too-many-requests");
  }

  #authorize(attempt: Attempt): void {
    const { access }: Route = routes[attempt.name];
    const { principal, params } = attempt;
    if (access.on === "pairing") return;
    if (principal === undefined) throw this.#refuse(attempt, "unauthenticated");
    switch (access.on) {
      case "paired":
        return;
      case "gateway":
        this.#judge(attempt, decideAccess(principal, { action: access.action, camera: "*" }));
        return;
      case "camera": {
        const camera = params["camera"] as CameraId;
        this.#judge(attempt, decideAccess(principal, { action: access.action, camera }));
        return;
      }
      case "session": {
        const session = this.#options.sessions.find(params["session"] as SessionId);
        if (session === undefined) throw new GatehouseError("not-found", "there is no such session, or it has ended");
        if (session.principal !== principal.id) throw this.#refuse(attempt, "access-denied", "other-principal");
        this.#judge(attempt, decideAccess(principal, { action: access.action, camera: session.camera }));
        return;
      }
      default:
        assertNever(access);
    }
  }

  #judge(attempt: Attempt, decision: AccessDecision): void {
    if (decision.kind !== "allow") throw this.#refuse(attempt, "access-denied", decision.why);
  }

  /** Writes the refusal down, with the reason that the caller is not told, and gives the error to throw. */
  #refuse(attempt: Attempt, code: keyof typeof words, why: string = code): GatehouseError {
    this.#writeDown(attempt, why);
    return new GatehouseError(code, words[code]);
  }

  /** A log that cannot be written changes nothing: refused stays refused. */
  #writeDown({ name, principal, params }: Attempt, why: string): void {
    const { audit, log } = this.#options;
    const caller = principal?.id ?? "-";
    const leftOut = this.#denials.take(caller);
    if (leftOut === undefined) return;
    const detail = leftOut === 0 ? why : `${why}; ${leftOut} like it left out`;
    const target = params["camera"] ?? params["session"] ?? params["principal"] ?? "-";
    try {
      audit.append({ principal: caller, action: name, target, outcome: "denied", detail });
    } catch (error) {
      log.error("denial could not be audited", { route: name, error: String(error) });
    }
  }
}
