import { GatehouseError, type Cancellable } from "@gatehouse/shared";

import { parseXml } from "../../protocols/xml/parse-xml.ts";
import { writeXml, xml } from "../../protocols/xml/write-xml.ts";
import { find, findAll, textAt } from "../../protocols/xml/xml-element.ts";
import type { Credentials } from "../../domain/camera.ts";
import type { ProbedCamera, ProbeLogin, Vendor } from "../probe/probed-camera.ts";

/** Vendors that keep the accounts of their page and stream apart from those of ONVIF. */
export const hasTwoLists = (vendor: Vendor): boolean => vendor === "hikvision" || vendor === "dahua";

/**
 * Whether the page's list, where there is one, can only be changed by hand. Dahua's CGI takes a new password in an address (userManager.cgi,
 * modifyPassword), which ends up in logs; of its RPC, public clients name different parameters (`pwdOld` and `pwd`, or `pwd` and `pwdNew`). Older
 * firmware has one list for all, newer two: which it is, only a password that was changed by ONVIF shows.
 */
export const hasPageByHand = (vendor: Vendor): boolean => vendor === "dahua";

/** An account of the page, by the number that the camera gave it. */
export interface WebUser {
  readonly id: string;
  readonly username: string;
}

const usersPath = "/ISAPI/Security/users";
const namespace = "http://www.hikvision.com/ver20/XMLSchema";
const mostUsers = 64;

/** Accounts of a Hikvision camera's page (ISAPI, Security: UserList). @throws GatehouseError `camera-credentials`, `camera-fault`, ... */
export const getWebUsers = async (
  camera: ProbedCamera,
  login: ProbeLogin,
  cancel: Cancellable,
): Promise<readonly WebUser[]> => {
  const { status, body } = await camera.http.request({ method: "GET", path: usersPath }, login, cancel);
  check(status);
  const list = parseXml(body);
  const users = list.name === "UserList" ? list : find(list, "UserList");
  return findAll(users, "User")
    .slice(0, mostUsers)
    .map((user) => ({ id: textAt(user, "id"), username: textAt(user, "userName") }))
    .filter(({ id }) => /^\d{1,4}$/.test(id));
};

/** Gives an account of the page another password; what else belongs to it stays. @throws GatehouseError as getWebUsers */
export const setWebPassword = async (
  camera: ProbedCamera,
  { id, username, password }: WebUser & Credentials,
  login: ProbeLogin,
  cancel: Cancellable,
): Promise<void> => {
  const user = xml(
    "User",
    { version: "2.0", xmlns: namespace },
    xml("id", {}, id),
    xml("userName", {}, username),
    xml("password", {}, password.reveal()),
  );
  const headers = { "content-type": "application/xml; charset=utf-8" };
  const body = Buffer.from(writeXml(user));
  const { status } = await camera.http.request(
    { method: "PUT", path: `${usersPath}/${id}`, headers, body },
    login,
    cancel,
  );
  check(status);
};

const check = (status: number): void => {
  if (status === 200) return;
  if (status === 401) throw new GatehouseError("camera-credentials", "the camera's page refused the login");
  throw new GatehouseError("camera-fault", `the camera's page answered ${status} to a question about its accounts`, {
    details: { status },
  });
};
