import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

import { envelope } from "../../gateway-bridge/src/protocols/onvif/testing/scripted-camera.ts";
import { parseXml } from "../../gateway-bridge/src/protocols/xml/parse-xml.ts";
import { find } from "../../gateway-bridge/src/protocols/xml/xml-element.ts";

export interface FloodingOptions {
  readonly bytes: number;
  /** Whether the answer says beforehand how long it is. */
  readonly announced: boolean;
  /** Sends a piece only when all before it was taken by the other side, so that what was sent is what was read. */
  readonly counts: boolean;
}

const pieceBytes = 16 << 10;

/** A camera that answers every question about itself with far more than anybody wants to know. */
export class FloodingCamera implements AsyncDisposable {
  readonly url: URL;
  /** Handed over of the answer's body, to the moment at which the other side hung up. */
  sent = 0;
  /** Whether every byte of an answer was taken. */
  drained = false;
  readonly #server: Server;
  readonly #options: FloodingOptions;
  readonly #over = Promise.withResolvers<undefined>();

  private constructor(server: Server, options: FloodingOptions) {
    const { address, port } = server.address() as AddressInfo;
    this.url = new URL(`http://${address}:${port}/onvif/device_service`);
    this.#server = server;
    this.#options = options;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response));
  }

  static async open(options: FloodingOptions): Promise<FloodingCamera> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FloodingCamera(server, options);
  }

  /** Resolves when a flood has ended, by itself or because nobody wanted it. */
  get over(): Promise<undefined> {
    return this.#over.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close().closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = Buffer.concat((await request.toArray()) as Buffer[]).toString("utf8");
    const operation = find(parseXml(text), "Body")?.children[0]?.name ?? "";
    if (operation === "GetServices") return void response.end(envelope(services(this.url)));
    if (operation === "GetSystemDateAndTime") return void response.writeHead(400).end();
    await this.#flood(response).catch(() => undefined);
    this.#over.resolve(undefined);
  }

  async #flood(response: ServerResponse): Promise<void> {
    const { bytes, announced, counts } = this.#options;
    const piece = Buffer.alloc(pieceBytes, "<tds:User/>");
    const hungUp = new AbortController();
    response.on("error", () => undefined);
    response.once("close", () => hungUp.abort());
    response.writeHead(200, announced ? { "content-length": String(bytes) } : {});
    while (this.sent < bytes && !response.closed) {
      const wanted = response.write(piece);
      this.sent += piece.length;
      if (counts) await taken(response);
      else if (!wanted) await once(response, "drain", hungUp);
    }
    this.drained = this.sent >= bytes;
    response.end();
  }
}

const services = (url: URL): string =>
  `<tds:GetServicesResponse><tds:Service><tds:Namespace>http://www.onvif.org/ver10/device/wsdl</tds:Namespace><tds:XAddr>${url.href}</tds:XAddr></tds:Service></tds:GetServicesResponse>`;

/** Resolves when nothing that was sent waits anywhere in the system any more: the other side has read all of it, or is gone. */
const taken = async (response: ServerResponse): Promise<void> => {
  const { socket } = response;
  while (socket !== null && !response.closed && !socket.destroyed) {
    if (socket.writableLength === 0 && (await waiting(socket)) === 0) return;
    await delay(1);
  }
};

/** Bytes in the kernel's buffers of both ends of a loopback connection (proc(5), /proc/net/tcp: `tx_queue:rx_queue`). */
const waiting = async ({ localPort = 0, remotePort = 0 }: Socket): Promise<number> => {
  const [mine, theirs] = [hexadecimal(localPort), hexadecimal(remotePort)];
  const lines = (await readFile("/proc/net/tcp", "latin1")).split("\n");
  const queues = lines.flatMap((line) => {
    const [, from, to, sent, received] =
      /^\s*\d+: [\dA-F]{8}:([\dA-F]{4}) [\dA-F]{8}:([\dA-F]{4}) [\dA-F]{2} ([\dA-F]{8}):([\dA-F]{8})/.exec(line) ?? [];
    if (from === mine && to === theirs) return [Number.parseInt(sent ?? "", 16)];
    return from === theirs && to === mine ? [Number.parseInt(received ?? "", 16)] : [];
  });
  return queues.reduce((sum, bytes) => sum + bytes, 0);
};

const hexadecimal = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0");
