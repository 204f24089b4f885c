import { OpenApi } from "./openapi.ts";
import { route, type Route } from "./route.ts";

export const openApiRoutes = {
  openApi: route({
    method: "GET",
    path: "/v1/openapi.json",
    access: { on: "gateway", action: "admin" },
    response: OpenApi,
  }),
} satisfies Record<string, Route>;
