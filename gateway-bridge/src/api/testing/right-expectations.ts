import { CameraId, GuestLinkId, LoginId, PrincipalId, RoleId } from "@gatehouse/shared";

const role = { id: RoleId.parse("role-aaaaaaaaaaaaaaaa"), name: "Family", grants: [], people: 1 };
const guest = PrincipalId.parse("who-zzzzzzzzzzzzzzzz");
const camera = CameraId.parse("cam-aaaaaaaaaaaaaaaa");
const wish = { name: "Plumber", cameras: [camera], actions: ["live" as const], until: 2 };
const link = {
  ...wish,
  ...{ id: GuestLinkId.parse("link-aaaaaaaaaaaaaaaa"), guest, madeBy: guest, made: 1, used: null, revoked: null },
};
const login = {
  ...{ id: LoginId.parse("login-aaaaaaaaaaaaaaaa"), person: guest, device: "Firefox on Linux" },
  ...{ factors: ["link" as const], created: 1, used: 1, ends: 2, steppedUp: null, current: true },
};

/** A well-formed answer of every route about roles and guests. */
export const rightSamples = {
  listRoles: [role],
  addRole: role,
  changeRole: role,
  removeRole: {},
  listGuestLinks: [link],
  makeGuestLink: { link, url: "https://gateway/#guest=abcde" },
  revokeGuestLink: {},
  openGuestLink: { guest: { id: guest, name: "Plumber", until: 2 }, login },
};

const body = { name: "Family", grants: [] };
export const rightRequests = {
  listRoles: { path: "/v1/roles" },
  addRole: { path: "/v1/roles", body },
  changeRole: { path: `/v1/roles/${role.id}`, body },
  removeRole: { path: `/v1/roles/${role.id}` },
  listGuestLinks: { path: "/v1/guest-links" },
  makeGuestLink: { path: "/v1/guest-links", body: wish },
  revokeGuestLink: { path: `/v1/guest-links/${link.id}` },
  openGuestLink: { path: "/v1/guest-links/open", body: { secret: "a" } },
};

/** `page`: anybody, from the gateway's own page. */
export const mayCallAboutRights = {
  listRoles: "admin",
  addRole: "admin",
  changeRole: "admin",
  removeRole: "admin",
  listGuestLinks: "admin",
  makeGuestLink: "admin",
  revokeGuestLink: "admin",
  openGuestLink: "page",
} as const;

/** Who comes in is written down where that happens. */
export const auditedAboutRights = {
  listRoles: false,
  addRole: true,
  changeRole: true,
  removeRole: true,
  listGuestLinks: false,
  makeGuestLink: true,
  revokeGuestLink: true,
  openGuestLink: false,
};
