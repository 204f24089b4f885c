import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";

/** An RTSP server that answers every DESCRIBE with the same body, whatever it is worth; everything else with 200. */
export class ScriptedRtsp implements AsyncDisposable {
  readonly url: string;
  /** Every byte that it was sent. */
  readonly received: string[] = [];
  readonly #server: Server;

  private constructor(server: Server, received: string[]) {
    this.#server = server;
    this.received = received;
    this.url = `rtsp://127.0.0.1:${(server.address() as AddressInfo).port}/stream`;
  }

  static async open(describe: { readonly headers?: readonly string[]; readonly body: string }): Promise<ScriptedRtsp> {
    const received: string[] = [];
    const server = createServer((socket) => {
      let text = "";
      socket.on("error", () => undefined);
      socket.on("data", (bytes) => {
        received.push(bytes.toString("latin1"));
        text += bytes.toString("latin1");
        for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
          const head = text.slice(0, end);
          text = text.slice(end + 4);
          const cseq = /^cseq:\s*(\d+)/im.exec(head)?.[1] ?? "0";
          const isDescribe = head.startsWith("DESCRIBE");
          const body = isDescribe ? describe.body : "";
          const headers = isDescribe
            ? ["Content-Type: application/sdp", ...(describe.headers ?? [])]
            : ["Public: DESCRIBE"];
          socket.write(
            ["RTSP/1.0 200 OK", `CSeq: ${cseq}`, ...headers, `Content-Length: ${body.length}`, "", body].join("\r\n"),
          );
        }
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new ScriptedRtsp(server, received);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }
}
