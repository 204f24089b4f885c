import type { Clock, Thumbprint } from "@gatehouse/shared";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

import { cut } from "../protocol/reverse-http2.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { Flow } from "./flow.ts";

/** A figure for each direction. */
export interface BothWays {
  readonly toGateway: number;
  readonly toDevice: number;
}

export interface ChannelOptions {
  readonly device: Thumbprint;
  readonly socket: TLSSocket;
  readonly budget: ByteBudget;
  readonly clock: Clock;
  /** Tells once that it is over, with what it carried. */
  readonly onEnded: (channel: Channel) => void;
}

/** A device's way to its gateway, from the moment on in which its key was proven. Either both sides are joined or nothing flows. */
export class Channel {
  readonly device: Thumbprint;
  readonly #options: ChannelOptions;
  #stream: Duplex | undefined;
  #toGateway: Flow | undefined;
  #toDevice: Flow | undefined;
  #ended = false;

  constructor(options: ChannelOptions) {
    this.device = options.device;
    this.#options = options;
    options.socket.once("close", () => this.#closed(options.socket, this.#stream));
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Bytes that it carried. */
  get carried(): BothWays {
    return { toGateway: this.#toGateway?.bytes ?? 0, toDevice: this.#toDevice?.bytes ?? 0 };
  }

  /** How long it waited for those who take too little, in ms. */
  get stalledMs(): BothWays {
    return { toGateway: this.#toGateway?.stalledMs ?? 0, toDevice: this.#toDevice?.stalledMs ?? 0 };
  }

  /** From now on bytes flow both ways. */
  join(stream: Duplex): void {
    const { socket, budget, clock } = this.#options;
    this.#stream = stream;
    stream.on("error", () => this.end());
    stream.once("close", () => this.#closed(stream, socket));
    // A stream that the gateway let go of without an error, which would otherwise go on with what it holds.
    stream.once("aborted", () => this.end());
    if (this.#ended || stream.destroyed) {
      cut(stream);
      this.end();
      return;
    }
    // Until here, whoever ended its direction was gone. HTTP/2 ends its directions apart by itself.
    socket.allowHalfOpen = stream.allowHalfOpen = true;
    this.#toGateway = new Flow({ source: socket, sink: stream, budget, clock });
    this.#toDevice = new Flow({ source: stream, sink: socket, budget, clock });
    this.#toGateway.start();
    this.#toDevice.start();
  }

  /** Not a byte more, in either direction. */
  end(): void {
    if (this.#ended) return;
    this.withdraw();
    this.#options.socket.destroy();
    if (this.#stream !== undefined) cut(this.#stream);
  }

  /** It never came about; the device's connection is for others to answer on. */
  withdraw(): void {
    if (this.#ended) return;
    this.#ended = true;
    const { budget, onEnded } = this.#options;
    for (const flow of [this.#toGateway, this.#toDevice]) if (flow !== undefined) budget.forget(flow);
    onEnded(this);
  }

  /** A side that ended both directions in order leaves the other to take what is still on its way to it. */
  #closed(side: Duplex, other: Duplex | undefined): void {
    const inOrder = side.readableEnded && side.writableFinished && side.errored === null;
    if (!inOrder || other === undefined || other.destroyed) this.end();
  }
}
