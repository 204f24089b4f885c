import { GatehouseError, type Me, type PrincipalId } from "@gatehouse/shared";

import { deviceName } from "../access/logins/device-name.ts";
import type { BegunLogin } from "../access/logins/logins.ts";
import type { PeopleDoor } from "../access/people/people-door.ts";
import type { Account } from "../access/people/people.ts";
import type { Notices } from "../access/notices.ts";
import type { Browser } from "../api/handlers.ts";
import { deviceLabel } from "../domain/device-label.ts";
import { isComplete, type LiveLogin } from "../domain/login-policy.ts";
import { noticesFor } from "./notice-handlers.ts";

interface Parts extends Pick<PeopleDoor, "people" | "logins" | "devices"> {
  readonly notices: Notices;
}

/** Begins a login, with a cookie for it and one for the browser. */
export const letIn = (
  parts: Parts,
  { principal, factors, stay }: Pick<LiveLogin, "principal" | "factors"> & { readonly stay?: boolean | undefined },
  browser: Browser,
): Me => {
  const { people, logins, devices } = parts;
  const account = people.get(principal);
  // Whoever was removed while the password was looked at stays out.
  if (account === undefined) throw new GatehouseError("sign-in-refused", "name, password or code is wrong");
  const complete = isComplete(factors, people.factorsOf(account));
  // A cookie is every port's of its host: who gets an address next would be sent it.
  const stays = stay === true && browser.authority?.kind === "name";
  const { visitor } = browser;
  const device = visitor === undefined ? deviceName(browser.userAgent) : deviceLabel(visitor.device);
  const begun = logins.begin({ principal, factors, complete, stays, device });
  // Whoever signed in with this browser before is signed out by it.
  const before = logins.find(browser.cookieHeader);
  if (typeof before === "object") logins.end(before.id);
  people.noteLogin(principal);
  // A code that let somebody in proves no browser, and a device was made known at home.
  if (!factors.includes("code") && visitor === undefined) {
    tellOfDevice(parts, principal, browser);
    browser.setCookies([devices.remember(browser.cookieHeader, principal)]);
  }
  return goOn(parts, begun, browser);
};

/** Tells the person of a browser in which it never signed in before. */
const tellOfDevice = ({ devices, notices }: Parts, person: PrincipalId, browser: Browser): void => {
  if (devices.keyOf(browser.cookieHeader, person) !== undefined) return;
  const device = deviceName(browser.userAgent);
  const text = `You signed in with a browser that was not known: ${device}.`;
  notices.raise({ kind: "new-device", person, subject: device, text });
};

/** Goes on with a login whose cookie was exchanged. */
export const goOn = (parts: Parts, begun: BegunLogin | undefined, browser: Browser): Me => {
  if (begun === undefined) throw new GatehouseError("unauthenticated", "this login has ended");
  browser.setCookies([begun.cookie]);
  return meOf(parts, begun.login);
};

export const meOf = (parts: Parts, live: LiveLogin): Me => {
  const { people, logins } = parts;
  const { id, principal } = live;
  const account = existing(parts, principal);
  const login = logins.list(principal).find((one) => one.id === id);
  if (login === undefined) throw new GatehouseError("unauthenticated", "this login has ended");
  const person = people.describe(account);
  const { password, totp, passkeys, recoveryCodes } = person.factors;
  const needs: Me["needs"] = [];
  if (!password && passkeys === 0) needs.push("password");
  if (!totp && passkeys === 0) needs.push("second-factor");
  else if (recoveryCodes === 0) needs.push("recovery-codes");
  const notices = noticesFor(parts, live);
  return { person, login: { ...login, current: true }, admin: people.mayGovern(principal), needs, notices };
};

export const existing = ({ people }: Pick<Parts, "people">, principal: PrincipalId): Account => {
  const account = people.get(principal);
  if (account !== undefined) return account;
  throw new GatehouseError("not-found", "there is no such person", {
    remedy: "`gatehouse person list` shows the ids.",
  });
};
