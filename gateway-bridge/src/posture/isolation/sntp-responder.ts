import { GatehouseError, systemCode, type Clock, type Logger } from "@gatehouse/shared";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

import { readSntpQuestion, writeSntpAnswer } from "../../protocols/sntp/sntp-packet.ts";

export interface SntpResponderOptions {
  /** The gateway's address in the cameras' network, and the port: 123 unless a test says otherwise. */
  readonly address: string;
  readonly port?: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Who may ask: the cameras. Nobody else is answered. */
  readonly serves: (address: string) => boolean;
  /** Whether the box's clock is right, as far as is known. A doubtful time is told to nobody. */
  readonly isTrusted: () => boolean;
}

const defaultPort = 123;
/** A camera asks once in a minute at most. */
const mostAMinute = 8;
const mostClients = 256;
const minuteMs = 60_000;

/**
 * Tells cameras the time, so that they need nobody outside for it: one whose clock is wrong has its logins by token refused. A camera believes
 * whoever answers, so it is answered from one address of the owner's choice, and only while that clock is trusted.
 */
export class SntpResponder implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #options: SntpResponderOptions;
  readonly #answered = new Map<string, number>();
  #minute = 0;

  private constructor(socket: Socket, options: SntpResponderOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on("message", (datagram, from) => this.#answer(datagram, from));
    socket.on("error", (error) => options.log.warn("the time could not be told", { code: systemCode(error) }));
  }

  /** @throws GatehouseError `address-in-use` where it cannot listen there */
  static async open(options: SntpResponderOptions): Promise<SntpResponder> {
    const { address, port = defaultPort } = options;
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    try {
      socket.bind(port, address);
      await once(socket, "listening");
    } catch (cause) {
      socket.close();
      const why = systemCode(cause) ?? "unknown";
      throw new GatehouseError("address-in-use", `the time cannot be told at ${address}, UDP port ${port} (${why})`, {
        cause,
        ...(why === "EACCES" && { remedy: "Ports below 1024 take a right: CAP_NET_BIND_SERVICE." }),
      });
    }
    return new SntpResponder(socket, options);
  }

  /** Where it listens. */
  get port(): number {
    return this.#socket.address().port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }

  #answer(datagram: Buffer, { address, port }: RemoteInfo): void {
    const { clock, serves, isTrusted } = this.#options;
    const received = clock.now();
    const question = readSntpQuestion(datagram);
    if (question === undefined || !serves(address) || !isTrusted() || !this.#hasRoom(address)) return;
    this.#socket.send(writeSntpAnswer(question, { received, sent: clock.now() }), port, address);
  }

  #hasRoom(address: string): boolean {
    const minute = Math.floor(this.#options.clock.monotonic() / minuteMs);
    if (minute !== this.#minute) this.#answered.clear();
    this.#minute = minute;
    const count = this.#answered.get(address) ?? 0;
    if (count >= mostAMinute || (count === 0 && this.#answered.size >= mostClients)) return false;
    this.#answered.set(address, count + 1);
    return true;
  }
}
