import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { Action } from "@gatehouse/shared";

import { ApiWorld } from "./testing/api-world.ts";

let world: ApiWorld;
const peers: string[] = [];
beforeEach(async () => {
  peers.length = 0;
  const noted = async ({ peer }: { readonly peer: string }): Promise<[]> => {
    peers.push(peer);
    return [];
  };
  world = await ApiWorld.open({ listCameras: noted });
});
afterEach(() => world[Symbol.asyncDispose]());

it.each(["x-forwarded-for", "forwarded", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "via"])(
  "a request is judged by where it comes from, whatever its %s says of that",
  async (header) => {
    const owner = world.pair(
      "owner",
      Action.options.map((action) => ({ action, camera: "*" })),
    );
    const says = header === "forwarded" ? "for=192.0.2.9;host=evil.example;proto=https" : "192.0.2.9";
    const headers = { [header]: says, "x-forwarded-host": "evil.example", "x-forwarded-proto": "http" };
    expect((await world.ask({ method: "GET", path: "/v1/cameras", as: owner, headers })).status).toBe(200);
    expect(peers).toEqual(["127.0.0.1"]);
    expect((await world.ask({ method: "GET", path: "/v1/cameras", headers })).status).toBe(401);
  },
);
