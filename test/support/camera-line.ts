import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

import { RtspSplitter } from "../../gateway-bridge/src/protocols/rtsp/rtsp-splitter.ts";
import { Require } from "./onvif-talker.ts";

/** The wire to a camera that speaks RTSP in the clear, which can be cut. */
export class CameraLine implements AsyncDisposable {
  readonly #server: Server;
  readonly #lines = new Set<Socket>();
  readonly #talks = new Set<Socket>();
  /** Connections that asked for a way back, so far. */
  talked = 0;
  /** Packets of sound that were said to the camera within its connections, so far. */
  pieces = 0;

  private constructor(server: Server, camera: number) {
    this.#server = server;
    server.on("connection", (client) => this.#join(client, connect(camera, "127.0.0.1")));
  }

  /** @param camera its port on this box */
  static async open(camera: number): Promise<CameraLine> {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new CameraLine(server, camera);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections by which somebody talks, or could, now. */
  get talks(): number {
    return this.#talks.size;
  }

  /** The camera ends the talk; who watches is left alone. */
  hangUp(): void {
    for (const talk of this.#talks) talk.destroy();
  }

  #join(client: Socket, camera: Socket): void {
    this.#lines.add(client);
    const frame = (channel: number): void => {
      // The odd channels carry reports. RFC 2326 10.12
      if (channel % 2 === 0) this.pieces += 1;
    };
    const said = new RtspSplitter({ frame, message: () => undefined });
    client.on("data", (chunk: Buffer) => {
      said.push(chunk);
      if (!this.#talks.has(client) && chunk.includes(Require)) {
        this.#talks.add(client);
        this.talked += 1;
      }
      camera.write(chunk);
    });
    camera.on("data", (chunk: Buffer) => client.write(chunk));
    for (const [one, other] of [
      [client, camera],
      [camera, client],
    ] as const) {
      one.on("error", () => undefined);
      one.on("close", () => {
        other.destroy();
        this.#lines.delete(client);
        this.#talks.delete(client);
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const line of this.#lines) line.destroy();
    await closed;
  }
}
