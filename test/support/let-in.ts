import type { GatewayClient, Grant, GuestLinkId, NewGuestLink, PrincipalId, RoleId } from "@gatehouse/shared";

import { Asker, type AskedGateway } from "./asker.ts";
import { PageClient } from "./page-client.ts";

const never = { signal: new AbortController().signal };

/** Somebody who is signed in with a browser. */
export interface LetIn {
  readonly principal: PrincipalId;
  readonly asker: Asker;
}

/** With the cookies of a page, as the browser sends them on the gateway's own. */
const withCookies = async (gateway: AskedGateway, page: PageClient): Promise<Asker> => {
  const cookie = [...page.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const headers = { cookie, "sec-fetch-site": "same-origin", origin: `https://${gateway.address}` };
  return Asker.with(gateway, { headers });
};

let people = 0;
/** Adds a person, who sets a password with a browser of its own. */
export const letPersonIn = async (
  gateway: AskedGateway,
  owner: GatewayClient,
  wish: { readonly grants: Grant[]; readonly roles?: RoleId[] },
): Promise<LetIn> => {
  people += 1;
  const body = { name: "Friend", loginName: `friend${people}`, ...wish };
  const { code, person } = await owner.call("addPerson", { body }, never);
  const page = await PageClient.of(gateway);
  await page.get({ method: "POST", path: "/v1/invitations/open", body: { code } });
  await page.get({ method: "PUT", path: "/v1/me/password", body: { password: "correct horse battery staple" } });
  return { principal: person.id, asker: await withCookies(gateway, page) };
};

/** Makes a guest link, and opens it with a browser of the guest's own. */
export const letGuestIn = async (
  gateway: AskedGateway,
  owner: GatewayClient,
  body: NewGuestLink,
): Promise<LetIn & { readonly link: GuestLinkId }> => {
  const { link, url } = await owner.call("makeGuestLink", { body }, never);
  const page = await PageClient.of(gateway);
  const secret = new URL(url).hash.replace("#guest=", "");
  await page.get({ method: "POST", path: "/v1/guest-links/open", body: { secret } });
  return { principal: link.guest, asker: await withCookies(gateway, page), link: link.id };
};
