import {
  encodeFrame,
  frameLimits,
  FromGateway,
  GatehouseError,
  readFrame,
  type Clock,
  type FromRelay,
  type Thumbprint,
  type TunnelId,
} from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import type { TLSSocket } from "node:tls";

import { mostMissedPings, openStream, requestOver, tunnelPaths } from "../protocol/reverse-http2.ts";
import { admissionSetOf, type AdmissionSet } from "./admission-set.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { Channel } from "./channel.ts";
import { ControlBudget } from "./control-budget.ts";
import { DataPool } from "./data-pool.ts";
import { fixedLimits } from "./limits.ts";

type Admit = Extract<FromGateway, { kind: "admit" }>;
type NextKey = Extract<FromGateway, { kind: "key" }>;

/** Why a tunnel ended. */
export type TunnelEnd =
  | "closed"
  | "silent"
  | "malformed"
  | "talkative"
  | "unread"
  | "stale"
  | "replaced"
  | "late"
  | "revoked"
  | "key-changed"
  | "rekeyed"
  | "failed"
  | "shutdown";

export interface TunnelOptions {
  readonly gateway: TunnelId;
  /** Of the key that it came with. */
  readonly pin: string;
  /** The pin of the key that the relay showed to it: what its devices sign has to name the same. */
  readonly relayKey: string;
  readonly socket: TLSSocket;
  readonly bytesPerSecond: number;
  readonly clock: Clock;
  /** Takes note of an admission, durably where need be, before it is in force. @throws GatehouseError whenever it must not be */
  readonly onAdmit: (tunnel: Tunnel, epoch: number) => Promise<void>;
  /** Takes note of the next key, durably. @throws GatehouseError */
  readonly onKey: (tunnel: Tunnel, key: { readonly pin: string; readonly only: boolean }) => void;
  readonly onEnded: (tunnel: Tunnel, why: TunnelEnd) => void;
}

const pingPayload = Buffer.alloc(8);

/** A gateway's connection to the relay: the relay asks, the gateway answers. Nobody is admitted before it said whom it admits. */
export class Tunnel {
  /** Names it on data connections: 32 random bytes, base64url. */
  readonly name = randomBytes(32).toString("base64url");
  readonly gateway: TunnelId;
  readonly pin: string;
  readonly relayKey: string;
  readonly since: number;
  readonly channels = new Set<Channel>();
  readonly data = new DataPool();
  readonly budget: ByteBudget;
  /** When the last channel left, on the clock that never steps back. */
  idleSince: number;
  readonly #options: TunnelOptions;
  readonly #session: ClientHttp2Session;
  readonly #control: ClientHttp2Stream;
  readonly #ending = new AbortController();
  readonly #frames: ControlBudget;
  #admission: AdmissionSet | undefined;
  #missed = 0;
  #spare = 0;

  constructor(options: TunnelOptions) {
    const { gateway, pin, relayKey, socket, bytesPerSecond, clock } = options;
    this.gateway = gateway;
    this.pin = pin;
    this.relayKey = relayKey;
    this.#options = options;
    this.since = this.idleSince = clock.monotonic();
    this.budget = new ByteBudget(bytesPerSecond, clock);
    this.#frames = new ControlBudget(this.since);
    this.#session = requestOver(socket);
    this.#session.on("error", () => undefined);
    this.#session.once("close", () => this.end("closed"));
    this.#session.once("goaway", () => this.end("closed"));
    this.#control = openStream(this.#session, tunnelPaths.control);
    this.#control.on("error", () => undefined);
  }

  /** Undefined until the gateway said whom it admits. */
  get admission(): AdmissionSet | undefined {
    return this.#admission;
  }

  get ended(): boolean {
    return this.#ending.signal.aborted;
  }

  admits(device: Thumbprint): boolean {
    return !this.ended && this.#admission?.devices.has(device) === true;
  }

  /** Speaks with the gateway until the tunnel ends. Never rejects. */
  async run(welcome: FromRelay): Promise<void> {
    this.send(welcome);
    const cancel = { signal: this.#ending.signal, limit: frameLimits.tunnel };
    try {
      for (;;) await this.#heed(await readFrame(this.#control, FromGateway, cancel));
    } catch (error) {
      this.end(reasonOf(error));
    }
  }

  /** A gateway that does not read what it is told is let go. */
  send(message: FromRelay): void {
    if (this.ended) return;
    if (this.#control.writableLength > fixedLimits.controlBacklog) this.end("unread");
    else this.#control.write(encodeFrame(message));
  }

  /** One more channel on the tunnel itself. */
  openStream(): ClientHttp2Stream {
    const stream = openStream(this.#session, tunnelPaths.channel);
    stream.on("error", () => undefined);
    return stream;
  }

  /** That many data connections should wait from now on. */
  keepSpare(count: number): void {
    if (count === this.#spare) return;
    this.#spare = count;
    if (count === 0) this.data.empty();
    this.send({ kind: "spare", count });
  }

  /** Asks whether the gateway is there, and ends where it was not, twice. To be called once in each interval. */
  ping(): void {
    if (this.#missed >= mostMissedPings) {
      this.end("silent");
      return;
    }
    this.#missed += 1;
    this.#session.ping(pingPayload, this.#answered);
  }

  /** With all of its channels, at once. A second time does nothing. */
  end(why: TunnelEnd): void {
    if (this.ended) return;
    this.#ending.abort();
    this.#admission = undefined;
    for (const channel of [...this.channels]) channel.end();
    this.data[Symbol.dispose]();
    this.budget[Symbol.dispose]();
    this.#session.destroy();
    this.#options.onEnded(this, why);
  }

  readonly #answered = (error: Error | null): void => {
    if (error === null) this.#missed = 0;
  };

  async #heed(message: FromGateway): Promise<void> {
    if (!this.#frames.spend(this.#options.clock.monotonic())) throw new Ended("talkative");
    if (message.kind === "admit") await this.#admit(message);
    else this.#noteKey(message);
  }

  async #admit(message: Admit): Promise<void> {
    const next = admissionSetOf(message);
    const before = this.#admission;
    if (before !== undefined) {
      if (next.epoch < before.epoch) throw new Ended("stale");
      // Whom it names no more is out before anything is asked; the others are not in before it is answered.
      this.#admission = { ...next, devices: next.devices.intersection(before.devices) };
      for (const channel of [...this.channels]) if (!this.admits(channel.device)) channel.end();
    }
    await this.#options.onAdmit(this, next.epoch);
    if (this.ended) return;
    this.#admission = next;
    this.send({ kind: "admitting", epoch: next.epoch });
  }

  #noteKey({ pin, only }: NextKey): void {
    this.#options.onKey(this, { pin, only });
    this.send({ kind: "key", pin, only });
    if (!only) return;
    // What it came with is good for nothing any more. It hears so, and comes back with the other.
    for (const channel of [...this.channels]) channel.end();
    this.#admission = undefined;
    this.#control.end(() => this.end("key-changed"));
  }
}

/** Ends a tunnel from within. */
export class Ended extends Error {
  readonly why: TunnelEnd;

  constructor(why: TunnelEnd) {
    super(`the tunnel ended: ${why}`);
    this.why = why;
  }
}

const reasonOf = (error: unknown): TunnelEnd => {
  if (error instanceof Ended) return error.why;
  if (!(error instanceof GatehouseError)) return "failed";
  return error.code === "relay-unreachable" || error.code === "aborted" ? "closed" : "malformed";
};
