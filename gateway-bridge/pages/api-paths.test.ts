import { expect, it } from "@jest/globals";
import { routes } from "@gatehouse/shared";

import { paths } from "./api-paths.js";

it.each(Object.entries(paths))("%s is a route of the gateway, %s, that answers with JSON", (name, asked) => {
  const route = (routes as Readonly<Record<string, { method: string; path: string; response: unknown }>>)[name];
  expect(asked).toBe(`${route?.method ?? ""} ${route?.path ?? ""}`);
  expect(typeof route?.response).toBe("object");
});
