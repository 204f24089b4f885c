import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";

import type { ServerMessage } from "../contract/event.ts";
import { systemClock, type Clock } from "../kernel/clock.ts";
import { GatehouseError } from "../kernel/errors.ts";
import { makeCertificate } from "../testing/certificate.ts";
import { FakeGateway, fakeCameraId, makeCamera } from "../testing/fake-gateway.ts";
import { MemoryLogger } from "../testing/memory-logger.ts";
import { TestClock } from "../testing/test-clock.ts";
import { GatewayClient, type ConnectionState } from "./gateway-client.ts";

const never = { signal: new AbortController().signal };
const camera = makeCamera();
const closing: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]();
});
const keep = <T extends AsyncDisposable>(value: T): T => {
  closing.push(value);
  return value;
};

const clientOf = (gateway: FakeGateway, clock: Clock = systemClock): GatewayClient =>
  keep(new GatewayClient({ identity: gateway.identity, clock, log: new MemoryLogger(), random: () => 0 }));

/** Waits for what a listener hears, in the order in which it hears it. */
class Heard {
  readonly messages: ServerMessage[] = [];
  readonly states: ConnectionState[] = [];
  #wake: () => void = () => undefined;

  message(message: ServerMessage): void {
    this.messages.push(message);
    this.#wake();
  }

  state(state: ConnectionState): void {
    this.states.push(state);
    this.#wake();
  }

  async until(met: () => boolean): Promise<void> {
    while (!met()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  get kinds(): string[] {
    return this.states.map(({ kind }) => kind);
  }
}

describe("GatewayClient calls", () => {
  it("sends what the route takes and gives the parsed answer", async () => {
    const gateway = keep(
      await FakeGateway.open({ handlers: { addCamera: ({ body }) => makeCamera({ name: body.name }) } }),
    );
    const added = await clientOf(gateway).call("addCamera", { body: { address: "192.0.2.1", name: "Gate" } }, never);
    expect(added.name).toBe("Gate");
    expect(gateway.requests).toEqual([
      {
        name: "addCamera",
        request: { params: {}, query: {}, body: { address: "192.0.2.1", name: "Gate", warm: false } },
      },
    ]);
  });

  it("escapes path and query", async () => {
    const gateway = keep(await FakeGateway.open({ handlers: { removeCamera: () => ({}), listAudit: () => [] } }));
    const client = clientOf(gateway);
    await client.call("removeCamera", { params: { camera: camera.id } }, never);
    await client.call("listAudit", { query: { before: 7, limit: undefined } }, never);
    expect(gateway.requests.map(({ request }) => request)).toEqual([
      { params: { camera: camera.id }, query: {}, body: undefined },
      { params: {}, query: { before: 7 }, body: undefined },
    ]);
    await expect(client.call("removeCamera", { params: { camera: "../principals/x?y" } }, never)).rejects.toMatchObject(
      { code: "request-invalid" },
    );
  });

  it("throws the gateway's own error, with its remedy and details", async () => {
    const error = new GatehouseError("camera-unreachable", "no", { remedy: "Plug it in.", details: { why: 1 } });
    const gateway = keep(
      await FakeGateway.open({
        handlers: {
          discoverCameras: () => {
            throw error;
          },
        },
      }),
    );
    await expect(clientOf(gateway).call("discoverCameras", {}, never)).rejects.toMatchObject({
      code: "camera-unreachable",
      message: "no",
      remedy: "Plug it in.",
      details: { why: 1 },
    });
  });

  it("fetches a picture with its time", async () => {
    const jpeg = Buffer.alloc(3_000_000, 0xd8);
    const gateway = keep(await FakeGateway.open({ handlers: { snapshot: () => ({ jpeg, capturedAt: 12_345 }) } }));
    const picture = await clientOf(gateway).snapshot(camera.id, { width: 640 }, never);
    expect(picture.capturedAt).toBe(12_345);
    expect(picture.jpeg.equals(jpeg)).toBe(true);
    expect(gateway.requests[0]!.request).toMatchObject({ params: { camera: camera.id }, query: { width: 640 } });
  });

  it("takes no picture that is longer than 8 MiB", async () => {
    const jpeg = Buffer.alloc((8 << 20) + 1);
    const gateway = keep(await FakeGateway.open({ handlers: { snapshot: () => ({ jpeg, capturedAt: 1 }) } }));
    await expect(clientOf(gateway).snapshot(camera.id, {}, never)).rejects.toMatchObject({
      code: "gateway-answer-malformed",
    });
  });

  it("uses one connection for calls that follow each other", async () => {
    const gateway = keep(await FakeGateway.open({ cameras: [camera] }));
    const client = clientOf(gateway);
    for (let round = 0; round < 3; round += 1) await client.call("listCameras", {}, never);
    expect(gateway.connections).toBe(1);
  });

  it("asks again where the gateway had closed an idle connection", async () => {
    const gateway = keep(await FakeGateway.open({ cameras: [camera] }));
    const client = clientOf(gateway);
    expect(await client.call("listCameras", {}, never)).toEqual([camera]);
    gateway.cut();
    expect(await client.call("listCameras", {}, never)).toEqual([camera]);
  });

  it("stops with the caller's signal", async () => {
    const stopping = new AbortController();
    const reason = new Error("enough");
    const gateway = keep(
      await FakeGateway.open({
        handlers: {
          discoverCameras: () => {
            stopping.abort(reason);
            return new Promise(() => undefined);
          },
        },
      }),
    );
    await expect(clientOf(gateway).call("discoverCameras", {}, { signal: stopping.signal })).rejects.toBe(reason);
  });

  it("gives up on a gateway that accepts a request and never answers", async () => {
    const clock = new TestClock();
    const asked = Promise.withResolvers<unknown>();
    const gateway = keep(
      await FakeGateway.open({
        handlers: {
          discoverCameras: () => {
            asked.resolve(true);
            return new Promise(() => undefined);
          },
        },
      }),
    );
    const call = clientOf(gateway, clock).call("discoverCameras", {}, never);
    call.catch(() => undefined);
    await asked.promise;
    await clock.advance(60_000);
    await expect(call).rejects.toMatchObject({ code: "timeout" });
  });

  it("ends its calls when it is closed", async () => {
    const asked = Promise.withResolvers<unknown>();
    const gateway = keep(
      await FakeGateway.open({
        handlers: {
          discoverCameras: () => {
            asked.resolve(true);
            return new Promise(() => undefined);
          },
        },
      }),
    );
    const client = clientOf(gateway);
    const call = client.call("discoverCameras", {}, never);
    call.catch(() => undefined);
    await asked.promise;
    await client[Symbol.asyncDispose]();
    await expect(call).rejects.toMatchObject({ code: "aborted" });
    await expect(client.call("listCameras", {}, never)).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("GatewayClient against another key", () => {
  it("sends an impostor not one byte, neither by a call nor by its events connection", async () => {
    const impostor = makeCertificate();
    const received: Buffer[] = [];
    const server = createServer({ cert: impostor.certificate, key: impostor.privateKey }, (socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (bytes: Buffer) => received.push(bytes));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const gateway = keep(await FakeGateway.open());
    const identity = { ...gateway.identity, address };
    const log = new MemoryLogger();
    const client = keep(new GatewayClient({ identity, clock: systemClock, log, random: () => 0 }));
    await expect(client.call("addCamera", { body: { address: "x" } }, never)).rejects.toMatchObject({
      code: "gateway-impostor",
      remedy: expect.stringContaining("Nothing was sent"),
    });
    const heard = new Heard();
    client.watch(heard);
    await heard.until(() => client.state.kind === "waiting");
    expect(client.state).toMatchObject({ error: { code: "gateway-impostor" } });
    await client[Symbol.asyncDispose]();
    await once(server.close(), "close");
    expect(received).toEqual([]);
  });
});

describe("GatewayClient events", () => {
  const motion = (active: boolean) =>
    ({
      kind: "motion",
      id: "6f1d7f0a-3a0f-4c76-9d0c-0c9c8f6a3b11",
      camera: camera.id,
      at: 5,
      active,
      topic: "VideoSource/MotionAlarm",
    }) as const;
  let gateway: FakeGateway;
  let client: GatewayClient;
  beforeEach(async () => {
    gateway = keep(await FakeGateway.open({ cameras: [camera], motion: [camera.id] }));
    client = clientOf(gateway);
  });

  it("connects when somebody watches, hands on hello and events in order", async () => {
    expect(client.state).toEqual({ kind: "idle" });
    const heard = new Heard();
    client.watch(heard);
    await heard.until(() => heard.messages.length === 1);
    expect(heard.messages[0]).toMatchObject({ kind: "hello", cameras: [camera], motion: [camera.id] });
    gateway.emit(motion(true));
    gateway.emit(motion(false));
    await heard.until(() => heard.messages.length === 3);
    expect(heard.messages.slice(1)).toEqual([true, false].map((active) => ({ kind: "event", event: motion(active) })));
    expect(heard.kinds).toEqual(["connecting", "connected"]);
  });

  it("shares one connection between listeners and closes it after the last", async () => {
    const [first, second] = [new Heard(), new Heard()];
    const one = client.watch(first);
    await first.until(() => first.messages.length === 1);
    const two = client.watch(second);
    expect(second.kinds).toEqual(["connected"]);
    gateway.emit(motion(true));
    await second.until(() => second.messages.length === 1);
    expect(gateway.watchers).toBe(1);
    one[Symbol.dispose]();
    one[Symbol.dispose]();
    expect(client.state.kind).toBe("connected");
    two[Symbol.dispose]();
    expect(client.state).toEqual({ kind: "idle" });
    await gateway.until(() => gateway.watchers === 0);
    const third = new Heard();
    client.watch(third);
    await third.until(() => third.messages.length === 1);
    expect(third.kinds).toEqual(["connecting", "connected"]);
  });

  it("comes back by itself when the gateway restarts with its key", async () => {
    const heard = new Heard();
    client.watch(heard);
    await heard.until(() => heard.messages.length === 1);
    const { certificate, address } = gateway;
    await gateway[Symbol.asyncDispose]();
    await heard.until(() => heard.states.at(-1)?.kind === "waiting");
    expect(heard.states.at(-1)).toMatchObject({ error: { code: "gateway-unreachable" } });
    keep(await FakeGateway.open({ port: Number(address.split(":")[1]), certificate }));
    await heard.until(() => heard.messages.length === 2);
    expect(heard.messages[1]).toMatchObject({ kind: "hello", cameras: [] });
    expect(client.state).toEqual({ kind: "connected" });
  });

  it("tells a revoked client so, and tries again slowly", async () => {
    const heard = new Heard();
    client.watch(heard);
    await heard.until(() => heard.messages.length === 1);
    gateway.revoke();
    await heard.until(() =>
      heard.states.some((state) => state.kind === "waiting" && state.error.code === "unauthenticated"),
    );
    const last = heard.states.at(-1);
    expect(last?.kind === "waiting" && last.retryInMs).toBeGreaterThanOrEqual(30_000);
  });

  it("takes a gateway that leaves pings unanswered for gone", async () => {
    const clock = new TestClock();
    const deaf = clientOf(gateway, clock);
    const heard = new Heard();
    deaf.watch(heard);
    await heard.until(() => heard.messages.length === 1);
    gateway.freeze();
    for (let beat = 0; beat < 3; beat += 1) await clock.advance(15_000);
    await heard.until(() => deaf.state.kind === "waiting");
    expect(deaf.state).toMatchObject({
      error: { code: "gateway-unreachable", message: "the gateway stopped answering" },
    });
  });

  it("says nothing more once closed", async () => {
    const heard = new Heard();
    client.watch(heard);
    await heard.until(() => heard.messages.length === 1);
    await client[Symbol.asyncDispose]();
    expect(heard.kinds).toEqual(["connecting", "connected", "closed"]);
    expect(client.state).toEqual({ kind: "closed" });
    await gateway.until(() => gateway.watchers === 0);
    const late = new Heard();
    client.watch(late)[Symbol.dispose]();
    expect(late.kinds).toEqual(["closed"]);
    expect(client.state).toEqual({ kind: "closed" });
  });

  it("leaves a message of an unknown kind out and goes on", async () => {
    const heard = new Heard();
    client.watch(heard);
    await heard.until(() => heard.messages.length === 1);
    gateway.say('{"kind":"tomorrow"}');
    gateway.say("no json");
    gateway.emit(motion(true));
    await heard.until(() => heard.messages.length === 2);
    expect(heard.messages[1]).toMatchObject({ kind: "event" });
  });

  it("ends a connection that sends more than 1 MiB at once", async () => {
    const heard = new Heard();
    client.watch(heard);
    await heard.until(() => heard.messages.length === 1);
    gateway.say(`"${"x".repeat(1 << 20)}"`);
    await heard.until(() => heard.states.some(({ kind }) => kind === "waiting"));
    expect(heard.messages).toHaveLength(1);
  });

  it("goes on when a listener throws", async () => {
    const heard = new Heard();
    client.watch({
      message: () => {
        throw new Error("mine");
      },
    });
    client.watch(heard);
    await heard.until(() => heard.messages.length === 1);
    gateway.emit({ kind: "camera-removed", id: motion(true).id, camera: fakeCameraId("b"), at: 1 });
    await heard.until(() => heard.messages.length === 2);
  });
});
