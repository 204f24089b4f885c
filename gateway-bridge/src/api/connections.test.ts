import { afterEach, describe, expect, it } from "@jest/globals";
import { LoginId, type Camera } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { WebSocket } from "ws";

import { limits } from "./limits.ts";
import { ApiWorld, everything, grantOf, here, readAll, samples } from "./testing/api-world.ts";

const never = { signal: new AbortController().signal };
const worlds: ApiWorld[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const world of worlds.splice(0)) await world[Symbol.asyncDispose]();
});
const openWorld = async (...given: Parameters<typeof ApiWorld.open>): Promise<ApiWorld> => {
  const world = await ApiWorld.open(...given);
  worlds.push(world);
  return world;
};

/** A connection that says nothing. */
const knock = async (world: ApiWorld, localAddress: string): Promise<Socket> => {
  const [host = "", port] = world.address.split(":");
  const socket = connect({ host, port: Number(port), localAddress });
  sockets.push(socket);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
};
const dial = async (world: ApiWorld): Promise<TLSSocket> => {
  const socket = await world.dial();
  sockets.push(socket);
  return socket;
};
/** By a reset, too. */
const gone = async (socket: Socket): Promise<void> => {
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
};
const until = async (condition: () => boolean): Promise<void> => {
  const deadline = performance.now() + 25_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error("it did not come to that");
    await turn();
  }
};
/** A request as bytes. */
const text = (line: string, headers: Readonly<Record<string, string>>, body = ""): string =>
  `${line} HTTP/1.1\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n${body}`;
/** The status of each answer there is. */
const statuses = (answers: string): number[] =>
  [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

describe("a flood of connections", () => {
  it("has 64 of one address and no more: for the next, the one goes that has waited longest", async () => {
    // Its clock stands still: who has agreed on TLS may be silent for as long as this takes.
    const world = await openWorld({}, new TestClock());
    const held: Socket[] = [];
    for (let count = 0; count < limits.strangersPerAddress; count += 1) held.push(await dial(world));
    expect(world.connections).toMatchObject({ known: 0, strangers: limits.strangersPerAddress });
    const next = await dial(world);
    await gone(held[0]!);
    expect(held.slice(1).filter(({ closed }) => closed)).toEqual([]);
    expect(world.connections).toMatchObject({ strangers: limits.strangersPerAddress, ended: { crowded: 1 } });
    const owner = world.pair("owner", everything);
    expect((await world.client(owner).call("status", {}, never)).cameras).toBe(1);
    expect(next.closed).toBe(false);
  });

  it("ends connections of its own when all places are taken, and none of who has shown who it is", async () => {
    const world = await openWorld({}, new TestClock());
    const client = world.client(world.pair("owner", everything));
    const hello = Promise.withResolvers<unknown>();
    const states: string[] = [];
    client.watch({ message: hello.resolve, state: ({ kind }) => states.push(kind) });
    await hello.promise;
    states.length = 0;
    const known = world.connections.known;
    expect(known).toBeGreaterThan(0);
    // From as many addresses as it takes, one of them that of somebody who merely waits.
    const visitor = await world.dial({ localAddress: "127.0.0.200" });
    sockets.push(visitor);
    const crowd = 40;
    // Each round together: TLS is waited for in real time, and one by one they could take longer than that.
    for (let count = 0; count < limits.connections + 200; count += crowd) {
      const round = Math.min(crowd, limits.connections + 200 - count);
      await Promise.all(Array.from({ length: round }, (_, number) => knock(world, `127.0.0.${2 + number}`)));
    }
    // Those that waited for too long all the same have left their places.
    const late = (): number => world.connections.ended.slow;
    await until(() => world.connections.ended.crowded + late() >= known + 200);
    const there = world.connections.known + world.connections.strangers;
    expect(there).toBeLessThanOrEqual(limits.connections);
    expect(there + late()).toBeGreaterThanOrEqual(limits.connections);
    expect([visitor.closed, states, world.connections.known]).toEqual([false, [], known]);
    const answer = await world.ask({ method: "GET", path: "/v1/me" });
    expect(answer.status).toBe(401);
    expect((await client.call("status", {}, never)).cameras).toBe(1);
  });

  it("of one client has 128 and no more, which takes nobody else's", async () => {
    const world = await openWorld();
    const [greedy, other] = [world.addApplication([grantOf("snapshot")]), world.addApplication([grantOf("snapshot")])];
    const ask = async (login: Readonly<Record<string, string>>): Promise<string> => {
      const socket = await dial(world);
      socket.write(text("GET /v1/cameras", { host: world.address, ...login }));
      const [answer] = (await once(socket, "data")) as [Buffer];
      return answer.toString("latin1");
    };
    for (let count = 0; count < limits.connectionsPerPrincipal; count += 1) {
      expect(statuses(await ask(greedy))).toEqual([200]);
    }
    const refused = await ask(greedy);
    expect(statuses(refused)).toEqual([429]);
    expect(refused).toContain("this client has 128 connections already");
    expect(refused).toContain("close by themselves");
    expect(statuses(await ask(other))).toEqual([200]);
    sockets[0]?.destroy();
    while (statuses(await ask(greedy))[0] !== 200) await turn();
  }, 60_000);
});

describe("a slow connection", () => {
  it("is ended when it says nothing after TLS was agreed, and none that says something", async () => {
    const clock = new TestClock();
    const world = await openWorld({}, clock);
    const [silent, slow, asking] = [await dial(world), await dial(world), await dial(world)];
    slow.write("G");
    asking.write(text("GET /v1/me", { host: world.address }));
    await once(asking, "data");
    const late = await dial(world);
    // The other's byte is there by now: it was sent before what was answered.
    await clock.advance(limits.firstByte - 1);
    expect(silent.closed).toBe(false);
    await clock.advance(1);
    await Promise.all([gone(silent), gone(late)]);
    expect([slow.closed, asking.closed]).toEqual([false, false]);
    expect(world.connections.ended).toEqual({ crowded: 0, silent: 2, slow: 0, malformed: 0 });
  });

  it("is counted as ended for what it said where that is no HTTP", async () => {
    const world = await openWorld();
    const socket = await dial(world);
    socket.write("\0\0\0\0");
    await readAll(socket);
    expect(world.connections.ended).toMatchObject({ malformed: 1, slow: 0 });
  });
});

describe("one connection", () => {
  /** An owner's, and what it has heard. */
  const speak = async (world: ApiWorld): Promise<{ readonly socket: Socket; readonly heard: () => string }> => {
    const socket = await world.dial({ as: world.pair("owner", everything) });
    sockets.push(socket);
    let heard = "";
    socket.on("data", (bytes: Buffer) => (heard += bytes.toString("latin1")));
    return { socket, heard: () => heard };
  };
  const post = (world: ApiWorld, body: string, headers: Record<string, string> = {}): string =>
    text("POST /v1/cameras", { host: world.address, "content-type": "application/json", ...headers }, body);

  it("brings one body at a time, and the next as soon as the first is answered", async () => {
    const answer = Promise.withResolvers<Camera>();
    const world = await openWorld({ addCamera: () => answer.promise });
    const { socket, heard } = await speak(world);
    const body = JSON.stringify({ address: "192.0.2.9" });
    const length = body.length;
    const one = post(world, body, { "content-length": String(length) });
    const pieces = `${length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const chunked = post(world, pieces, { "transfer-encoding": "chunked" });
    socket.write(one + chunked + text("GET /v1/me", { host: world.address }));
    await until(() => world.handled.length === 1);
    answer.resolve(samples.addCamera);
    await until(() => statuses(heard()).length === 3);
    expect(statuses(heard())).toEqual([200, 429, 403]);
    expect(heard()).toContain("a request with a body is under way on this connection already");
    for (let answered = 3; answered < 23; answered += 1) {
      socket.write(one);
      await until(() => statuses(heard()).length > answered);
      expect(statuses(heard()).at(-1)).toBe(200);
    }
  });

  it("is every client's that came by it, and ends with the first of them", async () => {
    const world = await openWorld();
    const logins = [world.addApplication([grantOf("snapshot")]), world.addApplication([grantOf("snapshot")])];
    const socket = await dial(world);
    let heard = "";
    socket.on("data", (bytes: Buffer) => (heard += bytes.toString("latin1")));
    for (const [index, login] of logins.entries()) {
      socket.write(text("GET /v1/cameras", { host: world.address, ...login }));
      await until(() => statuses(heard).length > index);
    }
    expect(statuses(heard)).toEqual([200, 200]);
    expect(world.connections).toMatchObject({ known: 1, strangers: 0 });
    const [, second] = world.applications.values();
    world.revocations.emit(second!.id);
    await gone(socket);
    await until(() => world.connections.known === 0);
  });

  it("has 16 requests unanswered and no more", async () => {
    const answer = Promise.withResolvers<never[]>();
    const world = await openWorld({ listCameras: () => answer.promise });
    const { socket, heard } = await speak(world);
    socket.write(text("GET /v1/cameras", { host: world.address }).repeat(limits.pipelined + 4));
    await until(() => world.handled.length === limits.pipelined);
    answer.resolve([]);
    await until(() => statuses(heard()).length === limits.pipelined + 4);
    expect(statuses(heard())).toEqual([...Array<number>(limits.pipelined).fill(200), 429, 429, 429, 429]);
  });
});

describe("live views", () => {
  /** `open`, or what was said instead. */
  const watch = async (world: ApiWorld, headers: Readonly<Record<string, string>>, from?: string): Promise<string> => {
    const socket = new WebSocket(`wss://${world.address}/v1/cameras/${here}/live`, {
      headers,
      ...(from !== undefined && { localAddress: from }),
      ca: world.certificate.certificate,
      // Returns the fault found, if any; its declaration says something else.
      checkServerIdentity: (() => undefined) as unknown as () => boolean,
    });
    socket.on("error", () => undefined);
    const refused = once(socket, "unexpected-response").then(async ([, response]) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
      return (JSON.parse(Buffer.concat(chunks).toString()) as { error: { message: string } }).error.message;
    });
    return Promise.race([once(socket, "open").then(() => "open"), refused]);
  };
  const most = limits.liveSocketsPerLogin;
  const fill = async (world: ApiWorld, headers: Readonly<Record<string, string>>, count: number): Promise<void> => {
    for (let view = 0; view < count; view += 1) expect(await watch(world, headers)).toBe("open");
  };

  it("are 16 of one browser and 32 of one person", async () => {
    const world = await openWorld({ live: async () => undefined });
    const { principal } = world.pair("person", [grantOf("live")]);
    const browsers = ["a", "b", "c"].map((letter) => {
      const cookie = `__Host-gatehouse=${letter}`;
      const id = LoginId.parse(`login-${letter.repeat(16)}`);
      world.logins.standing.set(cookie, {
        id,
        principal,
        factors: ["password"],
        assurance: "one",
        steppedUp: undefined,
      });
      return { cookie, origin: `https://${world.address}` };
    });
    await fill(world, browsers[0]!, most);
    expect(await watch(world, browsers[0]!)).toBe("this browser has 16 live views already, and no more are allowed");
    await fill(world, browsers[1]!, most);
    expect(await watch(world, browsers[2]!)).toBe("this client has 32 live views already, and no more are allowed");
  });

  it("are 64 of one address, whoever looks, and others have theirs", async () => {
    const world = await openWorld({ live: async () => undefined });
    const clients = ["a", "b", "c"].map(() => world.addApplication([grantOf("live")]));
    for (const client of clients.slice(0, 2)) await fill(world, client, limits.liveSocketsPerPrincipal);
    expect(await watch(world, clients[2]!)).toBe("this address has 64 live views already, and no more are allowed");
    expect(await watch(world, clients[2]!, "127.0.0.2")).toBe("open");
  });
});
