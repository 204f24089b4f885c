import { routes, type Route, type RouteName, type Way } from "@gatehouse/shared";

/** What becomes of a local program's request. */
export type RequestPlan =
  | {
      readonly kind: "forward";
      readonly route: RouteName;
      readonly way: Way;
      /** The answer may bring the login another cookie. */
      readonly aboutLogin: boolean;
    }
  /** `gatehouse connect` signs in by itself, and whoever signs in over it would sign it out. */
  | { readonly kind: "keep-out" }
  | { readonly kind: "unknown" };

interface KnownRoute extends Route {
  readonly name: RouteName;
  readonly pattern: RegExp;
}

const known: readonly KnownRoute[] = Object.entries<Route>(routes).map(([name, route]) => ({
  ...route,
  name: name as RouteName,
  pattern: new RegExp(`^${route.path.replaceAll(/:\w+/g, "[^/]+")}$`),
}));

/** Answers that go on for as long as somebody watches or listens, or that are long. */
const streaming: readonly Route["response"][] = ["websocket", "mp4", "file"];

/** What is no route of the API is not forwarded: the pages are for browsers, which do not come this way. */
export const planRequest = ({ method, target }: { readonly method: string; readonly target: string }): RequestPlan => {
  const path = target.split("?", 1)[0] ?? "";
  const route = known.find((one) => one.method === method && one.pattern.test(path));
  if (route === undefined) return { kind: "unknown" };
  const { name, access, response } = route;
  const letsIn = access.on === "pairing" || (access.on === "anybody" && method !== "GET");
  if (letsIn) return { kind: "keep-out" };
  const way = streaming.includes(response) ? "own" : "shared";
  return { kind: "forward", route: name, way, aboutLogin: access.on === "login" };
};
