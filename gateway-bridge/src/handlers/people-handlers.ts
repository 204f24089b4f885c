import {
  GatehouseError,
  Secret,
  type Clock,
  type Invitation,
  type Login,
  type LoginId,
  type Me,
  type PrincipalId,
} from "@gatehouse/shared";

import { assertGrantable } from "../access/grantable.ts";
import { deviceName } from "../access/logins/device-name.ts";
import { dropCookie } from "../access/logins/cookies.ts";
import type { AttemptOrigin } from "../access/people/credentials.ts";
import { stepUpNeeded } from "../access/people/enrolment-refusals.ts";
import type { PeopleDoor } from "../access/people/people-door.ts";
import type { Account } from "../access/people/people.ts";
import type { Notices } from "../access/notices.ts";
import type { Principals } from "../access/principals.ts";
import type { Roles } from "../access/roles.ts";
import type { Browser, Handlers } from "../api/handlers.ts";
import { isComplete } from "../domain/login-policy.ts";
import { placeOf } from "../domain/place-policy.ts";
import type { Interfaces } from "../domain/viewer-address-policy.ts";
import type { AuditSink } from "../ports.ts";
import type { Database } from "../store/database.ts";
import { describeGuest } from "./guest-handlers.ts";
import { existing, goOn, letIn, meOf } from "./signed-in.ts";

/** What these routes act on. */
export interface PeopleParts extends PeopleDoor {
  readonly interfaces: () => Interfaces;
  readonly database: Database;
  readonly principals: Principals;
  readonly roles: Roles;
  readonly notices: Notices;
  readonly audit: AuditSink;
  readonly clock: Clock;
}

type DoorRoutes = "makeFirstRunCode" | "firstRun" | "openInvitation" | "signInWithPassword";
type OwnRoutes =
  | "me"
  | "signOut"
  | "stepUpWithPassword"
  | "setPassword"
  | "proposePassword"
  | "startTotp"
  | "confirmTotp"
  | "removeTotp"
  | "makeRecoveryCodes"
  | "listOwnLogins"
  | "endOwnLogin";
type PeopleRoutes =
  "listPeople" | "addPerson" | "changePerson" | "removePerson" | "inviteAgain" | "listLogins" | "endLogin";

/** How people come in, and what they do about themselves and each other. */
export const createPeopleHandlers = (parts: PeopleParts): Pick<Handlers, DoorRoutes | OwnRoutes | PeopleRoutes> => ({
  ...comingIn(parts),
  ...aboutOneself(parts),
  ...aboutOthers(parts),
});

const comingIn = (parts: PeopleParts): Pick<Handlers, DoorRoutes> => {
  const { firstRun, credentials } = parts;
  return {
    makeFirstRunCode: async () => {
      const { code, expires } = firstRun.makeCode();
      return { code: code.reveal(), expires };
    },
    firstRun: async ({ body, browser, peer }) => {
      const { principal } = firstRun.redeem({ ...body, code: Secret.of(body.code), peer });
      return letIn(parts, { principal, factors: ["code"] }, browser);
    },
    openInvitation: async ({ body, browser, peer }) => openInvitation(parts, Secret.of(body.code), { browser, peer }),
    signInWithPassword: async ({ body, browser, peer, signal }) => {
      const attempt = {
        loginName: body.loginName,
        password: Secret.of(body.password),
        code: body.code === undefined ? undefined : Secret.of(body.code),
      };
      const proof = await credentials.signIn(attempt, originOf(parts, { peer, browser }), { signal });
      return letIn(parts, { ...proof, stay: body.stay }, browser);
    },
  };
};

const aboutOneself = (parts: PeopleParts): Pick<Handlers, OwnRoutes> => {
  const { logins, devices, credentials, enrolment, words } = parts;
  return {
    me: async ({ login, principal }) =>
      principal.kind === "guest" ? describeGuest(parts, { guest: principal, login: login.id }) : meOf(parts, login),
    signOut: async ({ login, browser }) => {
      logins.end(login.id);
      browser.setCookies([dropCookie("login")]);
      return {};
    },
    stepUpWithPassword: async ({ login, body, browser, peer, signal }) => {
      const { principal } = login;
      const password = Secret.of(body.password);
      const code = body.code === undefined ? undefined : Secret.of(body.code);
      const from = originOf(parts, { peer, browser });
      const { factors } = await credentials.stepUp({ principal, password, code }, from, { signal });
      if (!isComplete(factors, parts.people.factorsOf(existing(parts, principal)))) throw stepUpNeeded();
      return goOn(parts, logins.raise(login.id, factors), browser);
    },
    setPassword: async ({ login, body, browser, signal }) => {
      const device = deviceName(browser.userAgent);
      const begun = await enrolment.setPassword({ login, password: Secret.of(body.password), device }, { signal });
      browser.setCookies([devices.remember(browser.cookieHeader, login.principal)]);
      return goOn(parts, begun, browser);
    },
    proposePassword: async () => ({ password: words.propose() }),
    startTotp: async ({ login }) => enrolment.startTotp(login),
    confirmTotp: async ({ login, body, browser }) =>
      goOn(parts, enrolment.confirmTotp(login, Secret.of(body.code)), browser),
    removeTotp: async ({ login }) => {
      enrolment.removeTotp(login);
      return {};
    },
    makeRecoveryCodes: async ({ login }) => ({
      codes: enrolment.makeRecoveryCodes(login).map((code) => code.reveal()),
    }),
    listOwnLogins: async ({ login }) => listLogins(parts, login.id, login.principal),
    endOwnLogin: async ({ login, params }) => {
      endLogin(parts, params.login, login.principal);
      return {};
    },
  };
};

const aboutOthers = (parts: PeopleParts): Pick<Handlers, PeopleRoutes> => {
  const { people, principals } = parts;
  return {
    listPeople: async () => people.list(),
    addPerson: async ({ body }) => {
      assertGrantable("person", body.grants);
      return parts.database.transaction(() => {
        const account = people.add(body);
        if (body.roles.length > 0) parts.roles.give(account.principal, body.roles);
        return invite(parts, account);
      });
    },
    changePerson: async ({ params: { principal }, body: { name, roles, grants } }) => {
      const account = existing(parts, principal);
      principals.change([principal], () => {
        if (name !== undefined) principals.rename(principal, name);
        if (roles !== undefined) parts.roles.give(principal, roles);
        if (grants !== undefined) principals.setGrants(principal, grants);
      });
      return people.describe(account);
    },
    removePerson: async ({ principal: caller, params: { principal } }) => {
      const account = existing(parts, principal);
      insistOnAnother(caller.id, principal);
      principals.revoke(account.principal);
      return {};
    },
    inviteAgain: async ({ principal: caller, params: { principal } }) => {
      const account = existing(parts, principal);
      insistOnAnother(caller.id, principal);
      return inviteAgain(parts, account);
    },
    listLogins: async ({ login }) => listLogins(parts, login?.id),
    endLogin: async ({ params }) => {
      endLogin(parts, params.login);
      return {};
    },
  };
};

/** Nobody locks themselves out: somebody else must, or whoever has the box. */
const insistOnAnother = (caller: PrincipalId, principal: PrincipalId): void => {
  if (caller !== principal) return;
  throw new GatehouseError("request-invalid", "nobody removes or invites themselves", {
    remedy: "Set another password instead, or have somebody else do it; on the gateway's box, `gatehouse person` does.",
  });
};

const openInvitation = (
  parts: PeopleParts,
  code: Secret,
  { browser, peer }: { readonly browser: Browser; readonly peer: string },
): Me => {
  const { codes, people, database, audit, refusedInvitations } = parts;
  const me = database.transaction(() => {
    const principal = codes.use("invitation", code)?.principal ?? undefined;
    if (principal === undefined || people.get(principal) === undefined) return undefined;
    audit.append({ principal, action: "openInvitation", target: principal, outcome: "done", detail: "by a code" });
    return letIn(parts, { principal, factors: ["code"] }, browser);
  });
  if (me !== undefined) return me;
  refusedInvitations.add("wrong code", { peer });
  throw new GatehouseError("sign-in-refused", "this invitation is wrong, was used, or is too old", {
    remedy: "Ask for another one; each works once, for a day.",
  });
};

const originOf = (
  { interfaces }: PeopleParts,
  { peer, browser }: { readonly peer: string; readonly browser: Browser },
): AttemptOrigin => {
  const { cookieHeader, visitor } = browser;
  return { peer, cookieHeader, visitor, place: placeOf(peer, interfaces) };
};

const listLogins = ({ logins }: PeopleParts, current: LoginId | undefined, of?: PrincipalId): Login[] =>
  logins.list(of).map((login) => ({ ...login, current: login.id === current }));

const endLogin = ({ logins }: PeopleParts, id: LoginId, of?: PrincipalId): void => {
  if (!logins.list(of).some((login) => login.id === id)) {
    throw new GatehouseError("not-found", "there is no such login, or it has ended", {
      remedy: "`gatehouse login list` shows those that stand.",
    });
  }
  logins.end(id);
};

const invite = ({ codes, people }: PeopleParts, account: Account): Invitation => {
  const { code, expires } = codes.make("invitation", account.principal);
  return { person: people.describe(account), code: code.reveal(), expires };
};

/** For a password that was forgotten. The authenticator stays: an invitation alone must not do in its stead. */
const inviteAgain = (parts: PeopleParts, account: Account): Invitation => {
  const { database, people, logins, devices, guests } = parts;
  return database.transaction(() => {
    people.setPassword(account.principal, null);
    logins.endAll(account.principal);
    devices.forgetAll(account.principal);
    guests.endMadeBy(account.principal, "its maker has another password");
    return invite(parts, { ...account, password: null });
  });
};
