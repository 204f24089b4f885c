import {
  ChannelAnswer,
  encodeFrame,
  frameLimits,
  FromRelay,
  OpenChannel,
  readFrame,
  relayProtocols,
  type FromGateway,
  type Thumbprint,
} from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";

import { serveOver } from "../../gateway-bridge/src/relay/protocol/reverse-http2.ts";
import { eventually } from "./eventually.ts";
import { dialTls, type RelayDialOptions } from "./relay-dial.ts";

export interface ScriptedGatewayOptions extends Omit<RelayDialOptions, "protocol"> {
  readonly key: NonNullable<RelayDialOptions["key"]>;
  /** Whether it takes a device; every one unless given. */
  readonly takes?: (opening: OpenChannel) => boolean | Promise<boolean>;
  /** What it does with a channel; echoes unless given. */
  readonly serve?: (stream: Duplex, opening: OpenChannel) => void;
  /** Whether it dials data connections when it is asked to; it does unless told. */
  readonly spare?: boolean;
}

interface Connected {
  readonly session: ServerHttp2Session;
  readonly control: ServerHttp2Stream;
  readonly welcome: Welcome;
}

type Welcome = Extract<FromRelay, { kind: "welcome" }>;

/**
 * The gateway's half of a tunnel as tests want it: it speaks the protocol, believes the relay everything, and counts every byte that
 * reaches it. One costs little, so that thousands can stand at once.
 */
export class ScriptedGateway implements AsyncDisposable {
  readonly welcome: Welcome;
  /** What the relay said after `welcome`. */
  readonly heard: FromRelay[] = [];
  readonly openings: OpenChannel[] = [];
  /** How each channel came, in the order of `openings`. */
  readonly ways: ("shared" | "own")[] = [];
  readonly channels = new Set<Duplex>();
  /** Bytes of devices that came through channels. */
  received = 0;
  readonly #options: ScriptedGatewayOptions;
  readonly #session: ServerHttp2Session;
  readonly #control: ServerHttp2Stream;
  readonly #ending = new AbortController();
  readonly #data = new Set<Duplex>();
  #spare = 0;
  #waiting = 0;

  private constructor(options: ScriptedGatewayOptions, { session, control, welcome }: Connected) {
    this.#options = options;
    this.#session = session;
    this.#control = control;
    this.welcome = welcome;
    session.on("stream", (stream: ServerHttp2Stream) => {
      stream.on("error", () => undefined);
      stream.respond({ ":status": 200 });
      void this.#receive(stream, "shared");
    });
    session.once("close", () => this.#ending.abort());
    void this.#listen();
  }

  /** Connects, and hears the relay's welcome. Rejects where the relay closes instead. */
  static async open(options: ScriptedGatewayOptions): Promise<ScriptedGateway> {
    const socket = await dialTls({ ...options, protocol: relayProtocols.tunnel });
    socket.allowHalfOpen = false;
    const ending = new AbortController();
    socket.once("close", () => ending.abort(new Error("the relay closed the connection")));
    const session = serveOver(socket);
    session.on("error", () => undefined);
    const [control] = (await once(session, "stream", { signal: ending.signal })) as [ServerHttp2Stream];
    control.on("error", () => undefined);
    control.respond({ ":status": 200 });
    const limit = frameLimits.tunnel;
    const welcome = await readFrame(control, FromRelay, { signal: ending.signal, limit });
    if (welcome.kind !== "welcome") throw new Error(`the relay began with ${welcome.kind}`);
    return new ScriptedGateway(options, { session, control, welcome });
  }

  get closed(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Data connections that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  send(message: FromGateway): void {
    this.#control.write(encodeFrame(message));
  }

  /** Says whom it admits, and waits until the relay says that it does. */
  async admit(
    devices: readonly Thumbprint[],
    over: { readonly epoch?: number; readonly salt?: string } = {},
  ): Promise<void> {
    const { epoch = 1, salt = randomBytes(16).toString("base64url") } = over;
    const before = this.#admitting(epoch);
    this.send({ kind: "admit", epoch, salt, devices: [...devices] });
    await eventually("the relay admits", () => this.#admitting(epoch) > before || this.closed);
    if (this.closed) throw new Error("the relay closed the tunnel");
  }

  /** Closes it, as one does that is switched off. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#data) socket.destroy();
    if (this.#session.destroyed) return;
    const closed = once(this.#session, "close");
    this.#session.destroy();
    await closed;
  }

  #admitting(epoch: number): number {
    return this.heard.filter((message) => message.kind === "admitting" && message.epoch === epoch).length;
  }

  async #listen(): Promise<void> {
    const { signal } = this.#ending;
    try {
      for (;;) {
        const message = await readFrame(this.#control, FromRelay, { signal, limit: frameLimits.tunnel });
        this.heard.push(message);
        if (message.kind === "spare") this.#keepSpare(message.count);
      }
    } catch {
      // The tunnel ended.
    }
  }

  #keepSpare(count: number): void {
    this.#spare = count;
    if (this.#options.spare === false) return;
    while (this.#waiting < this.#spare && !this.closed) {
      this.#waiting += 1;
      void this.#dialData();
    }
  }

  async #dialData(): Promise<void> {
    try {
      const socket = await dialTls({ ...this.#options, protocol: relayProtocols.data });
      this.#data.add(socket);
      socket.once("close", () => this.#data.delete(socket));
      socket.write(encodeFrame({ v: 1, tunnel: this.welcome.tunnel }));
      await this.#receive(socket, "own");
    } catch {
      this.#waiting -= 1;
    }
  }

  async #receive(stream: Duplex, way: "shared" | "own"): Promise<void> {
    const { takes = () => true, serve = echo } = this.#options;
    const { signal } = this.#ending;
    let opening: OpenChannel;
    try {
      opening = await readFrame(stream, OpenChannel, { signal, limit: frameLimits.device });
    } catch {
      stream.destroy();
      if (way === "own") this.#waiting -= 1;
      return;
    }
    this.openings.push(opening);
    this.ways.push(way);
    if (way === "own") {
      this.#waiting -= 1;
      this.#keepSpare(this.#spare);
    }
    const open = await takes(opening);
    stream.write(encodeFrame({ open } satisfies ChannelAnswer));
    if (!open) return;
    this.channels.add(stream);
    stream.once("close", () => this.channels.delete(stream));
    serve(stream, opening);
    stream.on("data", (chunk: Buffer) => (this.received += chunk.length));
  }
}

const echo = (stream: Duplex): void => void stream.pipe(stream);
