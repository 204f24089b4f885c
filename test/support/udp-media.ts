import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

import type { Reply, ScriptedAnswer, SeenRequest } from "./scripted-camera.ts";

const bind = async (address: string): Promise<Socket> => {
  const socket = createSocket("udp4");
  socket.bind(0, address);
  await once(socket, "listening");
  return socket;
};

/** The media ports of a scripted camera, for one track. Another address than the camera's makes it a stranger's. */
export class UdpMedia implements AsyncDisposable {
  /** Datagrams of the client. */
  readonly packets: Buffer[] = [];
  readonly control: Buffer[] = [];
  readonly #rtp: Socket;
  readonly #rtcp: Socket;
  /** The client's even port, once it asked for UDP. */
  port: number | undefined;

  private constructor(rtp: Socket, rtcp: Socket) {
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    rtp.on("message", (bytes) => this.packets.push(bytes));
    rtcp.on("message", (bytes) => this.control.push(bytes));
  }

  static async open(address = "127.0.0.1"): Promise<UdpMedia> {
    return new UdpMedia(await bind(address), await bind(address));
  }

  /** Refuses TCP, and tells these ports to who asks for UDP. */
  readonly setup: Reply = (request) =>
    this.accept(request) ?? { status: "461 Unsupported Transport", headers: ["Session: 1234;timeout=60"] };

  accept({ headers }: SeenRequest): ScriptedAnswer | undefined {
    const [, port] = /client_port=(\d+)/.exec(headers.get("transport") ?? "") ?? [];
    if (port === undefined) return undefined;
    this.port = Number(port);
    const server = `${this.#rtp.address().port}-${this.#rtcp.address().port}`;
    return { headers: [`Transport: ${headers.get("transport")};server_port=${server}`, "Session: 1234;timeout=60"] };
  }

  async send(...datagrams: readonly Buffer[]): Promise<void> {
    for (const bytes of datagrams) await sendTo(this.#rtp, bytes, this.port);
  }

  async sendControl(bytes: Buffer): Promise<void> {
    await sendTo(this.#rtcp, bytes, this.port === undefined ? undefined : this.port + 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of [this.#rtp, this.#rtcp]) {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    }
  }
}

const sendTo = (socket: Socket, bytes: Buffer, port: number | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    if (port === undefined) throw new Error("nobody asked for UDP");
    socket.send(bytes, port, "127.0.0.1", (error) => (error === null ? resolve() : reject(error)));
  });
