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
import type { BegunLogin } from "../access/logins/logins.ts";
import { dropCookie } from "../access/logins/cookies.ts";
import type { PeopleDoor } from "../access/people/people-door.ts";
import type { Account } from "../access/people/people.ts";
import type { Principals } from "../access/principals.ts";
import type { Browser, Handlers } from "../api/handlers.ts";
import type { LiveLogin } from "../domain/login-policy.ts";
import type { AuditSink } from "../ports.ts";
import type { Database } from "../store/database.ts";

/** What these routes act on. */
export interface PeopleParts extends PeopleDoor {
  readonly name: string;
  readonly database: Database;
  readonly principals: Principals;
  readonly audit: AuditSink;
  readonly clock: Clock;
}

type DoorRoutes = "doorState" | "makeFirstRunCode" | "firstRun" | "openInvitation" | "signInWithPassword";
type OwnRoutes =
  | "me"
  | "signOut"
  | "stepUpWithPassword"
  | "setPassword"
  | "proposePassword"
  | "startTotp"
  | "confirmTotp"
  | "makeRecoveryCodes"
  | "listOwnLogins"
  | "endOwnLogin";
type PeopleRoutes = "listPeople" | "addPerson" | "removePerson" | "inviteAgain" | "listLogins" | "endLogin";

/** How people come in, and what they do about themselves and each other. */
export const createPeopleHandlers = (parts: PeopleParts): Pick<Handlers, DoorRoutes | OwnRoutes | PeopleRoutes> => ({
  ...comingIn(parts),
  ...aboutOneself(parts),
  ...aboutOthers(parts),
});

const comingIn = (parts: PeopleParts): Pick<Handlers, DoorRoutes> => {
  const { name, firstRun, credentials } = parts;
  return {
    doorState: async () => ({ name, firstRun: !firstRun.done }),
    makeFirstRunCode: async () => {
      const { code, expires } = firstRun.makeCode();
      return { code: code.reveal(), expires };
    },
    firstRun: async ({ body, browser }) => {
      const { principal } = firstRun.redeem({ ...body, code: Secret.of(body.code) });
      return letIn(parts, { principal, factors: ["code"], complete: false }, browser);
    },
    openInvitation: async ({ body, browser }) => openInvitation(parts, Secret.of(body.code), browser),
    signInWithPassword: async ({ body, browser, peer, signal }) => {
      const attempt = {
        loginName: body.loginName,
        password: Secret.of(body.password),
        code: body.code === undefined ? undefined : Secret.of(body.code),
      };
      const proof = await credentials.signIn(attempt, { peer, cookieHeader: browser.cookieHeader }, { signal });
      return letIn(parts, { ...proof, complete: true }, browser);
    },
  };
};

const aboutOneself = (parts: PeopleParts): Pick<Handlers, OwnRoutes> => {
  const { logins, devices, credentials, enrolment, words } = parts;
  return {
    me: async ({ login }) => meOf(parts, login),
    signOut: async ({ login, browser }) => {
      logins.end(login.id);
      browser.setCookies([dropCookie("login")]);
      return {};
    },
    stepUpWithPassword: async ({ login, body, browser, peer, signal }) => {
      const { principal } = login;
      const password = Secret.of(body.password);
      const code = body.code === undefined ? undefined : Secret.of(body.code);
      const from = { peer, cookieHeader: browser.cookieHeader };
      const proof = await credentials.stepUp({ principal, password, code }, from, { signal });
      return goOn(parts, logins.raise(login.id, proof.factors), browser);
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
      return parts.database.transaction(() => invite(parts, people.add(body)));
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

/** Begins a login, with a cookie for it and one for the browser. */
const letIn = (
  parts: PeopleParts,
  { principal, factors, complete }: { principal: PrincipalId; factors: LiveLogin["factors"]; complete: boolean },
  browser: Browser,
): Me => {
  const { people, logins, devices } = parts;
  // Whoever was removed while the password was looked at stays out.
  if (people.get(principal) === undefined)
    throw new GatehouseError("sign-in-refused", "name, password or code is wrong");
  const begun = logins.begin({ principal, factors, complete, device: deviceName(browser.userAgent) });
  // Whoever signed in with this browser before is signed out by it.
  const before = logins.find(browser.cookieHeader);
  if (typeof before === "object") logins.end(before.id);
  people.noteLogin(principal);
  if (complete) browser.setCookies([devices.remember(browser.cookieHeader, principal)]);
  return goOn(parts, begun, browser);
};

const goOn = (parts: PeopleParts, begun: BegunLogin | undefined, browser: Browser): Me => {
  if (begun === undefined) throw new GatehouseError("unauthenticated", "this login has ended");
  browser.setCookies([begun.cookie]);
  return meOf(parts, begun.login);
};

const openInvitation = (parts: PeopleParts, code: Secret, browser: Browser): Me => {
  const { codes, people, database, audit } = parts;
  const me = database.transaction(() => {
    const principal = codes.use("invitation", code)?.principal ?? undefined;
    if (principal === undefined || people.get(principal) === undefined) return undefined;
    audit.append({ principal, action: "openInvitation", target: principal, outcome: "done", detail: "by a code" });
    return letIn(parts, { principal, factors: ["code"], complete: false }, browser);
  });
  if (me !== undefined) return me;
  throw new GatehouseError("sign-in-refused", "this invitation is wrong, was used, or is too old", {
    remedy: "Ask for another one; each works once, for a day.",
  });
};

const meOf = (parts: PeopleParts, { id, principal }: LiveLogin): Me => {
  const { people, logins } = parts;
  const account = existing(parts, principal);
  const login = logins.list(principal).find((one) => one.id === id);
  if (login === undefined) throw new GatehouseError("unauthenticated", "this login has ended");
  const person = people.describe(account);
  const needs: Me["needs"] = [];
  if (!person.factors.password) needs.push("password");
  if (!person.factors.totp) needs.push("second-factor");
  else if (person.factors.recoveryCodes === 0) needs.push("recovery-codes");
  return { person, login: { ...login, current: true }, admin: people.mayGovern(principal), needs };
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

const existing = ({ people }: PeopleParts, principal: PrincipalId): Account => {
  const account = people.get(principal);
  if (account !== undefined) return account;
  throw new GatehouseError("not-found", "there is no such person", {
    remedy: "`gatehouse person list` shows the ids.",
  });
};

const invite = ({ codes, people }: PeopleParts, account: Account): Invitation => {
  const { code, expires } = codes.make("invitation", account.principal);
  return { person: people.describe(account), code: code.reveal(), expires };
};

/** For a password that was forgotten. The authenticator stays: an invitation alone must not do in its stead. */
const inviteAgain = (parts: PeopleParts, account: Account): Invitation => {
  const { database, people, logins, devices } = parts;
  return database.transaction(() => {
    people.setPassword(account.principal, null);
    logins.endAll(account.principal);
    devices.forgetAll(account.principal);
    return invite(parts, { ...account, password: null });
  });
};
