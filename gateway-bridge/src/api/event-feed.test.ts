import { afterEach, describe, expect, it } from "@jest/globals";
import type { Event, Grant, Identity, ServerMessage } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { once } from "node:events";
import { WebSocket } from "ws";

import { limits } from "./limits.ts";
import { ApiWorld, elsewhere, everything, grantOf, here, readAll, upgradeText } from "./testing/api-world.ts";

const never = { signal: new AbortController().signal };
const worlds: ApiWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world[Symbol.asyncDispose]();
});
const openWorld = async (...given: Parameters<typeof ApiWorld.open>): Promise<ApiWorld> => {
  const world = await ApiWorld.open(...given);
  worlds.push(world);
  return world;
};

describe("revocation", () => {
  const waiting = async (): Promise<{ world: ApiWorld; signal: Promise<AbortSignal> }> => {
    const asked = Promise.withResolvers<AbortSignal>();
    const world = await openWorld({
      snapshot: ({ signal }) => {
        asked.resolve(signal);
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      },
    });
    return { world, signal: asked.promise };
  };

  it("ends a request under way and refuses the next, on old connections and new", async () => {
    const { world, signal } = await waiting();
    const plugin = world.pair("homebridge", [grantOf("snapshot"), grantOf("events")]);
    const client = world.client(plugin);
    const call = client.snapshot(here, {}, never);
    call.catch(() => undefined);
    const running = await signal;
    world.revoke(plugin.principal);
    await expect(call).rejects.toMatchObject({ code: "gateway-unreachable" });
    if (!running.aborted) await once(running, "abort");
    await expect(client.call("listCameras", {}, never)).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("ends the events connection at once, and the client is told why", async () => {
    const { world } = await waiting();
    const plugin = world.pair("node-red", [grantOf("events")]);
    const client = world.client(plugin);
    const told = Promise.withResolvers<unknown>();
    client.watch({
      message: ({ kind }) => {
        if (kind === "hello") world.revoke(plugin.principal);
      },
      state: (state) => {
        if (state.kind === "waiting" && state.error.code !== "gateway-unreachable") told.resolve(state.error.code);
      },
    });
    expect(await told.promise).toBe("unauthenticated");
  });

  it("leaves everybody else alone", async () => {
    const { world } = await waiting();
    const [gone, stays] = [
      world.pair("homebridge", [grantOf("events")]),
      world.pair("homebridge", [grantOf("events")]),
    ];
    const client = world.client(stays);
    const messages: ServerMessage[] = [];
    const again = Promise.withResolvers<unknown>();
    const hello = Promise.withResolvers<unknown>();
    client.watch({
      message: (message) => {
        messages.push(message);
        if (message.kind === "hello") hello.resolve(true);
        else again.resolve(true);
      },
    });
    await hello.promise;
    world.revoke(gone.principal);
    world.events.emit(motionAt(here));
    await again.promise;
    expect(messages.map(({ kind }) => kind)).toEqual(["hello", "event"]);
  });
});

const id = "6f1d7f0a-3a0f-4c76-9d0c-0c9c8f6a3b11";
const motionAt = (camera: typeof here, topic = "t"): Event => ({
  kind: "motion",
  id,
  camera,
  at: 1,
  active: true,
  topic,
});

/** What one client hears, ended by a last event that everybody with any grant hears. */
const hear = async (world: ApiWorld, grants: readonly Grant[], events: readonly Event[]): Promise<ServerMessage[]> => {
  const client = world.client(world.pair("node-red", grants));
  const messages: ServerMessage[] = [];
  const hello = Promise.withResolvers<unknown>();
  const end = Promise.withResolvers<unknown>();
  client.watch({
    message: (message) => {
      if (message.kind === "hello") hello.resolve(true);
      if (message.kind === "event" && message.event.at === 999) end.resolve(true);
      else messages.push(message);
    },
  });
  await hello.promise;
  for (const event of events) world.events.emit(event);
  for (const camera of [here, elsewhere]) world.events.emit({ kind: "camera-added", id, camera, at: 999 });
  await end.promise;
  return messages;
};

describe("the events WebSocket", () => {
  const events: readonly Event[] = [
    motionAt(here),
    motionAt(elsewhere),
    { kind: "camera-state", id, camera: here, at: 1, state: { kind: "ready" } },
    { kind: "camera-state", id, camera: elsewhere, at: 1, state: { kind: "ready" } },
    { kind: "camera-removed", id, camera: elsewhere, at: 1 },
  ];

  it.each([
    ["hears all of the cameras it has events of", [grantOf("events")], ["motion", "camera-state"], [here]],
    ["hears no motion of a camera it may only look at", [grantOf("live")], ["camera-state"], []],
    [
      "hears everything with a grant on all",
      [grantOf("events", "*")],
      ["motion", "motion", "camera-state", "camera-state", "camera-removed"],
      [here, elsewhere],
    ],
  ])("%s", async (_, grants, kinds, inMotion) => {
    const world = await openWorld();
    world.motion.push(here, elsewhere);
    const [hello, ...heard] = await hear(world, grants, events);
    const seesAll = grants.some(({ camera }) => camera === "*");
    expect(hello).toMatchObject({
      kind: "hello",
      gateway: { name: "Home" },
      cameras: seesAll ? world.cameras : world.cameras.slice(0, 1),
      motion: inMotion,
    });
    expect(heard.map((message) => message.kind === "event" && message.event.kind)).toEqual(kinds);
    if (!seesAll) expect(JSON.stringify(heard)).not.toContain(elsewhere);
  });

  it("tells a principal without grants of no camera at all", async () => {
    const world = await openWorld();
    const client = world.client(world.pair("node-red"));
    const hello = Promise.withResolvers<ServerMessage>();
    client.watch({ message: hello.resolve });
    expect(await hello.promise).toMatchObject({ cameras: [], motion: [] });
  });

  it.each([
    ["a stranger", undefined, "/v1/events", "", 401],
    ["somebody's web page", "owner", "/v1/events", "origin: https://evil.example\r\n", 403],
    ["an unknown path", "owner", "/v1/other", "", 404],
    ["a query that no schema knows", "owner", "/v1/events?token=x", "", 400],
  ] as const)("refuses the upgrade of %s with the one error form and closes", async (_, kind, path, extra, status) => {
    const world = await openWorld();
    const socket = await world.dial({ as: kind === undefined ? undefined : world.pair(kind, everything) });
    socket.write(upgradeText(path, extra));
    const answer = await readAll(socket);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain('{"error":{"code":"');
    expect(answer).not.toContain("hello");
  });

  it("is closed for a client that says anything", async () => {
    const world = await openWorld();
    const tls = await world.dial({ as: world.pair("owner", everything) });
    const socket = new WebSocket("wss://gateway/v1/events", { createConnection: () => tls });
    await once(socket, "message");
    socket.send("anything");
    const [code] = (await once(socket, "close")) as [number];
    expect(code).toBe(1008);
  });

  it("lets a reader go that stops reading, when a mebibyte waits for it", async () => {
    const world = await openWorld();
    const tls = await world.dial({ as: world.pair("owner", everything) });
    const closed = once(tls, "close");
    tls.write(upgradeText("/v1/events"));
    await once(tls, "readable");
    tls.pause();
    // The kernel's own buffers take some megabytes before anything waits in the process.
    for (let sent = 0; sent < 400; sent += 1) {
      world.events.emit(motionAt(here, "x".repeat(100_000)));
      if (sent % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    tls.resume();
    await closed;
  });

  it("lets a client go that leaves two pings unanswered, and keeps one that answers", async () => {
    const clock = new TestClock();
    const world = await openWorld({}, clock);
    const good = await world.dial({ as: world.pair("owner", everything) });
    const socket = new WebSocket("wss://gateway/v1/events", { createConnection: () => good });
    await once(socket, "message");
    const mute = await world.dial({ as: world.pair("owner", everything) });
    mute.write(upgradeText("/v1/events"));
    await once(mute, "data");
    const gone = once(mute, "close");
    mute.resume();
    for (let beat = 0; beat < 3; beat += 1) {
      const pinged = once(socket, "ping");
      await clock.advance(limits.ping);
      await pinged;
      // The pong is on its way before this answer is.
      await world.ask({ method: "GET", path: "/v1/nothing" });
    }
    await gone;
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.terminate();
  });

  it("lets everybody go when nobody can be looked up, and lives on", async () => {
    const clock = new TestClock();
    const world = await openWorld({}, clock);
    const tls = await world.dial({ as: world.pair("owner", everything) });
    const socket = new WebSocket("wss://gateway/v1/events", { createConnection: () => tls });
    await once(socket, "message");
    const closed = once(socket, "close");
    world.principals.get = () => {
      throw new Error("disk I/O error");
    };
    await clock.advance(limits.ping);
    await closed;
    expect((await world.ask({ method: "GET", path: "/v1/nothing" })).status).toBe(404);
  });

  it("takes 8 connections of one client, 32 of one address and 64 of all, and tells the next one to come later", async () => {
    const world = await openWorld();
    const each = limits.webSocketsPerPrincipal;
    const clients = Array.from({ length: limits.webSockets / each }, () => world.pair("node-red", everything));
    const open = async (as: Identity, localAddress: string): Promise<string> => {
      const tls = await world.dial({ as, localAddress });
      tls.write(upgradeText("/v1/events"));
      const [first] = (await once(tls, "data")) as [Buffer];
      return first.toString("latin1");
    };
    const refused = (answer: string): void => {
      expect(answer).toMatch(/^HTTP\/1.1 429 /);
      expect(answer).toContain("too-many-sessions");
    };
    const ofOneAddress = limits.webSocketsPerAddress / each;
    for (const [index, client] of clients.entries()) {
      if (index === ofOneAddress) refused(await open(client, "127.0.0.1"));
      const places = Array.from({ length: each }, () => open(client, index < ofOneAddress ? "127.0.0.1" : "127.0.0.2"));
      for (const answer of await Promise.all(places)) expect(answer).toMatch(/^HTTP\/1.1 101 /);
      if (index === 0) refused(await open(client, "127.0.0.3"));
    }
    refused(await open(world.pair("owner", everything), "127.0.0.3"));
  });
});

describe("a client whose rights change while it hears events", () => {
  const hello = (world: ApiWorld, plugin: Identity): AsyncIterator<ServerMessage> => {
    const waiting: ServerMessage[] = [];
    let wake: (() => void) | undefined;
    world.client(plugin).watch({
      message: (message) => {
        waiting.push(message);
        wake?.();
      },
    });
    return {
      next: async () => {
        while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        return { done: false, value: waiting.shift()! };
      },
    };
  };
  const camerasOf = async (messages: AsyncIterator<ServerMessage>): Promise<readonly string[]> => {
    const { value } = (await messages.next()) as { value: ServerMessage };
    return value.kind === "hello" ? value.cameras.map(({ id }) => id) : [value.kind];
  };

  it("is told of its cameras anew, and of nothing where they are the same", async () => {
    const world = await openWorld();
    const plugin = world.pair("homebridge", [grantOf("events"), grantOf("events", elsewhere)]);
    const messages = hello(world, plugin);
    expect(await camerasOf(messages)).toEqual([here, elsewhere]);
    world.feed.follow(plugin.principal);
    world.change(plugin.principal, [grantOf("events"), grantOf("live")]);
    world.feed.follow(plugin.principal);
    expect(await camerasOf(messages)).toEqual([here]);
    world.change(plugin.principal, [grantOf("live", elsewhere)]);
    world.feed.endAll({ principal: plugin.principal, camera: here }, "the right to it has ended");
    expect(await camerasOf(messages)).toEqual([elsewhere]);
    expect([...world.feed.holds()]).toEqual([]);
  });

  it("holds a right to hear for each camera that it may hear", async () => {
    const world = await openWorld();
    const plugin = world.pair("homebridge", [grantOf("events"), grantOf("live", elsewhere)]);
    expect(await camerasOf(hello(world, plugin))).toEqual([here, elsewhere]);
    const standing = { place: "home", assurance: "one", login: undefined };
    expect([...world.feed.holds()]).toEqual([
      { principal: plugin.principal, camera: here, ...standing, action: "events" },
    ]);
  });

  it("is let go where its right ends and nothing else is left to tell", async () => {
    const world = await openWorld();
    const plugin = world.pair("homebridge", [grantOf("events")]);
    const messages = hello(world, plugin);
    expect(await camerasOf(messages)).toEqual([here]);
    // As it stands it may still hear: whoever says that it may not is believed.
    world.feed.endAll({ principal: plugin.principal, camera: here }, "somebody says so");
    expect(await camerasOf(messages)).toEqual([here]);
    world.revoke(plugin.principal);
  });

  it("is told by itself when its time comes", async () => {
    const clock = new TestClock(Date.UTC(2024, 0, 3, 7, 59, 50));
    const world = await openWorld({}, clock);
    const schedule = { zone: "UTC", windows: [{ days: ["wed" as const], from: "08:00", to: "18:00" }] };
    const plugin = world.pair("homebridge", [{ ...grantOf("events"), schedule }]);
    const messages = hello(world, plugin);
    expect(await camerasOf(messages)).toEqual([]);
    await clock.advance(limits.ping);
    expect(await camerasOf(messages)).toEqual([here]);
  });
});
