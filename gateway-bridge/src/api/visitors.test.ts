import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Action, doorName, LoginId, randomId, spkiPin, type Factor, type Grant } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { TLSSocket } from "node:tls";
import { WebSocket } from "ws";

import { assuranceOf } from "../domain/login-policy.ts";
import { DoorWorld, until, type TestDevice } from "../relay/door/testing/door-world.ts";
import type { Handlers } from "./handlers.ts";
import { limits } from "./limits.ts";
import { ApiWorld, here, readAll, upgradeText, type Answer, type Question } from "./testing/api-world.ts";

/** Devices of people who are away, and the API behind their door. */
interface World {
  readonly api: ApiWorld;
  readonly door: DoorWorld;
}

const away: readonly Grant[] = Action.options.map((action) => ({ action, camera: "*", places: ["home", "away"] }));
const cookie = "__Host-gatehouse=x";
const codeOf = ({ json }: Answer): unknown => (json as { error?: { code?: unknown } } | undefined)?.error?.code;

let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

const open = async (over: Partial<Handlers> = {}, clock?: TestClock): Promise<World> => {
  const api = stack.use(await ApiWorld.open(over, clock));
  const door = stack.use(new DoorWorld({ toApi: (socket, visitor) => api.accept(socket, visitor) }));
  return { api, door };
};

interface Standing {
  readonly grants?: readonly Grant[];
  readonly factors?: readonly Factor[];
  readonly header?: string;
}

/** A person who is signed in, with a device. */
const arrive = ({ api, door }: World, standing: Standing = {}): TestDevice => {
  const { grants = away, factors = ["password", "totp"], header = cookie } = standing;
  const { principal } = api.pair("person", grants);
  const id = LoginId.parse(randomId("login"));
  const login = { id, principal, factors, assurance: assuranceOf(factors), steppedUp: Date.now() };
  api.logins.standing.set(header, login);
  return door.pair(principal);
};

const ask = async (
  { api, door }: World,
  device: TestDevice,
  { headers = {}, ...question }: Question,
): Promise<Answer> => {
  const socket = await door.enter(device, "GH1 api\n");
  return api.askOver(socket, { ...question, headers: { host: "gateway", ...headers } });
};
const read = (world: World, device: TestDevice, path: string, headers = {}): Promise<Answer> =>
  ask(world, device, { method: "GET", path, headers: { cookie, ...headers } });

describe("a request of a device from away", () => {
  it("counts by the login of the device's person, and no page need be named", async () => {
    const world = await open();
    const device = arrive(world);
    expect((await read(world, device, "/v1/cameras")).status).toBe(200);
    const change = { method: "DELETE", path: `/v1/cameras/${here}`, headers: { cookie } };
    expect((await ask(world, device, change)).status).toBe(200);
  });

  it("is a stranger's without that cookie, and may then do what strangers from away may", async () => {
    const world = await open();
    const device = arrive(world);
    const stranger = (path: string): Promise<Answer> => ask(world, device, { method: "GET", path });
    expect((await stranger("/v1/door")).status).toBe(200);
    expect(codeOf(await stranger("/v1/cameras"))).toBe("unauthenticated");
    expect(codeOf(await stranger("/trust/ca.pem"))).toBe("access-denied");
    const pair = { method: "POST", path: "/v1/pair", body: JSON.stringify({ secret: "A".repeat(22) }) };
    expect(codeOf(await ask(world, device, pair))).toBe("access-denied");
    expect(world.api.handled.map(({ name }) => name)).toEqual(["doorState"]);
  });

  it("is a stranger's with the cookie of another person", async () => {
    const world = await open();
    arrive(world);
    const theirs = world.door.pair();
    expect(codeOf(await read(world, theirs, "/v1/cameras"))).toBe("unauthenticated");
  });

  it("is from away, whatever the address below may be", async () => {
    const world = await open();
    world.api.place = "home";
    const atHome = arrive(world, { grants: [...away.filter(({ action }) => action !== "remote")] });
    expect(codeOf(await read(world, atHome, "/v1/cameras"))).toBe("access-denied");
    const homeOnly: Grant = { action: "snapshot", camera: here };
    const remote: Grant = { action: "remote", camera: "*" };
    const there = arrive(world, { grants: [remote, homeOnly] });
    expect(codeOf(await read(world, there, `/v1/cameras/${here}/snapshot`))).toBe("access-denied");
    const both = arrive(world, { grants: [remote, { ...homeOnly, places: ["away"] }] });
    expect((await read(world, both, `/v1/cameras/${here}/snapshot`)).status).toBe(200);
  });

  it("takes two factors", async () => {
    const world = await open();
    const device = arrive(world, { factors: ["password"] });
    expect(codeOf(await read(world, device, "/v1/cameras"))).toBe("access-denied");
    expect(world.api.audit).toContainEqual(expect.objectContaining({ outcome: "denied", detail: "one-factor" }));
  });

  it("takes no password of an application, and no certificate: not the device's, not an owner's", async () => {
    const world = await open();
    const owner = world.api.pair("owner", away);
    const device = world.door.pair(owner.principal);
    const { publicKey } = new X509Certificate(device.shown.cert);
    const pin = spkiPin(publicKey.export({ type: "spki", format: "der" }));
    world.api.principals.set(pin, [...world.api.principals.values()][0]!);
    expect(codeOf(await read(world, device, "/v1/cameras", { cookie: "" }))).toBe("unauthenticated");
    const { authorization } = world.api.addApplication(away);
    expect(codeOf(await read(world, device, "/v1/cameras", { cookie: "", authorization }))).toBe("unauthenticated");
  });

  it("is meant for this gateway by its name, and by that of the door", async () => {
    const world = await open();
    const device = arrive(world);
    for (const host of ["gateway", "gateway:443", doorName(world.door.keys.shown[0]!.pin)]) {
      expect((await read(world, device, "/v1/cameras", { host })).status).toBe(200);
    }
  });

  it.each(["127.0.0.1", "127.0.0.1:8443", "evil.example", "192.0.2.1", "[::1]"])(
    "is not taken for %s, with a cookie or without",
    async (host) => {
      const world = await open();
      const device = arrive(world);
      expect(codeOf(await read(world, device, "/v1/cameras", { host }))).toBe("host-unknown");
      expect(codeOf(await read(world, device, "/v1/door", { host, cookie: "" }))).toBe("host-unknown");
    },
  );

  it("is refused where a page of another site sent it", async () => {
    const world = await open();
    const device = arrive(world);
    const headers = { origin: "https://evil.example" };
    expect(codeOf(await read(world, device, "/v1/cameras", headers))).toBe("origin-refused");
  });

  it("brings the device's name to whoever signs people in and writes down, and no address", async () => {
    const world = await open();
    const device = arrive(world);
    const body = JSON.stringify({ loginName: "ann", password: "correct horse battery staple" });
    await ask(world, device, { method: "POST", path: "/v1/sign-in/password", body });
    expect(world.api.handled.at(-1)).toMatchObject({
      name: "signInWithPassword",
      request: {
        peer: `device ${device.device}`,
        browser: { visitor: { device: device.device, person: device.person } },
      },
    });
    await ask(world, device, { method: "GET", path: "/v1/cameras" });
    expect(world.api.audit).toContainEqual(
      expect.objectContaining({ detail: `unauthenticated; from device ${device.device} (1)` }),
    );
  });
});

/** Everything that comes to a device, and when its connection ended. */
const listen = (socket: TLSSocket): { bytes: number; readonly ended: Promise<unknown> } => {
  // By a reset, too.
  const heard = { bytes: 0, ended: new Promise((resolve) => socket.once("close", resolve)) };
  socket.on("data", (chunk: Buffer) => (heard.bytes += chunk.length));
  return heard;
};

describe("a device's connection", () => {
  const upgrade = async (world: World, device: TestDevice, path: string): Promise<WebSocket> => {
    const socket = await world.door.enter(device, "GH1 api\n");
    const ws = new WebSocket(`wss://gateway${path}`, { headers: { cookie }, createConnection: () => socket });
    ws.on("error", () => undefined);
    await once(ws, "open");
    return ws;
  };

  it("carries WebSockets", async () => {
    const world = await open();
    const device = arrive(world);
    const events = await upgrade(world, device, "/v1/events");
    const [hello] = (await once(events, "message")) as [Buffer];
    expect(JSON.parse(hello.toString())).toMatchObject({ kind: "hello", principal: { id: device.person } });
    await upgrade(world, device, `/v1/cameras/${here}/live`);
    expect(world.api.handled.at(-1)?.name).toBe("live");
  });

  it("carries no WebSocket for another person's cookie", async () => {
    const world = await open();
    arrive(world);
    const socket = await world.door.enter(
      world.door.pair(),
      `GH1 api\n${upgradeText("/v1/events", `cookie: ${cookie}\r\n`)}`,
    );
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 401 /);
  });

  it("ends with its login, with its person, and with its device, at once and without another byte", async () => {
    const ends: Readonly<Record<string, (world: World, device: TestDevice) => void>> = {
      login: ({ api }) => api.logins.end(cookie),
      person: ({ api }, { person }) => api.revoke(person),
      device: ({ door }, device) => door.change(device, undefined),
      everything: ({ door }) => door.door.endAll(),
    };
    for (const [what, end] of Object.entries(ends)) {
      const world = await open({ snapshot: () => new Promise(() => undefined) });
      const device = arrive(world);
      const events = await upgrade(world, device, "/v1/events");
      const waiting = await world.door.enter(device, "GH1 api\n");
      waiting.write(`GET /v1/cameras/${here}/snapshot HTTP/1.1\r\nhost: gateway\r\ncookie: ${cookie}\r\n\r\n`);
      await until("the snapshot is asked for", () => world.api.handled.at(-1)?.name === "snapshot");
      const heard = listen(waiting);
      end(world, device);
      await Promise.all([once(events, "close"), heard.ended]);
      expect([what, heard.bytes, world.door.door.figures.channels]).toEqual([what, 0, 0]);
    }
  });

  it("ends with the server, and none is taken afterwards", async () => {
    const world = await open();
    const device = arrive(world);
    const events = await upgrade(world, device, "/v1/events");
    const closed = once(events, "close");
    const { accept } = world.api;
    await world.api.stop();
    await closed;
    const late = stack.use(new DoorWorld({ toApi: accept }));
    const socket = await late.enter(late.pair(), "GH1 api\n");
    await once(socket, "close");
    expect(late.door.figures).toMatchObject({ entered: 1, channels: 0 });
  });

  it("is counted among those of strangers until its person is known, and then as that person's", async () => {
    const world = await open();
    const device = arrive(world);
    const socket = await world.door.enter(device, "GH1 api\n");
    await until("it is there", () => world.api.connections.strangers === 1);
    socket.write(`GET /v1/cameras HTTP/1.1\r\nhost: gateway\r\ncookie: ${cookie}\r\n\r\n`);
    await once(socket, "data");
    expect(world.api.connections).toMatchObject({ known: 1, strangers: 0 });
    socket.destroy();
    await until("it is gone", () => world.api.connections.known === 0);
  });

  it("ends when it says nothing behind its first line, and not when it said so with it", async () => {
    const clock = new TestClock();
    const world = await open({ doorState: () => new Promise(() => undefined) }, clock);
    const device = arrive(world);
    const silent = await world.door.enter(device, "GH1 api\n");
    const busy = await world.door.enter(device, "GH1 api\nGET /v1/door HTTP/1.1\r\nhost: gateway\r\n\r\n");
    await until("both are there", () => world.api.connections.strangers === 2 && world.api.handled.length === 1);
    await clock.advance(limits.firstByte - 1);
    expect(world.api.connections.ended.silent).toBe(0);
    const closed = once(silent, "close");
    await clock.advance(1);
    await closed;
    expect(world.api.connections.ended.silent).toBe(1);
    expect(busy.destroyed).toBe(false);
  });

  it("shares the places for hearing events with the others of its device alone", async () => {
    const world = await open();
    const device = arrive(world);
    for (let taken = 0; taken < limits.webSocketsPerLogin; taken += 1) await upgrade(world, device, "/v1/events");
    const text = upgradeText("/v1/events", `cookie: ${cookie}\r\n`);
    const socket = await world.door.enter(device, `GH1 api\n${text}`);
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 429 /);
    const other = arrive(world, { header: "__Host-gatehouse=y" });
    const theirs = await world.door.enter(other, "GH1 api\n");
    const headers = { cookie: "__Host-gatehouse=y" };
    await once(new WebSocket("wss://gateway/v1/events", { headers, createConnection: () => theirs }), "open");
  });
});
