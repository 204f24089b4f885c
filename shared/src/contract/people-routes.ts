import { z } from "zod";

import { DoorState, FirstRun, FirstRunCode, OpenInvitation } from "./door.ts";
import { GuestMe } from "./guest.ts";
import { LoginId, PrincipalId } from "./ids.ts";
import { Login, Me, PasswordSignIn, RecoveryCodes, StepUp, TotpCode, TotpSecret } from "./login.ts";
import { ChangePerson, Invitation, NewPerson, Password, Person } from "./person.ts";
import { nothing, route, type Route } from "./route.ts";

const admin = { on: "gateway", action: "admin" } as const;
const anybody = { on: "anybody" } as const;
const fromAnywhere = { on: "anybody", away: true } as const;
const login = { on: "login" } as const;
const oneLogin = z.strictObject({ login: LoginId });
const onePerson = z.strictObject({ principal: PrincipalId });

/** How people come in, and what they do about themselves and each other. Who comes in is given a cookie with the answer. */
export const peopleRoutes = {
  doorState: route({ method: "GET", path: "/v1/door", access: fromAnywhere, response: DoorState }),
  makeFirstRunCode: route({
    method: "POST",
    path: "/v1/first-run/code",
    access: admin,
    browsers: false,
    response: FirstRunCode,
  }),
  firstRun: route({ method: "POST", path: "/v1/first-run", access: anybody, body: FirstRun, response: Me }),
  openInvitation: route({
    method: "POST",
    path: "/v1/invitations/open",
    access: anybody,
    body: OpenInvitation,
    response: Me,
  }),
  signInWithPassword: route({
    method: "POST",
    path: "/v1/sign-in/password",
    access: fromAnywhere,
    body: PasswordSignIn,
    response: Me,
  }),

  me: route({ method: "GET", path: "/v1/me", access: login, guests: true, response: z.union([Me, GuestMe]) }),
  signOut: route({ method: "DELETE", path: "/v1/me/login", access: login, guests: true, response: nothing }),
  stepUpWithPassword: route({
    method: "POST",
    path: "/v1/me/step-up/password",
    access: login,
    body: StepUp,
    response: Me,
  }),
  setPassword: route({
    method: "PUT",
    path: "/v1/me/password",
    access: login,
    body: z.strictObject({ password: Password }),
    response: Me,
  }),
  proposePassword: route({
    method: "POST",
    path: "/v1/me/password/proposal",
    access: login,
    response: z.strictObject({ password: z.string() }),
  }),
  startTotp: route({ method: "POST", path: "/v1/me/totp", access: login, response: TotpSecret }),
  confirmTotp: route({
    method: "PUT",
    path: "/v1/me/totp",
    access: login,
    body: z.strictObject({ code: TotpCode }),
    response: Me,
  }),
  removeTotp: route({ method: "DELETE", path: "/v1/me/totp", access: login, response: nothing }),
  makeRecoveryCodes: route({
    method: "POST",
    path: "/v1/me/recovery-codes",
    access: login,
    response: RecoveryCodes,
  }),
  listOwnLogins: route({ method: "GET", path: "/v1/me/logins", access: login, response: z.array(Login) }),
  endOwnLogin: route({
    method: "DELETE",
    path: "/v1/me/logins/:login",
    access: login,
    params: oneLogin,
    response: nothing,
  }),

  listPeople: route({ method: "GET", path: "/v1/people", access: admin, response: z.array(Person) }),
  addPerson: route({ method: "POST", path: "/v1/people", access: admin, body: NewPerson, response: Invitation }),
  /** What is not named stays as it is. What the person may not do any more ends at once. */
  changePerson: route({
    method: "PATCH",
    path: "/v1/people/:principal",
    access: admin,
    params: onePerson,
    body: ChangePerson,
    response: Person,
  }),
  removePerson: route({
    method: "DELETE",
    path: "/v1/people/:principal",
    access: admin,
    params: onePerson,
    response: nothing,
  }),
  inviteAgain: route({
    method: "POST",
    path: "/v1/people/:principal/invitation",
    access: admin,
    params: onePerson,
    response: Invitation,
  }),
  listLogins: route({ method: "GET", path: "/v1/logins", access: admin, response: z.array(Login) }),
  endLogin: route({
    method: "DELETE",
    path: "/v1/logins/:login",
    access: admin,
    params: oneLogin,
    response: nothing,
  }),
} satisfies Record<string, Route>;
