import { GatehouseError, isGatehouseError, systemCode, type Cancellable, type Clock } from "@gatehouse/shared";
import type { Socket } from "node:net";

import { throughGate } from "../../protocols/tcp/connection-gate.ts";
import type { BrokenOffer, ServerHello } from "../../protocols/tls/broken-hello.ts";
import { ask } from "../../protocols/udp/ask.ts";
import { offerBroken } from "./broken-tls.ts";
import { connectTcp } from "./connect-tcp.ts";
import type { CameraGate } from "./probe-budget.ts";
import type { Knock, PortProbe, TlsFacts } from "./probed-camera.ts";
import { shakeHands } from "./tls-handshake.ts";

export interface GuardedPortsOptions {
  readonly gate: CameraGate;
  readonly clock: Clock;
}

const longestBanner = 256;
const bannerMs = 1_000;
const longestDatagram = 2_048;

/** Ports of one camera, through the budget. */
export class GuardedPorts implements PortProbe {
  readonly #options: GuardedPortsOptions;

  constructor(options: GuardedPortsOptions) {
    this.#options = options;
  }

  tcp(port: number, cancel: Cancellable): Promise<Knock> {
    const { gate, clock } = this.#options;
    const to = { host: gate.place.host, port };
    return gate.ask(async () => {
      try {
        const socket = await throughGate({ gate, to }, () => connectTcp({ ...to, clock }, cancel), cancel);
        return { kind: "open", banner: await readBanner(socket, clock, cancel) };
      } catch (error) {
        return knockOf(error);
      }
    }, cancel);
  }

  ownAddress(port: number, cancel: Cancellable): Promise<string> {
    const { gate, clock } = this.#options;
    const to = { host: gate.place.host, port };
    return gate.ask(async () => {
      const socket = await throughGate({ gate, to }, () => connectTcp({ ...to, clock }, cancel), cancel);
      try {
        const { localAddress } = socket;
        if (localAddress !== undefined) return localAddress;
        throw new GatehouseError("camera-unreachable", "the camera ended the connection at once");
      } finally {
        socket.destroy();
      }
    }, cancel);
  }

  udp(port: number, datagram: Buffer, cancel: Cancellable): Promise<Buffer | undefined> {
    const { gate, clock } = this.#options;
    const { host: address } = gate.place;
    return gate.ask(async () => {
      using _pass = await gate.enter({ host: address, port }, cancel);
      const read = (answer: Buffer): Buffer => Buffer.from(answer.subarray(0, longestDatagram));
      return await ask({ clock, address, port, datagram: () => datagram, read }, cancel);
    }, cancel);
  }

  tls(port: number, offer: Parameters<PortProbe["tls"]>[1], cancel: Cancellable): Promise<TlsFacts | undefined> {
    const { gate, clock } = this.#options;
    return gate.ask(() => shakeHands({ gate, port, offer, clock }, cancel), cancel);
  }

  async brokenTls(port: number, cancel: Cancellable): Promise<readonly ServerHello[]> {
    const { gate, clock } = this.#options;
    const taken: ServerHello[] = [];
    for (const offer of brokenOffers) {
      const hello = await gate.ask(() => offerBroken({ gate, port, offer, clock }, cancel), cancel);
      if (hello !== undefined) taken.push(hello);
    }
    return taken;
  }
}

const brokenOffers: readonly BrokenOffer[] = ["ssl3", "ciphers"];

/** A port that nothing answers at is behind a filter, or of a host that is not there. */
const knockOf = (error: unknown): Knock => {
  if (!isGatehouseError(error) || error.code !== "camera-unreachable") throw error;
  return { kind: systemCode(error.cause) === "ECONNREFUSED" ? "closed" : "silent" };
};

/** What is said before anything is asked: the first bytes, as latin1 characters. */
const readBanner = async (socket: Socket, clock: Clock, { signal }: Cancellable): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    // Greetings are lines; a longer one than this is not read to its end.
    if (bytes >= longestBanner || chunk.includes(0x0a)) resolve(undefined);
  });
  socket.once("close", () => resolve(undefined));
  using _timer = clock.schedule(bannerMs, () => resolve(undefined));
  const abort = (): void => resolve(undefined);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
  signal.throwIfAborted();
  return Buffer.concat(chunks).subarray(0, longestBanner).toString("latin1");
};
