import { z } from "zod";

import { GuestLink, GuestMe, MadeGuestLink, NewGuestLink, OpenGuestLink } from "./guest.ts";
import { GuestLinkId } from "./ids.ts";
import { nothing, route, type Route } from "./route.ts";

const admin = { on: "gateway", action: "admin" } as const;

/** How guests come in, for a while. */
export const guestRoutes = {
  /** The newest first. */
  listGuestLinks: route({ method: "GET", path: "/v1/guest-links", access: admin, response: z.array(GuestLink) }),
  makeGuestLink: route({
    method: "POST",
    path: "/v1/guest-links",
    access: admin,
    body: NewGuestLink,
    response: MadeGuestLink,
  }),
  /** Ends whatever flows to the guest, and locks the guest out. */
  revokeGuestLink: route({
    method: "DELETE",
    path: "/v1/guest-links/:link",
    access: admin,
    params: z.strictObject({ link: GuestLinkId }),
    response: nothing,
  }),
  /** Signs the browser in as the guest, once; a cookie goes with the answer. */
  openGuestLink: route({
    method: "POST",
    path: "/v1/guest-links/open",
    access: { on: "anybody" },
    body: OpenGuestLink,
    response: GuestMe,
  }),
} satisfies Record<string, Route>;
