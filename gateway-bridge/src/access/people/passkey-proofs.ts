import {
  GatehouseError,
  type Clock,
  type PasskeyAnswer,
  type PasskeyRequest,
  type Place,
  type Principal,
  type PrincipalId,
} from "@gatehouse/shared";

import { decidePresence } from "../../domain/access-policy.ts";
import type { LiveLogin } from "../../domain/login-policy.ts";
import type { PasskeySite } from "../../domain/passkey-site-policy.ts";
import type { AuditSink } from "../../ports.ts";
import type { Database } from "../../store/database.ts";
import { RefusalTally } from "../refusal-tally.ts";
import { ceremonyMs, type Ceremonies, type CeremonyOf } from "./ceremonies.ts";
import type { Proof } from "./credentials.ts";
import { readShownPasskey } from "./passkey-answers.ts";
import type { KeptPasskey, Passkeys } from "./passkeys.ts";

export interface PasskeyProofsOptions {
  readonly database: Database;
  readonly principals: { get(id: PrincipalId): Principal | undefined };
  readonly passkeys: Passkeys;
  readonly ceremonies: Ceremonies;
  readonly audit: AuditSink;
  readonly clock: Clock;
}

/** Where somebody shows a passkey. */
export interface PasskeyOrigin {
  readonly site: PasskeySite;
  readonly place: Place;
  /** The address that it comes from, or a device that came through the relay. */
  readonly peer: string;
  /** Whose passkey alone is taken: of a device's person. */
  readonly whose?: PrincipalId | undefined;
}

/**
 * Judges who people say they are by their passkeys. There is nothing to guess, so nothing is counted against anybody; every refusal
 * is in the same words.
 */
export class PasskeyProofs implements Disposable {
  readonly #options: PasskeyProofsOptions;
  readonly #refusals: RefusalTally;

  constructor(options: PasskeyProofsOptions) {
    this.#options = options;
    this.#refusals = new RefusalTally({ ...options, action: "signIn" });
  }

  /** What a browser is to ask for, of whoever sits there. */
  offerSignIn({ host }: PasskeySite): PasskeyRequest {
    return this.#offer({ purpose: "sign-in", host }, []);
  }

  /** What a browser is to ask for, of who is signed in. */
  offerStepUp({ id, principal }: LiveLogin, { host }: PasskeySite): PasskeyRequest {
    const known = this.#options.passkeys.under(host, principal);
    return this.#offer({ purpose: "step-up", host, login: id }, known);
  }

  /** @throws GatehouseError `sign-in-refused`, `audit-unwritable`: then nobody signs in */
  async signIn(answer: PasskeyAnswer, from: PasskeyOrigin): Promise<Proof> {
    return this.#prove(answer, { ...from, of: { purpose: "sign-in", host: from.site.host } });
  }

  /** @throws GatehouseError as before, also for a passkey of somebody else */
  async stepUp(login: LiveLogin, answer: PasskeyAnswer, from: PasskeyOrigin): Promise<Proof> {
    const of: CeremonyOf = { purpose: "step-up", host: from.site.host, login: login.id };
    return this.#prove(answer, { ...from, of, whose: login.principal });
  }

  /** Writes down the refusals that are still only counted. */
  [Symbol.dispose](): void {
    this.#refusals[Symbol.dispose]();
  }

  #offer(of: CeremonyOf, known: readonly KeptPasskey[]): PasskeyRequest {
    const { id: ceremony, challenge } = this.#options.ceremonies.begin(of);
    const allowCredentials = known.map(({ credential: id, transports }) => ({
      type: "public-key" as const,
      id,
      transports: [...transports],
    }));
    const options = { rpId: of.host, challenge, timeout: ceremonyMs, allowCredentials };
    return { ceremony, options: { ...options, userVerification: "required" } };
  }

  async #prove(
    answer: PasskeyAnswer,
    { site, place, peer, of, whose }: PasskeyOrigin & { readonly of: CeremonyOf },
  ): Promise<Proof> {
    const { passkeys, ceremonies } = this.#options;
    const { ceremony, response } = answer;
    const challenge = ceremonies.challengeOf(ceremony, of);
    const kept = passkeys.find(response.id);
    if (challenge === undefined || kept === undefined) throw this.#refuse(undefined, peer);
    const { principal, host } = kept;
    const isTheirs = (whose ?? principal) === principal && isHandleOf(principal, response.response.userHandle);
    if (!isTheirs || host !== site.host || !this.#mayBeAt(place, principal)) throw this.#refuse(principal, peer);
    const shown = await readShownPasskey(response, { challenge, site }, kept);
    // Removed, or shown by another answer, while this one was looked at: then it is of no use.
    if (shown === undefined || !this.#note({ ceremony, kept, shown, action: actionOf(of) })) {
      throw this.#refuse(principal, peer);
    }
    return { principal, factors: ["passkey"] };
  }

  /** Takes the answer, wholly or not at all. */
  #note({
    ceremony,
    kept: { id, principal },
    shown,
    action,
  }: {
    readonly ceremony: string;
    readonly kept: KeptPasskey;
    readonly shown: Parameters<Passkeys["use"]>[1];
    readonly action: string;
  }): boolean {
    const { database, passkeys, ceremonies, audit } = this.#options;
    return database.transaction(() => {
      if (!passkeys.use(id, shown) || !ceremonies.spend(ceremony, principal)) return false;
      audit.append({ principal, action, target: principal, outcome: "allowed", detail: "passkey" });
      return true;
    });
  }

  /** From away, whoever could do nothing afterwards is not signed in. */
  #mayBeAt(place: Place, id: PrincipalId): boolean {
    const { principals, clock } = this.#options;
    const principal = principals.get(id);
    if (principal === undefined) return false;
    return decidePresence(principal, { place, assurance: "two", now: clock.now() }) === undefined;
  }

  #refuse(principal: PrincipalId | undefined, peer: string): GatehouseError {
    this.#refusals.add(`wrong passkey, for ${principal ?? "nobody"}`, { peer });
    return new GatehouseError("sign-in-refused", "this passkey does not sign in here", {
      remedy: "Try once more; a question to your device is good for two minutes. Or use password and code.",
    });
  }
}

const actionOf = ({ purpose }: CeremonyOf): string => (purpose === "sign-in" ? "signIn" : "stepUp");

/** What the authenticator calls its person; those that keep no name of it send none, where they were asked for theirs alone. */
const isHandleOf = (principal: PrincipalId, userHandle: string | null | undefined): boolean =>
  typeof userHandle !== "string" || userHandle === handleOf(principal);

/** The user handle: an id that says nothing of the person. WebAuthn 14.6.1 */
export const handleOf = (principal: PrincipalId): string => Buffer.from(principal).toString("base64url");
