import { afterEach, describe, expect, it } from "@jest/globals";
import { routes, type Route, type RouteName } from "@gatehouse/shared";
import { createServer } from "node:https";

import { AccessGate } from "./access-gate.ts";
import { Peers } from "./peers.ts";
import { createRouter, type Router } from "./router.ts";
import { ApiWorld } from "./testing/api-world.ts";

const opened: Router[] = [];
afterEach(async () => {
  for (const router of opened.splice(0)) await router.close();
});

const makeRouter = async (): Promise<Router> => {
  const world = await ApiWorld.open();
  const options = world.options();
  await world[Symbol.asyncDispose]();
  const router = createRouter({
    ...options,
    // As requests are addressed that are put in here.
    hosts: new Set(["localhost:80"]),
    server: createServer(),
    gate: new AccessGate(options),
    peers: new Peers(),
    // Nothing here comes over a connection.
    connections: {
      claim: () => undefined,
      begin: () => undefined,
      answered: () => undefined,
      spare: () => ({ [Symbol.dispose]: () => undefined }),
    },
    acceptEvents: () => undefined,
    acceptLive: () => {
      throw new Error("not asked here");
    },
    refuseLive: () => undefined,
    signal: new AbortController().signal,
  });
  opened.push(router);
  return router;
};

/** `GET /v1/cameras` of every line that fastify prints of its live tree. */
const printed = (router: Router): string[] => {
  const stack: string[] = [];
  return router
    .printRoutes({ commonPrefix: false })
    .split("\n")
    .flatMap((line) => {
      const match = /^((?:[│ ] {3})*)[└├]── (\S+)(?: \(([A-Z, ]+)\))?$/.exec(line);
      if (match === null) return [];
      const [, indent = "", part = "", methods] = match;
      stack.splice(indent.length / 4, Infinity, part);
      return (methods?.split(", ") ?? []).map((method) => `${method} ${stack.join("")}`);
    });
};

describe("the live router", () => {
  it("serves the routes of the table and no other", async () => {
    const router = await makeRouter();
    await router.ready();
    const table = Object.values(routes).map(({ method, path }: Route) => `${method} ${path}`);
    expect(printed(router).sort()).toEqual(table.sort());
  });

  it("has an access declared for each, and in its path what the gate judges by", () => {
    for (const [name, { access, path }] of Object.entries(routes) as [RouteName, Route][]) {
      const judgedByAction = !["pairing", "anybody", "login", "paired"].includes(access.on);
      expect([name, "action" in access]).toEqual([name, judgedByAction]);
      if (access.on === "camera" || access.on === "session") expect(path).toContain(`/:${access.on}`);
    }
  });

  it("cannot be given a route that declares no access", async () => {
    const router = await makeRouter();
    expect(() => router.get("/v1/back-door", async () => "open")).toThrow("the route /v1/back-door declares no access");
    expect(() => router.route({ method: "GET", url: "/x", config: { other: 1 } as object, handler: () => 1 })).toThrow(
      "declares no access",
    );
  });

  it("cannot be given a second way to a declared route that goes round the gate", async () => {
    const router = await makeRouter();
    router.get("/v1/side-door", { config: { route: "status" } }, async () => "open");
    const answer = await router.inject({ method: "GET", url: "/v1/side-door" });
    expect(answer.statusCode).toBe(401);
  });

  const idOf = (prefix: string): string => `${prefix}-aaaaaaaaaaaaaaaa`;
  /** What stands in paths. */
  const parameters: Readonly<Record<string, string>> = {
    camera: idOf("cam"),
    session: idOf("ses"),
    principal: idOf("who"),
    login: idOf("login"),
    role: idOf("role"),
    passkey: idOf("passkey"),
    link: idOf("link"),
    notice: idOf("note"),
    device: idOf("dev"),
    inspection: idOf("look"),
    run: idOf("mend"),
    newcomer: idOf("new"),
    check: "RTSP-ANON",
  };

  it("answers nobody who does not come over TLS", async () => {
    const router = await makeRouter();
    for (const [name, { method, path, access }] of Object.entries(routes) as [RouteName, Route][]) {
      if (access.on === "pairing" || access.on === "anybody") continue;
      const url = path.replace(/:(\w+)/, (_, parameter: string) => String(parameters[parameter]));
      expect([name, (await router.inject({ method, url })).statusCode]).toEqual([name, 401]);
    }
  });
});
