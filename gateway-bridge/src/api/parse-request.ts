import { GatehouseError, routes, type Route, type RouteName } from "@gatehouse/shared";
import type { z } from "zod";

export type RequestPart = "params" | "query" | "body";

const shownIssues = 8;

/**
 * One part of a request by its route's schema.
 * @throws GatehouseError `request-invalid`, which names the field and the rule and never the value
 */
export const parsePart = (name: RouteName, part: RequestPart, given: unknown): unknown => {
  const route: Route = routes[name];
  const parsed = route[part].safeParse(given);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, shownIssues).map((issue) => describe(part, issue));
  throw new GatehouseError("request-invalid", issues.join("; "), { details: { issues } });
};

const describe = (part: RequestPart, { path, message }: z.core.$ZodIssue): string =>
  `${[part, ...path.map(String)].join(".")}: ${message}`;
