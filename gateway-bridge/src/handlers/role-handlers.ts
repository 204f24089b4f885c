import type { Roles } from "../access/roles.ts";
import type { Handlers } from "../api/handlers.ts";

type RoleRoutes = "listRoles" | "addRole" | "changeRole" | "removeRole";

export const roleHandlers = ({ roles }: { readonly roles: Roles }): Pick<Handlers, RoleRoutes> => ({
  listRoles: async () => roles.list(),
  addRole: async ({ body }) => roles.add(body),
  changeRole: async ({ params, body }) => roles.change(params.role, body),
  removeRole: async ({ params }) => {
    roles.remove(params.role);
    return {};
  },
});
