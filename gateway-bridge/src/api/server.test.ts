import { afterEach, describe, expect, it } from "@jest/globals";
import { formatPairingString, GatehouseError, pair, systemClock } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";

import { limits } from "./limits.ts";
import { ApiServer } from "./server.ts";
import { ApiWorld, everything, grantOf, here, readAll, samples, upgradeText } from "./testing/api-world.ts";

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

describe("a request", () => {
  it("reaches its handler parsed, with who asked, and its answer comes back", async () => {
    const world = await openWorld();
    const owner = world.pair("owner", everything);
    const added = await world.client(owner).call("addCamera", { body: { address: "192.0.2.9" } }, never);
    expect(added).toEqual(samples.addCamera);
    expect(world.handled[0]).toMatchObject({
      name: "addCamera",
      request: {
        params: {},
        query: {},
        body: { address: "192.0.2.9", warm: false },
        principal: { id: owner.principal },
        peer: "127.0.0.1",
      },
    });
  });

  it("gets a picture with its time and camera, and nothing may keep it", async () => {
    const world = await openWorld();
    const as = world.pair("homebridge", [grantOf("snapshot")]);
    const picture = await world.client(as).snapshot(here, { width: 320 }, never);
    expect([picture.jpeg.toString(), picture.capturedAt]).toEqual(["jpeg", 7]);
    const raw = await world.ask({ method: "GET", path: `/v1/cameras/${here}/snapshot`, as });
    expect(raw.headers).toMatchObject({
      "content-type": "image/jpeg",
      "x-camera": here,
      "x-captured-at": "7",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    expect(raw.headers).not.toHaveProperty("server");
    expect(raw.headers).not.toHaveProperty("x-powered-by");
  });

  it("pairs a stranger who shows no certificate", async () => {
    const world = await openWorld();
    const keyHash = Buffer.from(world.certificate.pin, "base64url").subarray(0, 16);
    const pairingString = formatPairingString({ address: world.address, keyHash, secret: Buffer.alloc(16, 1) });
    const identity = await pair({ pairingString, kind: "homebridge", clock: systemClock }, never);
    expect(identity).toMatchObject({ principal: samples.pair.principal, gatewayPin: world.certificate.pin });
    expect(world.handled[0]).toMatchObject({ name: "pair", request: { principal: undefined } });
  });

  it.each([
    ["from somebody's page", { origin: "https://evil.example" }, 403, "origin-refused"],
    ["for a host that is not ours", { host: "evil.example" }, 421, "host-unknown"],
  ])("%s is refused, and written down as nobody's", async (_, headers, status, code) => {
    const world = await openWorld();
    const answer = await world.ask({ method: "GET", path: "/trust/ca.pem", headers });
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ error: { code } });
    const detail = `${code}; from 127.0.0.1 (1)`;
    expect(world.audit).toEqual([{ principal: "-", action: "trustPem", target: "-", outcome: "denied", detail }]);
    expect(world.handled).toEqual([]);
  });

  it("leaves a row before and after what it changes", async () => {
    const world = await openWorld();
    const owner = world.pair("owner", everything);
    await world.client(owner).call("removeCamera", { params: { camera: here } }, never);
    const row = { principal: owner.principal, action: "removeCamera", target: here, detail: "" };
    expect(world.audit).toEqual([
      { ...row, outcome: "allowed" },
      { ...row, outcome: "done" },
    ]);
  });

  it.each([
    ["text instead of JSON", { headers: { "content-type": "text/plain" }, body: "{}" }, "application/json"],
    ["a form", { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "a=b" }, "application/json"],
    ["broken JSON", { body: '{"password":"hunter2"' }, "not valid JSON"],
    ["a field too many", { body: '{"address":"x","root":true}' }, "root"],
    ["a poisoned prototype", { body: '{"address":"x","__proto__":{}}' }, "not valid JSON"],
    ["no body", {}, "body"],
    ["too long a body", { body: JSON.stringify({ address: "x".repeat(limits.body) }) }, "longer than 65536"],
  ])("with %s is refused in words and changes nothing", async (_, given, words) => {
    const world = await openWorld();
    const owner = world.pair("owner", everything);
    const answer = await world.ask({ method: "POST", path: "/v1/cameras", as: owner, ...given });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { code: "request-invalid", retry: "never" } });
    expect(answer.text).toContain(words);
    expect(answer.text).not.toContain("hunter2");
    expect(world.handled).toEqual([]);
    expect(world.audit).toEqual([]);
  });

  it.each([
    ["GET", "/v1/nothing", 404, "not-found"],
    ["PUT", "/v1/cameras", 404, "not-found"],
    ["HEAD", "/v1/cameras", 404, undefined],
    ["GET", "/v1/cameras/", 404, "not-found"],
    ["GET", "/V1/cameras", 404, "not-found"],
    ["GET", "/v1/%zz", 400, "request-invalid"],
    ["DELETE", "/v1/cameras/..%2fprincipals", 400, "request-invalid"],
    ["DELETE", `/v1/cameras/${"a".repeat(200)}`, 400, "request-invalid"],
    ["GET", `/v1/cameras/${here}/snapshot?width=-1`, 400, "request-invalid"],
    ["GET", `/v1/cameras/${here}/snapshot?width=1&width=2`, 400, "request-invalid"],
    ["GET", `/v1/cameras/${here}/snapshot?size=1`, 400, "request-invalid"],
  ])("%s %s answers %i in the one error form", async (method, path, status, code) => {
    const world = await openWorld();
    const answer = await world.ask({ method, path, as: world.pair("owner", everything) });
    expect(answer.status).toBe(status);
    if (code !== undefined) expect(answer.json).toMatchObject({ error: { code, message: expect.any(String) } });
    expect(world.handled).toEqual([]);
  });

  it("gives the registry's status, code and remedy of what its handler threw", async () => {
    const world = await openWorld({
      discoverCameras: async () => {
        throw new GatehouseError("camera-unreachable", "no answer", { details: { host: "192.0.2.1" } });
      },
    });
    const answer = await world.ask({
      method: "POST",
      path: "/v1/cameras/discover",
      as: world.pair("owner", everything),
    });
    expect(answer.status).toBe(502);
    expect(answer.json).toMatchObject({
      error: { code: "camera-unreachable", message: "no answer", retry: "later", details: { host: "192.0.2.1" } },
    });
    expect(world.audit.at(-1)).toMatchObject({ outcome: "failed", detail: "camera-unreachable" });
  });

  it.each([
    ["an unexpected failure", { status: () => Promise.reject(new Error("password hunter2 at /srv/x.ts:1")) }],
    ["an answer with a field too many", { status: async () => ({ ...samples.status, password: "hunter2" }) }],
  ])("tells nothing of %s", async (_, over) => {
    const world = await openWorld(over);
    const answer = await world.ask({ method: "GET", path: "/v1/status", as: world.pair("owner", everything) });
    expect(answer.status).toBe(500);
    expect(answer.json).toMatchObject({
      error: { code: "internal", message: "The gateway failed unexpectedly.", details: {} },
    });
    expect(answer.text).not.toMatch(/hunter2|\.ts/);
  });

  it("stops its handler when its client leaves", async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const world = await openWorld({
      discoverCameras: ({ signal }) => {
        asked.resolve(signal);
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      },
    });
    const leaving = new AbortController();
    const call = world.client(world.pair("owner", everything)).call("discoverCameras", {}, { signal: leaving.signal });
    const signal = await asked.promise;
    leaving.abort(new Error("bye"));
    await expect(call).rejects.toThrow("bye");
    if (!signal.aborted) await once(signal, "abort");
    expect(signal.reason).toMatchObject({ code: "aborted" });
  });
});

describe("the server", () => {
  it("leaves no listener behind on a connection that is asked again and again", async () => {
    const world = await openWorld();
    const client = world.client(world.pair("owner", everything));
    const counts = new Map<Socket, number[]>();
    const count = (message: unknown): void => {
      const { socket } = message as { readonly socket: Socket };
      const listeners = socket.eventNames().reduce((sum, name) => sum + socket.listenerCount(name), 0);
      counts.set(socket, [...(counts.get(socket) ?? []), listeners]);
    };
    subscribe("http.server.request.start", count);
    try {
      for (let asked = 0; asked < 20; asked += 1) await client.call("status", {}, never);
    } finally {
      unsubscribe("http.server.request.start", count);
    }
    // One connection serves them all. A request may begin while the one before still says goodbye.
    expect(counts.size).toBe(1);
    const [found = []] = counts.values();
    expect(found).toHaveLength(20);
    expect(Math.max(...found) - Math.min(...found)).toBeLessThan(5);
  });

  it("speaks TLS 1.3 only", async () => {
    const world = await openWorld();
    const socket = await world.dial();
    expect(socket.getProtocol()).toBe("TLSv1.3");
    socket.destroy();
  });

  it("gives out no session to resume", async () => {
    const world = await openWorld();
    const socket = await world.dial({ as: world.pair("owner", everything) });
    const sessions: unknown[] = [];
    socket.on("session", (session) => sessions.push(session));
    socket.write("GET /v1/status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 200 /);
    for (const session of sessions) {
      const again = await world.dial({ session: session as Buffer });
      expect(again.isSessionReused()).toBe(false);
      again.destroy();
    }
  });

  it("closes on too long a header", async () => {
    const world = await openWorld();
    const socket = await world.dial();
    socket.write(`GET /v1/status HTTP/1.1\r\nx: ${"x".repeat(limits.headers)}\r\n\r\n`);
    expect(await readAll(socket)).not.toContain("200 OK");
  });

  it("keeps no place for refused upgrades whose clients do not hang up", async () => {
    const world = await openWorld();
    const held = Array.from({ length: limits.strangersPerAddress }, async () => {
      const socket = await world.dial();
      socket.write(upgradeText("/v1/events"));
      // Its content is left unread, so that the client never sees the end and never ends itself.
      await once(socket, "readable");
      return socket;
    });
    const refused = await Promise.all(held);
    const answer = await world.ask({ method: "GET", path: "/v1/nothing" });
    expect(answer.status).toBe(404);
    for (const socket of refused) socket.destroy();
  });

  it("says so when its address is taken, and releases everything", async () => {
    const world = await openWorld();
    const taken = createTcpServer();
    await once(taken.listen(0, "127.0.0.1"), "listening");
    const { port } = taken.address() as AddressInfo;
    const opening = ApiServer.open({ ...world.options(), listen: { host: "127.0.0.1", port } }, never);
    await expect(opening).rejects.toMatchObject({
      code: "address-in-use",
      message: expect.stringContaining(`:${port}`),
    });
    await once(taken.close(), "close");
  });

  it("ends every request and connection when it is closed", async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const world = await openWorld({
      discoverCameras: ({ signal }) => {
        asked.resolve(signal);
        return new Promise(() => undefined);
      },
    });
    const client = world.client(world.pair("owner", everything));
    const hello = Promise.withResolvers<unknown>();
    client.watch({ message: hello.resolve });
    const call = client.call("discoverCameras", {}, never);
    call.catch(() => undefined);
    const signal = await asked.promise;
    await hello.promise;
    await world.stop();
    await expect(call).rejects.toMatchObject({ code: "gateway-unreachable" });
    expect(signal.aborted).toBe(true);
  });

  it("writes no secret, body or query to its log", async () => {
    const log = new MemoryLogger();
    const world = await openWorld();
    const server = await ApiServer.open({ ...world.options(), log }, never);
    const owner = { ...world.pair("owner", everything), address: server.address };
    await world.client(owner).call("addCamera", { body: { address: "192.0.2.9", password: "hunter2" } }, never);
    await world.client(owner).call("listAudit", { query: { before: 4_711_471_147 } }, never);
    await server[Symbol.asyncDispose]();
    const text = JSON.stringify(log.lines);
    expect(text).toContain("addCamera");
    expect(text).not.toMatch(/hunter2|192\.0\.2\.9|4711471147/);
  });
});
