import { afterEach, describe, expect, it } from "@jest/globals";
import { GatehouseError, LiveMessage } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { once } from "node:events";
import { WebSocket, type ClientOptions } from "ws";

import type { Handlers } from "./handlers.ts";
import { limits } from "./limits.ts";
import { ApiWorld, grantOf, here } from "./testing/api-world.ts";

const worlds: ApiWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world[Symbol.asyncDispose]();
});

const open = async (live: Handlers["live"], clock?: TestClock): Promise<ApiWorld> => {
  const world = await ApiWorld.open({ live }, clock);
  worlds.push(world);
  return world;
};

/** A viewer, with everything that it is sent. */
const watch = (
  world: ApiWorld,
  headers: Record<string, string> = world.addApplication([grantOf("live")]),
  options: ClientOptions = {},
) => {
  const socket = new WebSocket(`wss://${world.address}/v1/cameras/${here}/live`, {
    headers,
    ca: world.certificate.certificate,
    // Returns the fault found, if any; its declaration says something else.
    checkServerIdentity: (() => undefined) as unknown as () => boolean,
    ...options,
  });
  const messages: unknown[] = [];
  socket.on("message", (data: Buffer, binary) => messages.push(binary ? data : JSON.parse(data.toString())));
  socket.on("error", () => undefined);
  return { socket, messages };
};

describe("a live view's WebSocket", () => {
  it("is given to the handler once its principal was found to be allowed, and is written down", async () => {
    const world = await open(async ({ socket, params }) => {
      socket.send(params.camera);
      socket.send(Buffer.from([1, 2, 3]));
      socket.close(1000);
      return undefined;
    });
    const { socket, messages } = watch(world, { ...world.addApplication([grantOf("live")]) });
    socket.removeAllListeners("message");
    socket.on("message", (data: Buffer) => messages.push(data.toString("latin1")));
    await once(socket, "close");
    expect(messages).toEqual([here, "\u0001\u0002\u0003"]);
    expect(world.audit.map(({ action, target, outcome }) => [action, target, outcome])).toEqual([
      ["live", here, "allowed"],
      ["live", here, "done"],
    ]);
  });

  it("tells over itself why there is nothing to see", async () => {
    const world = await open(async () => {
      throw new GatehouseError("camera-unreachable", "the camera is away");
    });
    const { socket, messages } = watch(world);
    const [code] = (await once(socket, "close")) as [number];
    expect(code).toBe(1011);
    expect(messages.map((message) => LiveMessage.parse(message))).toMatchObject([
      { kind: "end", error: { code: "camera-unreachable", message: "the camera is away" } },
    ]);
  });

  it("is refused without the grant, and to pages of others", async () => {
    const world = await open(async () => undefined);
    for (const headers of [
      world.addApplication([grantOf("snapshot")]),
      { ...world.addApplication([grantOf("live")]), origin: "https://evil.example" },
    ]) {
      const { socket } = watch(world, headers);
      const [error] = (await once(socket, "error")) as [Error];
      expect(error.message).toMatch(/40[13]/);
    }
    expect(world.handled).toEqual([]);
  });

  it("is closed when the client speaks, and the handler hears that it left", async () => {
    const left = Promise.withResolvers<true>();
    const world = await open(async ({ signal }) => {
      signal.addEventListener("abort", () => left.resolve(true));
      return undefined;
    });
    const { socket } = watch(world);
    await once(socket, "open");
    socket.send("hello");
    const [code] = (await once(socket, "close")) as [number];
    expect(code).toBe(1008);
    await left.promise;
  });

  it("is let go when nobody answers its pings", async () => {
    const clock = new TestClock();
    const world = await open(async () => undefined, clock);
    const { socket } = watch(world, world.addApplication([grantOf("live")]), { autoPong: false });
    await once(socket, "open");
    const closed = once(socket, "close");
    for (let beat = 0; beat < 3; beat += 1) await clock.advance(limits.ping);
    await closed;
  });

  it("tells whoever was locked out so, before their connection is closed, and nobody else", async () => {
    const world = await open(async () => undefined);
    const { principal, certificate, privateKey } = world.pair("homebridge", [grantOf("live")]);
    const [gone, other] = [watch(world, {}, { cert: certificate, key: privateKey }), watch(world)];
    await Promise.all([gone, other].map(({ socket }) => once(socket, "open")));
    world.revoke(principal);
    await once(gone.socket, "close");
    expect(gone.messages).toMatchObject([{ kind: "end", error: { code: "access-denied" } }]);
    expect([other.socket.readyState, other.messages]).toEqual([WebSocket.OPEN, []]);
  });

  it("is one of at most 32 of one client, whatever others have", async () => {
    const world = await open(async () => undefined);
    const greedy = world.addApplication([grantOf("live")]);
    for (let view = 0; view < limits.liveSocketsPerPrincipal; view += 1) {
      await once(watch(world, greedy).socket, "open");
    }
    const [error] = (await once(watch(world, greedy).socket, "error")) as [Error];
    expect(error.message).toMatch(/503|429/);
    await once(watch(world).socket, "open");
  });
});
