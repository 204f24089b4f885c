import type { Principals } from "../access/principals.ts";
import type { Handlers } from "../api/handlers.ts";

export const grantHandlers = ({
  principals,
}: {
  readonly principals: Principals;
}): Pick<Handlers, "listPrincipals" | "changeGrants"> => ({
  listPrincipals: async () => principals.list().map(({ id }) => principals.describe(id)),
  changeGrants: async ({ params, body }) => principals.setGrants(params.principal, body),
});
