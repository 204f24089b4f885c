import { z } from "zod";

import { RoleId } from "./ids.ts";
import { NewRole, Role } from "./role.ts";
import { nothing, route, type Route } from "./route.ts";

const admin = { on: "gateway", action: "admin" } as const;
const oneRole = z.strictObject({ role: RoleId });

/** Bundles of grants. What a change no longer covers ends at once, for all who hold the role. */
export const roleRoutes = {
  listRoles: route({ method: "GET", path: "/v1/roles", access: admin, response: z.array(Role) }),
  addRole: route({ method: "POST", path: "/v1/roles", access: admin, body: NewRole, response: Role }),
  changeRole: route({
    method: "PUT",
    path: "/v1/roles/:role",
    access: admin,
    params: oneRole,
    body: NewRole,
    response: Role,
  }),
  /** Only one that nobody holds. */
  removeRole: route({
    method: "DELETE",
    path: "/v1/roles/:role",
    access: admin,
    params: oneRole,
    response: nothing,
  }),
} satisfies Record<string, Route>;
