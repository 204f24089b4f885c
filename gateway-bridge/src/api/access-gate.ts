import {
  assertNever,
  GatehouseError,
  routes,
  spkiPin,
  type Action,
  type CameraId,
  type Clock,
  type LoginId,
  type Place,
  type Principal,
  type PrincipalId,
  type Route,
  type RouteName,
  type SessionId,
} from "@gatehouse/shared";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

import { decideAccess, decidePresence, type Denial } from "../domain/access-policy.ts";
import type { Circumstances, Standing } from "../domain/circumstances.ts";
import { DeedBudget } from "../domain/deed-budget.ts";
import { hasSteppedUp, isEnrolling, type LiveLogin } from "../domain/login-policy.ts";
import type { AccessLog, Caller } from "../ports.ts";
import { parseBasic } from "../protocols/auth/basic-login.ts";
import { isAudited, isTallied } from "./audit-trail.ts";
import { doesCookieCount } from "./cookie-policy.ts";
import { Peers } from "./peers.ts";

/** Every refusal in the same words, so that it tells nothing of what exists. */
const words = {
  unauthenticated: "this client is not paired with the gateway, or its pairing was revoked",
  "access-denied": "this client may not do this",
  "step-up-required": "this needs your password and a code, or your passkey, shown within the last ten minutes",
  "too-many-requests": "this client has done more in a short time than anybody needs to",
} as const;

export interface AccessGateOptions {
  /** The principal with this pinned key, unless revoked. */
  readonly principals: { byPin(pin: string): Principal | undefined; get(id: PrincipalId): Principal | undefined };
  /** People who are signed in. */
  readonly logins: {
    /** By a Cookie header: `none` where it holds no cookie of ours, `ended` for one that is of no use. */
    find(cookieHeader: string | undefined): LiveLogin | "none" | "ended";
    get(id: LoginId): LiveLogin | undefined;
  };
  /** The application with this name and password, unless revoked. */
  readonly applications: { verifyBasic(username: string, password: string): Principal | undefined };
  /** Who opened a session, and on which camera. */
  readonly sessions: {
    find(session: SessionId): { readonly principal: PrincipalId; readonly camera: CameraId } | undefined;
  };
  /** Where somebody is whose connection comes from this address, and whether that is this very box. */
  readonly placeOf: (peer: string) => Place;
  readonly isOwnAddress: (peer: string) => boolean;
  readonly accesses: AccessLog;
  readonly clock: Clock;
}

/** One question put to the gate. */
export interface Attempt {
  readonly name: RouteName;
  /** Undefined for a stranger. */
  readonly caller: Caller | undefined;
  /** Where the question comes from, and the address. */
  readonly place: Place;
  readonly peer?: string;
  /** The path's parameters, parsed. */
  readonly params: Readonly<Record<string, string>>;
}

/** The one place where callers are told apart and judged. HTTP and WebSocket both come through here, and nobody goes round. */
export class AccessGate {
  readonly #options: AccessGateOptions;
  readonly #peers: Pick<Peers, "visitorOf">;
  readonly #deeds: DeedBudget;

  constructor(options: AccessGateOptions, peers: Pick<Peers, "visitorOf"> = new Peers()) {
    this.#options = options;
    this.#peers = peers;
    this.#deeds = new DeedBudget(options.clock);
  }

  /**
   * The principal whose key this request's connection proved, or whose password the request holds, as it stands now, and how it came
   * in. Either is one factor; the key of the owner's command line is two where it is used, on this box: its file shows that too.
   * A browser is who its cookie says, or nobody; so is a device that came through the relay, which is its person's alone.
   */
  authenticate(request: IncomingMessage): Caller | undefined {
    const { socket, headers } = request;
    if (!(socket instanceof TLSSocket)) return undefined;
    const login = this.#options.logins.find(headers.cookie);
    const visitor = this.#peers.visitorOf(socket);
    if (visitor !== undefined) {
      // No page has a hand in what a device sends, so nothing need say where it comes from.
      return typeof login === "object" && login.principal === visitor.person ? this.#byLogin(login, socket) : undefined;
    }
    // Browsers show the certificates and passwords that they keep to any page's request, and name the page.
    if (login !== "none" || headers.origin !== undefined || headers["sec-fetch-site"] !== undefined) {
      return typeof login === "object" && isCounted(request) ? this.#byLogin(login, socket) : undefined;
    }
    const principal =
      headers.authorization === undefined ? this.#byKey(socket) : this.#byPassword(headers.authorization);
    if (principal?.revoked !== null) return undefined;
    return { principal, ...this.#standingOf(principal, socket.remoteAddress ?? "") };
  }

  /** The same caller as it stands now, while its request goes on: a login's cookie may be another one by then. */
  renew(request: IncomingMessage, { login }: Caller): Caller | undefined {
    if (login === undefined) return this.authenticate(request);
    const now = this.#options.logins.get(login.id);
    return now && this.#byLogin(now, request.socket);
  }

  #byLogin(login: LiveLogin, socket: Socket): Caller | undefined {
    const principal = this.#options.principals.get(login.principal);
    if (principal?.revoked !== null || !signsIn(principal)) return undefined;
    return { principal, login, place: this.placeOf(socket), assurance: login.assurance };
  }

  /** Who came through the relay is away, whatever address is below: it may be a relay's in the home itself. */
  placeOf(socket: Socket): Place {
    return this.#peers.visitorOf(socket) === undefined ? this.#options.placeOf(socket.remoteAddress ?? "") : "away";
  }

  #standingOf({ kind }: Principal, peer: string): Standing {
    const { placeOf, isOwnAddress } = this.#options;
    return { place: placeOf(peer), assurance: kind === "owner" && isOwnAddress(peer) ? "two" : "one" };
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
   * @throws GatehouseError `unauthenticated`, `access-denied`, `not-found` for a session that is over, `too-many-requests`, or
   * `audit-unwritable`
   */
  authorize(attempt: Attempt): void {
    this.#authorize(attempt);
    const { name, caller, params } = attempt;
    const principal = caller?.principal;
    if (principal === undefined) return;
    // An owner can do harm enough without filling the log, and must be able to lock out whoever does.
    if (principal.kind !== "owner" && isAudited(name) && !this.#deeds.take(principal.id)) {
      throw this.#refuse(attempt, "too-many-requests");
    }
    if (!isTallied(name)) return;
    const session = this.#options.sessions.find(params["session"] as SessionId);
    const target = params["camera"] ?? session?.camera ?? "-";
    this.#options.accesses.allow({ principal: principal.id, action: name, target });
  }

  #authorize(attempt: Attempt): void {
    const { access, guests }: Route = routes[attempt.name];
    const { caller, params, place } = attempt;
    if (access.on === "pairing" || access.on === "anybody") {
      // Whoever pairs or is invited from afar could do nothing afterwards.
      const fromAnywhere = access.on === "anybody" && access.away === true;
      if (place !== "home" && !fromAnywhere) throw this.#refuse(attempt, "access-denied", "not-here");
      return;
    }
    if (caller === undefined) throw this.#refuse(attempt, "unauthenticated");
    const circumstances: Circumstances = { ...caller, now: this.#options.clock.now() };
    this.#assert(attempt, decidePresence(caller.principal, circumstances));
    const judge = (action: Action, camera: CameraId | "*"): void => {
      const decision = decideAccess(caller.principal, { action, camera }, circumstances);
      this.#assert(attempt, decision.kind === "deny" ? decision.why : undefined);
    };
    this.#judgeLogin(attempt, caller.login);
    switch (access.on) {
      case "paired":
        return;
      case "login":
        if (caller.login === undefined) throw this.#refuse(attempt, "access-denied", "no-login");
        if (caller.principal.kind === "guest" && guests !== true) throw this.#refuse(attempt, "access-denied", "guest");
        return;
      case "gateway":
        judge(access.action, "*");
        return;
      case "camera":
        judge(access.action, params["camera"] as CameraId);
        return;
      case "session": {
        const session = this.#options.sessions.find(params["session"] as SessionId);
        if (session === undefined) throw new GatehouseError("not-found", "there is no such session, or it has ended");
        if (session.principal !== caller.principal.id) throw this.#refuse(attempt, "access-denied", "other-principal");
        judge(access.action, session.camera);
        return;
      }
      default:
        assertNever(access);
    }
  }

  /** What a person's login may not do, whatever the person may. */
  #judgeLogin(attempt: Attempt, login: LiveLogin | undefined): void {
    const { method, access, browsers }: Route = routes[attempt.name];
    if (login === undefined || access.on === "login") return;
    if (isEnrolling(login.factors)) throw this.#refuse(attempt, "access-denied", "one-factor");
    if (browsers === false) throw this.#refuse(attempt, "access-denied", "key-only");
    const governs = access.on === "gateway" && access.action === "admin" && method !== "GET";
    if (governs && !hasSteppedUp(login, this.#options.clock.now())) throw this.#refuse(attempt, "step-up-required");
  }

  #assert(attempt: Attempt, denial: Denial | undefined): void {
    if (denial !== undefined) throw this.#refuse(attempt, "access-denied", denial);
  }

  /** Writes the refusal down, with the reason that the caller is not told, and gives the error to throw. */
  #refuse(attempt: Attempt, code: keyof typeof words, why: string = code): GatehouseError {
    const { name, caller, params, peer } = attempt;
    const target = params["camera"] ?? params["session"] ?? params["principal"] ?? "-";
    this.#options.accesses.deny({ principal: caller?.principal.id ?? "-", action: name, target }, why, peer);
    return new GatehouseError(code, words[code]);
  }
}

/** Who comes with a browser. All others prove a key or a password each time. */
const signsIn = ({ kind }: Principal): boolean => kind === "person" || kind === "guest";

const isCounted = ({ method = "", headers }: IncomingMessage): boolean => {
  const { origin, upgrade, "sec-fetch-site": site } = headers;
  return doesCookieCount({ method, upgrade: upgrade !== undefined, origin, site: site?.toString() });
};
