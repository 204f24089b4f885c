import { CameraId, Secret, silentLogger, systemClock, type Logger } from "@gatehouse/shared";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { recordClip } from "../../gateway-bridge/src/consumers/clip/record-clip.ts";
import { noConverter } from "../../gateway-bridge/src/consumers/clip/testing/fake-converter.ts";
import { Fmp4View } from "../../gateway-bridge/src/consumers/fmp4/fmp4-view.ts";
import { WebSocketServer, type WebSocket } from "../../gateway-bridge/src/consumers/fmp4/testing/web-socket.ts";
import type { StreamEndpoint } from "../../gateway-bridge/src/domain/camera.ts";
import type { Stream } from "../../gateway-bridge/src/media/stream.ts";
import { Streams } from "../../gateway-bridge/src/media/streams.ts";
import type { OpenSource } from "../../gateway-bridge/src/ports.ts";
import { createRtspSource } from "../../gateway-bridge/src/sources/rtsp-source.ts";
import type { Simulator } from "../simulator/simulator.ts";
import { msePage } from "./mse-page.ts";

const camera = CameraId.parse("cam-aaaaaaaaaaaaaaaa");

export interface LiveFmp4ServerOptions {
  readonly openSource: OpenSource;
  readonly endpoint?: Partial<StreamEndpoint>;
  readonly prerollMs?: number;
  readonly log?: Logger;
}

/** One camera's live view over a WebSocket, and a page that plays it. */
export class LiveFmp4Server implements AsyncDisposable {
  readonly streams: Streams;
  readonly stream: Stream;
  readonly views = new Set<Fmp4View>();
  /** Why each view ended. */
  readonly gone: string[] = [];
  readonly #http: Server;
  readonly #accepted = new Set<WebSocket>();
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 1_024 });

  private constructor(options: LiveFmp4ServerOptions, http: Server) {
    const { openSource, endpoint, prerollMs = 0, log = silentLogger } = options;
    this.#http = http;
    this.streams = Streams.create({
      endpoint: async (id, tier) => ({
        camera: id,
        tier,
        url: "rtsp://192.0.2.7/stream",
        credentials: undefined,
        pin: null,
        auth: { floor: "none", raise: () => undefined },
        ...endpoint,
      }),
      openSource,
      clock: systemClock,
      log,
      random: () => 0.5,
      prerollMs,
    });
    this.stream = this.streams.of(camera, "main");
    http.on("request", (request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
      if (pathname === "/clip") void this.#sendClip(searchParams, response);
      else response.setHeader("content-type", "text/html; charset=utf-8").end(msePage);
    });
    http.on("upgrade", (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (accepted) => {
        this.#accepted.add(accepted);
        accepted.on("close", () => this.#accepted.delete(accepted));
        const onGone = (why: string): void => {
          this.gone.push(why);
          this.views.delete(view);
        };
        const view = Fmp4View.open({ stream: this.stream, socket: accepted, clock: systemClock, log, onGone });
        this.views.add(view);
      });
    });
  }

  static async open(options: LiveFmp4ServerOptions): Promise<LiveFmp4Server> {
    const http = createServer();
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    return new LiveFmp4Server(options, http);
  }

  /** Serves a simulated camera's main stream. */
  static async of(
    simulator: Simulator,
    options: Omit<LiveFmp4ServerOptions, "openSource" | "endpoint"> = {},
  ): Promise<LiveFmp4Server> {
    const { log = silentLogger } = options;
    const credentials = { username: simulator.username, password: Secret.of(simulator.password) };
    const openSource = createRtspSource({ clock: systemClock, log });
    return LiveFmp4Server.open({ ...options, openSource, endpoint: { url: simulator.rtspUrl, credentials } });
  }

  get pageUrl(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  get liveUrl(): string {
    return `ws://127.0.0.1:${this.#port}/live`;
  }

  async #sendClip(query: URLSearchParams, response: ServerResponse): Promise<void> {
    const [beforeMs, afterMs] = [Number(query.get("before")), Number(query.get("after"))];
    const leaving = new AbortController();
    response.on("close", () => leaving.abort(new Error("left")));
    const request = {
      stream: this.stream,
      beforeMs,
      afterMs,
      openConverter: noConverter,
      clock: systemClock,
      log: silentLogger,
    };
    const { mime, chunks } = await recordClip(request, leaving);
    response.setHeader("content-type", mime);
    await pipeline(Readable.from(chunks), response).catch(() => undefined);
  }

  get #port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  /** Bytes that wait in each viewer's socket. */
  get buffered(): readonly number[] {
    return [...this.#accepted].map(({ bufferedAmount }) => bufferedAmount);
  }

  /** The connections that the server holds. */
  async connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#http.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const view of [...this.views]) view[Symbol.dispose]();
    await this.streams[Symbol.asyncDispose]();
    this.#sockets.close();
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, "close");
  }
}
