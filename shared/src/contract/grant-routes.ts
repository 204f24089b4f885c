import { z } from "zod";

import { Principal } from "./gateway.ts";
import { Grant } from "./grant.ts";
import { PrincipalId } from "./ids.ts";
import { route, type Route } from "./route.ts";

/** What somebody may do. */
export const grantRoutes = {
  /** Puts these in the place of all that the principal held. What they no longer cover ends at once. */
  changeGrants: route({
    method: "PUT",
    path: "/v1/principals/:principal/grants",
    access: { on: "gateway", action: "admin" },
    params: z.strictObject({ principal: PrincipalId }),
    body: z.array(Grant).max(1_000),
    response: Principal,
  }),
} satisfies Record<string, Route>;
