import { GatehouseError } from "@gatehouse/shared";

import type { Notices } from "../access/notices.ts";
import type { PeopleDoor } from "../access/people/people-door.ts";
import type { PasskeyOrigin } from "../access/people/passkey-proofs.ts";
import type { Browser, Handlers } from "../api/handlers.ts";
import { passkeySite, type PasskeySite } from "../domain/passkey-site-policy.ts";
import { placeOf } from "../domain/place-policy.ts";
import type { Interfaces } from "../domain/viewer-address-policy.ts";
import { goOn, letIn } from "./signed-in.ts";

/** What these routes act on. */
export interface PasskeyParts extends PeopleDoor {
  /** The names by which the gateway goes, in lower case. */
  readonly names: ReadonlySet<string>;
  readonly interfaces: () => Interfaces;
  readonly notices: Notices;
}

type PasskeyRoutes =
  | "offerPasskeySignIn"
  | "signInWithPasskey"
  | "offerPasskeyStepUp"
  | "stepUpWithPasskey"
  | "listPasskeys"
  | "offerPasskey"
  | "addPasskey"
  | "removePasskey";

/** How people come in by passkeys, and what they do with theirs. */
export const passkeyHandlers = (parts: PasskeyParts): Pick<Handlers, PasskeyRoutes> => {
  const { passkeys, passkeyProofs: proofs, passkeyEnrolment: enrolment, logins } = parts;
  return {
    offerPasskeySignIn: async ({ browser }) => proofs.offerSignIn(siteOf(parts, browser)),
    signInWithPasskey: async (request) => {
      const { stay, ...answer } = request.body;
      const proof = await proofs.signIn(answer, originOf(parts, request));
      return letIn(parts, { ...proof, stay }, request.browser);
    },
    offerPasskeyStepUp: async ({ login, browser }) => proofs.offerStepUp(login, siteOf(parts, browser)),
    stepUpWithPasskey: async (request) => {
      const { login, body, browser } = request;
      const { factors } = await proofs.stepUp(login, body, originOf(parts, request));
      return goOn(parts, logins.raise(login.id, factors), browser);
    },
    listPasskeys: async ({ login }) => passkeys.list(login.principal),
    offerPasskey: async ({ login, browser }) => enrolment.offer(login, siteOf(parts, browser)),
    addPasskey: async ({ login, body, browser }) => {
      const { passkey, begun } = await enrolment.add(login, body, siteOf(parts, browser));
      browser.setCookies([begun.cookie]);
      return passkey;
    },
    removePasskey: async ({ login, params }) => {
      enrolment.remove(login, params.passkey);
      return {};
    },
  };
};

const originOf = (
  parts: PasskeyParts,
  { peer, browser }: { readonly peer: string; readonly browser: Browser },
): PasskeyOrigin => {
  const place = placeOf(peer, parts.interfaces);
  return { site: siteOf(parts, browser), place, peer, whose: browser.visitor?.person };
};

const siteOf = ({ names }: PasskeyParts, { authority }: Browser): PasskeySite => {
  const site = passkeySite(authority, names);
  if (site !== undefined) return site;
  throw new GatehouseError("passkeys-need-a-name", "this page was not opened by a name of the gateway");
};
