import { element, escapeXml, SoapFault, type XmlPart } from "../../soap.ts";
import type { CameraCore } from "../camera-core.ts";
import type { Account, UserLevel } from "../camera-state.ts";
import { readSecret, tag, writeSystem, type Operations } from "./operation.ts";

const levels: readonly string[] = ["Administrator", "Operator", "User", "Anonymous"];
const mostUsers = 16;

interface GivenUser {
  readonly username: string;
  readonly password: string | undefined;
  readonly level: UserLevel;
}

const usersOf = (body: XmlPart): GivenUser[] =>
  body.parts("User").map((part) => {
    const level = part.text("UserLevel") ?? "";
    const username = part.text("Username") ?? "";
    if (username === "" || !levels.includes(level)) throw new SoapFault("ter:InvalidArgVal", "not a user of ONVIF");
    return { username, password: part.text("Password"), level: level as UserLevel };
  });

/** ONVIF Core, Device Management 8.4: users. */
export const userOperations: Operations = {
  GetUsers: readSecret((core) =>
    core.state.accounts.onvif
      .map(({ username, level }) =>
        element("tds:User", tag("tt:Username", escapeXml(username)), tag("tt:UserLevel", level)),
      )
      .join(""),
  ),
  CreateUsers: writeSystem((core, body) => {
    const users = usersOf(body);
    const { onvif } = core.state.accounts;
    for (const { username, password = "" } of users) {
      if (core.accounts.find("onvif", username)) throw new SoapFault("ter:UsernameClash", "the user exists already");
      checkPassword(core, username, password);
    }
    if (onvif.length + users.length > mostUsers) throw new SoapFault("ter:TooManyUsers", "no room for another user");
    const accounts = users.map(({ username, password = "", level }): Account => ({ username, password, level }));
    onvif.push(...accounts);
    // Who sets a camera up is let in everywhere.
    if (!core.state.initialised && core.face.twoPlanes) core.state.accounts.web.push(...structuredClone(accounts));
    core.state.initialised = true;
    core.note("users created");
    return "";
  }),
  SetUser: writeSystem((core, body) => {
    const users = usersOf(body);
    for (const { username, password } of users) {
      if (!core.accounts.find("onvif", username)) throw new SoapFault("ter:UsernameMissing", "no such user");
      if (password !== undefined) checkPassword(core, username, password);
    }
    for (const { username, password, level } of users) {
      const account = core.accounts.find("onvif", username)!;
      Object.assign(account, { level, password: password ?? account.password });
    }
    core.note("users changed");
    return "";
  }),
  DeleteUsers: writeSystem((core, body) => {
    const names = body.texts("Username");
    for (const name of names) {
      if (!core.accounts.find("onvif", name)) throw new SoapFault("ter:UsernameMissing", "no such user");
      if (name === core.face.administrator) throw new SoapFault("ter:FixedUser", "this user cannot be deleted");
    }
    const { onvif } = core.state.accounts;
    const left = onvif.filter(({ username }) => !names.includes(username));
    onvif.splice(0, onvif.length, ...left);
    core.note("users deleted");
    return "";
  }),
};

/** What a brand's passwords must be like, and what the camera's own rules add. */
export const checkPassword = (core: CameraCore, username: string, password: string): void => {
  const { shortest, longest, kinds } = core.face.password;
  const { complexity } = core.state.policy;
  if (Buffer.byteLength(password) > longest) throw new SoapFault("ter:PasswordTooLong", "the password is too long");
  const kindsOf = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/].filter((kind) => kind.test(password)).length;
  const count = (of: RegExp): number => password.match(of)?.length ?? 0;
  const weak =
    password.length < Math.max(shortest, complexity.length) ||
    kindsOf < kinds ||
    count(/[A-Z]/g) < complexity.uppercase ||
    count(/\d/g) < complexity.numbers ||
    count(/[^a-zA-Z\d]/g) < complexity.specials ||
    (complexity.blocksUsername && password.includes(username));
  if (weak || !/^[!-~]*$/.test(password)) throw new SoapFault("ter:PasswordTooWeak", "the password is too weak");
};
