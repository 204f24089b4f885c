import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** The wire between two programs, which can lose everything without either of them hearing of it. */
export class TcpLine implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #frozen = false;

  private constructor(server: Server, port: number) {
    this.#server = server;
    server.on("connection", (near) => {
      const far = connect(port, "127.0.0.1");
      this.#join(near, far);
      this.#join(far, near);
    });
  }

  /** @param port where it leads, on this box */
  static async open(port: number): Promise<TcpLine> {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new TcpLine(server, port);
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on nothing arrives, and nothing ends. */
  freeze(): void {
    this.#frozen = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on("error", () => undefined);
    from.on("data", (chunk: Buffer) => {
      if (!this.#frozen) to.write(chunk);
    });
    from.once("close", () => {
      this.#sockets.delete(from);
      if (!this.#frozen) to.destroy();
    });
  }
}
