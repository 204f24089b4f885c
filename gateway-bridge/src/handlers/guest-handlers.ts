import {
  GatehouseError,
  Secret,
  type CameraId,
  type GuestMe,
  type NewGuestLink,
  type Principal,
} from "@gatehouse/shared";

import type { GuestAttempt, GuestLinks } from "../access/guest-links.ts";
import { deviceName } from "../access/logins/device-name.ts";
import type { Logins } from "../access/logins/logins.ts";
import type { Browser, Handlers } from "../api/handlers.ts";
import { canonicalOrigin, type OriginParts } from "./canonical-origin.ts";

export interface GuestParts extends OriginParts {
  readonly guests: GuestLinks;
  readonly logins: Logins;
  readonly cameras: { list(): readonly { readonly id: CameraId }[] };
}

type GuestRoutes = "listGuestLinks" | "makeGuestLink" | "revokeGuestLink" | "openGuestLink";

/** How guests come in, and who lets them. */
export const guestHandlers = (parts: GuestParts): Pick<Handlers, GuestRoutes> => {
  const { guests } = parts;
  return {
    listGuestLinks: async () => guests.list(),
    makeGuestLink: async ({ principal, body }) => {
      insistOnCameras(parts, body);
      const { link, secret } = guests.make(body, principal.id);
      return { link, url: `${canonicalOrigin(parts)}/#guest=${secret.reveal().replaceAll("-", "")}` };
    },
    revokeGuestLink: async ({ params }) => {
      guests.revoke(params.link);
      return {};
    },
    openGuestLink: async ({ body, peer, browser }) => letIn(parts, { secret: Secret.of(body.secret), peer }, browser),
  };
};

const insistOnCameras = ({ cameras }: GuestParts, { cameras: asked }: NewGuestLink): void => {
  const known = new Set(cameras.list().map(({ id }) => id));
  const strange = asked.find((id) => !known.has(id));
  if (strange !== undefined) throw new GatehouseError("not-found", `there is no camera ${strange}`);
};

const letIn = ({ guests, logins }: GuestParts, attempt: GuestAttempt, browser: Browser): GuestMe => {
  const device = deviceName(browser.userAgent);
  const { guest, begun } = guests.use(attempt, (principal) => {
    const login = { principal: principal.id, factors: ["link" as const], device, complete: false };
    return { guest: principal, begun: logins.begin(login) };
  });
  // Whoever signed in with this browser before is signed out by it.
  const before = logins.find(browser.cookieHeader);
  if (typeof before === "object") logins.end(before.id);
  browser.setCookies([begun.cookie]);
  return describeGuest({ logins }, { guest, login: begun.login.id });
};

/** What a guest is told about itself. */
export const describeGuest = (
  { logins }: Pick<GuestParts, "logins">,
  { guest: { id, name }, login: current }: { readonly guest: Principal; readonly login: GuestMe["login"]["id"] },
): GuestMe => {
  const login = logins.list(id).find((one) => one.id === current);
  if (login === undefined) throw new GatehouseError("unauthenticated", "this login has ended");
  return { guest: { id, name, until: login.ends }, login: { ...login, current: true } };
};
