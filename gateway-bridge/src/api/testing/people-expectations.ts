import { LoginId, PrincipalId } from "@gatehouse/shared";

const id = PrincipalId.parse("who-zzzzzzzzzzzzzzzz");
const login = LoginId.parse("login-aaaaaaaaaaaaaaaa");
const factors = { password: true, totp: true, passkeys: 1, recoveryCodes: 10 };
const person = { id, name: "Ann", loginName: "ann", grants: [], roles: [], factors, created: 1, lastLogin: null };
const oneLogin = {
  id: login,
  person: id,
  device: "Firefox on Linux",
  factors: ["password" as const, "totp" as const],
  created: 1,
  used: 1,
  ends: 2,
  steppedUp: 1,
  current: true,
};
const me = { person, login: oneLogin, admin: true, needs: [], notices: [] };
const invitation = { person, code: "abcde", expires: 5 };

/** A well-formed answer of every route about people. */
export const peopleSamples = {
  doorState: {
    name: "Home",
    firstRun: false,
    passkeys: true,
    canonical: "https://home.local:8443",
    trust: { kind: "home" as const, fingerprint: "AA:BB" },
  },
  makeFirstRunCode: { code: "abcde", expires: 5 },
  firstRun: me,
  openInvitation: me,
  signInWithPassword: me,
  me,
  signOut: {},
  stepUpWithPassword: me,
  setPassword: me,
  proposePassword: { password: "three-random-words" },
  startTotp: { uri: "otpauth://totp/x", secret: "A" },
  confirmTotp: me,
  removeTotp: {},
  makeRecoveryCodes: { codes: [] },
  listOwnLogins: [oneLogin],
  endOwnLogin: {},
  listPeople: [person],
  addPerson: invitation,
  changePerson: person,
  removePerson: {},
  inviteAgain: invitation,
  listLogins: [oneLogin],
  endLogin: {},
};

export const peopleRequests = {
  doorState: { path: "/v1/door" },
  makeFirstRunCode: { path: "/v1/first-run/code" },
  firstRun: { path: "/v1/first-run", body: { code: "a", name: "Ann", loginName: "ann" } },
  openInvitation: { path: "/v1/invitations/open", body: { code: "a" } },
  signInWithPassword: { path: "/v1/sign-in/password", body: { loginName: "ann", password: "p" } },
  me: { path: "/v1/me" },
  signOut: { path: "/v1/me/login" },
  stepUpWithPassword: { path: "/v1/me/step-up/password", body: { password: "p" } },
  setPassword: { path: "/v1/me/password", body: { password: "p" } },
  proposePassword: { path: "/v1/me/password/proposal" },
  startTotp: { path: "/v1/me/totp" },
  confirmTotp: { path: "/v1/me/totp", body: { code: "123456" } },
  removeTotp: { path: "/v1/me/totp" },
  makeRecoveryCodes: { path: "/v1/me/recovery-codes" },
  listOwnLogins: { path: "/v1/me/logins" },
  endOwnLogin: { path: `/v1/me/logins/${login}` },
  listPeople: { path: "/v1/people" },
  addPerson: { path: "/v1/people", body: { name: "Bob", loginName: "bob" } },
  changePerson: { path: `/v1/people/${id}`, body: { name: "Anne" } },
  removePerson: { path: `/v1/people/${id}` },
  inviteAgain: { path: `/v1/people/${id}/invitation` },
  listLogins: { path: "/v1/logins" },
  endLogin: { path: `/v1/logins/${login}` },
};

/** `page`: anybody, from the gateway's own page. `login`: who is signed in, and no key at all. */
export const mayCallAboutPeople = {
  doorState: "anybody",
  makeFirstRunCode: "admin",
  firstRun: "page",
  openInvitation: "page",
  signInWithPassword: "page",
  me: "login",
  signOut: "login",
  stepUpWithPassword: "login",
  setPassword: "login",
  proposePassword: "login",
  startTotp: "login",
  confirmTotp: "login",
  removeTotp: "login",
  makeRecoveryCodes: "login",
  listOwnLogins: "login",
  endOwnLogin: "login",
  listPeople: "admin",
  addPerson: "admin",
  changePerson: "admin",
  removePerson: "admin",
  inviteAgain: "admin",
  listLogins: "admin",
  endLogin: "admin",
} as const;

/** Who comes in is written down where that happens. */
export const auditedAboutPeople = {
  doorState: false,
  makeFirstRunCode: true,
  firstRun: false,
  openInvitation: false,
  signInWithPassword: false,
  me: false,
  signOut: true,
  stepUpWithPassword: true,
  setPassword: true,
  proposePassword: true,
  startTotp: true,
  confirmTotp: true,
  removeTotp: true,
  makeRecoveryCodes: true,
  listOwnLogins: false,
  endOwnLogin: true,
  listPeople: false,
  addPerson: true,
  changePerson: true,
  removePerson: true,
  inviteAgain: true,
  listLogins: false,
  endLogin: true,
};
