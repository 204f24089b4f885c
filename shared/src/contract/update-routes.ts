import { route, type Route } from "./route.ts";
import { UpdateState } from "./update.ts";

export const updateRoutes = {
  updateState: route({
    method: "GET",
    path: "/v1/update",
    access: { on: "gateway", action: "admin" },
    response: UpdateState,
  }),
} satisfies Record<string, Route>;
