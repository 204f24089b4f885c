import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import {
  formatPairingString,
  GatewayClient,
  pair,
  parsePairingString,
  silentLogger,
  systemClock,
  type ConnectionState,
  type Event,
  type Identity,
  type ServerMessage,
} from "@gatehouse/shared";
import { FakeGateway, fakeCameraId, makeCamera } from "@gatehouse/shared/testing";

import { RealDoor } from "../support/real-door.ts";

/** What a client can count on, of the real door and of the fake that plugins are tested with. */
interface Subject extends AsyncDisposable {
  /** Works once. */
  readonly pairingString: string;
  emit(event: Event): void;
  /** Takes the paired client's rights away. */
  revoke(identity: Identity): void;
  /** Closes, and comes back with the same key at the same address. */
  restart(): Promise<void>;
}

const never = { signal: new AbortController().signal };
const camera = makeCamera();

class Real implements Subject {
  readonly door: RealDoor;
  readonly pairingString: string;
  constructor(door: RealDoor) {
    this.door = door;
    this.pairingString = door.offer();
  }
  emit(event: Event): void {
    this.door.events.emit(event);
  }
  revoke({ principal }: Identity): void {
    this.door.parts.principals.revoke(principal);
  }
  async restart(): Promise<void> {
    await this.door.stop();
    await this.door.start();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.door[Symbol.asyncDispose]();
  }
}

const fakeOptions = {
  cameras: [camera],
  motion: [camera.id],
  handlers: { snapshot: () => ({ jpeg: Buffer.from("jpeg"), capturedAt: 7 }) },
};
class Fake implements Subject {
  #gateway: FakeGateway;
  readonly pairingString: string;
  constructor(gateway: FakeGateway) {
    this.#gateway = gateway;
    this.pairingString = gateway.pairingString;
  }
  emit(event: Event): void {
    this.#gateway.emit(event);
  }
  revoke(): void {
    this.#gateway.revoke();
  }
  async restart(): Promise<void> {
    const { certificate, address } = this.#gateway;
    await this.#gateway[Symbol.asyncDispose]();
    this.#gateway = await FakeGateway.open({ ...fakeOptions, certificate, port: Number(address.split(":")[1]) });
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.#gateway[Symbol.asyncDispose]();
  }
}

const subjects: readonly (readonly [string, () => Promise<Subject>])[] = [
  ["the real door", async () => new Real(await RealDoor.open())],
  ["the fake gateway", async () => new Fake(await FakeGateway.open(fakeOptions))],
];

describe.each(subjects)("%s", (_, open) => {
  let subject: Subject;
  let clients: GatewayClient[];
  beforeEach(async () => {
    subject = await open();
    clients = [];
  });
  afterEach(async () => {
    for (const client of clients) await client[Symbol.asyncDispose]();
    await subject[Symbol.asyncDispose]();
  });
  const pairNow = (pairingString = subject.pairingString): Promise<Identity> =>
    pair({ pairingString, kind: "homebridge", clock: systemClock }, never);
  const clientOf = (identity: Identity): GatewayClient => {
    const client = new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0 });
    clients.push(client);
    return client;
  };
  /** Resolves with what a listener is told next that fits. */
  const next = <T>(client: GatewayClient, pick: (told: ServerMessage | ConnectionState) => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const look = (told: ServerMessage | ConnectionState): void => {
        const found = pick(told);
        if (found !== undefined) resolve(found);
      };
      client.watch({ message: look, state: look });
    });
  const hello = (client: GatewayClient) => next(client, (told) => (told.kind === "hello" ? told : undefined));
  const event = (client: GatewayClient) => next(client, (told) => (told.kind === "event" ? told.event : undefined));

  it("pairs whoever brings the string, once", async () => {
    const identity = await pairNow();
    expect(await clientOf(identity).call("listCameras", {}, never)).toEqual([camera]);
    await expect(pairNow()).rejects.toMatchObject({ code: "pairing-invalid", retry: "never" });
  });

  it("refuses a wrong secret", async () => {
    const ticket = parsePairingString(subject.pairingString);
    const wrong = formatPairingString({ ...ticket, secret: Buffer.alloc(16) });
    await expect(pairNow(wrong)).rejects.toMatchObject({ code: "pairing-invalid" });
  });

  it("greets a listener with its cameras and what moves, then tells it events", async () => {
    const client = clientOf(await pairNow());
    expect(await hello(client)).toMatchObject({ cameras: [camera], motion: [camera.id] });
    const motion = {
      kind: "motion",
      id: crypto.randomUUID(),
      camera: camera.id,
      at: 5,
      active: true,
      topic: "t",
    } as const;
    const heard = event(client);
    subject.emit(motion);
    expect(await heard).toEqual(motion);
  });

  it("gives a picture", async () => {
    const picture = await clientOf(await pairNow()).snapshot(camera.id, { width: 640 }, never);
    expect([picture.jpeg.toString(), picture.capturedAt]).toEqual(["jpeg", 7]);
  });

  it("names what is wrong with a request", async () => {
    const client = clientOf(await pairNow());
    await expect(client.snapshot("front door" as typeof camera.id, {}, never)).rejects.toMatchObject({
      code: "request-invalid",
      message: expect.stringContaining("camera"),
    });
    await expect(client.snapshot(fakeCameraId(), { width: 0 }, never)).rejects.toMatchObject({
      code: "request-invalid",
    });
  });

  it("lets a paired client in again after a restart", async () => {
    const client = clientOf(await pairNow());
    await hello(client);
    const again = hello(client);
    await subject.restart();
    await again;
    expect(await client.call("listCameras", {}, never)).toHaveLength(1);
  });

  it("turns a revoked client away from calls and events, at once", async () => {
    const identity = await pairNow();
    const client = clientOf(identity);
    await hello(client);
    const told = next(client, (state) =>
      state.kind === "waiting" && state.error.code === "unauthenticated" ? state.error.remedy : undefined,
    );
    subject.revoke(identity);
    expect(await told).toContain("Pair this client");
    await expect(client.call("listCameras", {}, never)).rejects.toMatchObject({ code: "unauthenticated" });
  });
});

describe("the real door", () => {
  it("keeps a service from what only an owner may, whatever it was granted, and writes all of it down", async () => {
    await using door = await RealDoor.open();
    const identity = await pair({ pairingString: door.offer(), kind: "homebridge", clock: systemClock }, never);
    const client = new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0 });
    await expect(client.call("listPrincipals", {}, never)).rejects.toMatchObject({ code: "access-denied" });
    await client[Symbol.asyncDispose]();
    expect(door.parts.audit.verify()).toMatchObject({ intact: true });
    const rows = door.parts.audit.list().map(({ principal, action, outcome }) => [principal, action, outcome]);
    expect(rows).toContainEqual([identity.principal, "pair", "done"]);
    expect(rows).toContainEqual([identity.principal, "listPrincipals", "denied"]);
  });

  it("says that it is away while it is, and lets its clients in when it opens the same folder again", async () => {
    await using door = await RealDoor.open();
    const identity = await pair({ pairingString: door.offer(), kind: "homebridge", clock: systemClock }, never);
    await door.stop();
    const client = new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0 });
    await expect(client.call("listCameras", {}, never)).rejects.toMatchObject({ code: "gateway-unreachable" });
    await door.start();
    expect(await client.call("listCameras", {}, never)).toHaveLength(1);
    await client[Symbol.asyncDispose]();
  });
});
