import type { Cancellable, Secret } from "@gatehouse/shared";

import type { XmlNode } from "../../xml/write-xml.ts";
import { textAt, type XmlElement } from "../../xml/xml-element.ts";
import type { OnvifCaller } from "../onvif-caller.ts";
import { argument, ask, entries, faithful, part } from "./ask.ts";

/** What an account may do (ONVIF schema, UserLevel); cameras may say others. */
export const userLevels = ["Administrator", "Operator", "User", "Anonymous", "Extended"] as const;
export type UserLevel = (typeof userLevels)[number];

/** An account of a camera. Both texts exactly as the camera wrote them: `1.50` is not `1.5`. */
export interface CameraUser {
  readonly username: string;
  /** One of `userLevels`, or what else the camera says. */
  readonly level: string;
}

export interface UserChange extends CameraUser {
  /** Undefined leaves the password as it is. */
  readonly password: Secret | undefined;
}

export const getUsers = async (onvif: OnvifCaller, cancel: Cancellable): Promise<readonly CameraUser[]> =>
  readUsers(await ask(onvif, { operation: "GetUsers" }, cancel));

export const readUsers = (answer: XmlElement): readonly CameraUser[] =>
  entries(answer, "User").map((user) => ({ username: textAt(user, "Username"), level: textAt(user, "UserLevel") }));

/** @throws GatehouseError as OnvifCaller.call; faults `UsernameClash`, `PasswordTooLong`, `PasswordTooWeak`, `TooManyUsers` among them */
export const createUser = async (
  onvif: OnvifCaller,
  user: UserChange & { readonly password: Secret },
  cancel: Cancellable,
): Promise<void> => {
  await ask(onvif, { operation: "CreateUsers", arguments: [writeUser(user)] }, cancel);
};

/** Changes level and password of an account that is there. */
export const setUser = async (onvif: OnvifCaller, user: UserChange, cancel: Cancellable): Promise<void> => {
  await ask(onvif, { operation: "SetUser", arguments: [writeUser(user)] }, cancel);
};

export const deleteUser = async (onvif: OnvifCaller, username: string, cancel: Cancellable): Promise<void> => {
  const name = argument("Username", faithful(username, "the user name"));
  await ask(onvif, { operation: "DeleteUsers", arguments: [name] }, cancel);
};

const writeUser = ({ username, password, level }: UserChange): XmlNode =>
  argument(
    "User",
    part("Username", faithful(username, "the user name")),
    password === undefined ? undefined : part("Password", faithful(password.reveal(), "the password")),
    part("UserLevel", level),
  );
