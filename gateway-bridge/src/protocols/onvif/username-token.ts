import type { Secret } from "@gatehouse/shared";
import { createHash, randomBytes } from "node:crypto";

import { xml, type XmlNode } from "../xml/write-xml.ts";
import { namespaces } from "./namespaces.ts";

export interface UsernameTokenOptions {
  readonly username: string;
  readonly password: Secret;
  /** The camera's own time, milliseconds: a token made by another clock is refused as old. */
  readonly cameraNow: number;
}

const profile = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0";
const base64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";

/** The WS-Security header that proves the password without showing it (UsernameToken Profile 1.0, 3.1); good for one message. */
export const usernameToken = ({ username, password, cameraNow }: UsernameTokenOptions): XmlNode => {
  const nonce = randomBytes(16);
  const created = new Date(cameraNow).toISOString();
  const digest = createHash("sha1").update(nonce).update(created).update(password.reveal(), "utf8").digest("base64");
  return xml(
    "wsse:Security",
    { "xmlns:wsse": namespaces.wsSecurity, "xmlns:wsu": namespaces.wsSecurityUtility, "s:mustUnderstand": "1" },
    xml(
      "wsse:UsernameToken",
      {},
      xml("wsse:Username", {}, username),
      xml("wsse:Password", { Type: `${profile}#PasswordDigest` }, digest),
      xml("wsse:Nonce", { EncodingType: base64 }, nonce.toString("base64")),
      xml("wsu:Created", {}, created),
    ),
  );
};
