import {
  assertNever,
  frameLimits,
  FromRelay,
  GatehouseError,
  isGatehouseError,
  onAbort,
  readFrame,
  relayProtocols,
  stopped,
  toGatehouseError,
  untilAborted,
  withDeadline,
  writeFrame,
  type Cancellable,
  type Clock,
  type DataHello,
  type FromGateway,
  type Logger,
  type RelayPlace,
  type TunnelId,
} from "@gatehouse/shared";
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

import type { AdmittedChannel, DeviceRoll } from "../../ports.ts";
import { serveOver, tunnelPaths } from "../protocol/reverse-http2.ts";
import { ChannelIntake } from "./channel-intake.ts";
import { DataPool } from "./data-pool.ts";
import type { Dial, Dialled } from "./dial-relay.ts";
import type { EnforcedRoll } from "./enforced-roll.ts";
import { keepAlive } from "./keep-alive.ts";
import { LiveChannels } from "./live-channels.ts";
import { NonceMemory } from "./nonce-memory.ts";
import { RollPush } from "./roll-push.ts";
import type { TunnelCounts } from "./tunnel-counts.ts";
import type { TunnelKey, TunnelKeys } from "./tunnel-key.ts";
import { readWelcome, type Welcome } from "./welcome-policy.ts";

/** How long the relay may take for its first words, once the connection stands. */
export const welcomeMs = 15_000;

/** How long a relay that goes away without saying when may still carry what stands. */
const leaveMs = 60_000;

export interface SessionOptions {
  /** Where the relay is and which keys it has, as far as is known now. */
  readonly place: () => RelayPlace;
  readonly id: TunnelId;
  /** The key to come with. */
  readonly key: TunnelKey;
  readonly keys: TunnelKeys;
  readonly roll: DeviceRoll;
  readonly enforced: EnforcedRoll;
  readonly live: LiveChannels;
  readonly counts: TunnelCounts;
  readonly accept: (channel: AdmittedChannel) => void;
  /** The relay has other keys than `place` says. */
  readonly learnRelayKeys: (pins: readonly string[]) => void;
  readonly dial: Dial;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}

/** Why a session ended after the relay took the gateway's next key. */
const rekeyed = stopped("replaced");
export const isRekeyed = (why: unknown): boolean => why === rekeyed;

/** One connection to the relay, from the dialling to the end. */
export class TunnelSession implements AsyncDisposable {
  readonly #options: SessionOptions;
  readonly #socket: TLSSocket;
  /** The pin of the key that the relay showed. */
  readonly #shown: string;
  readonly #http: ServerHttp2Session;
  readonly #over = new AbortController();
  readonly #held = new AsyncDisposableStack();
  readonly #nonces = new NonceMemory();
  readonly #intake: ChannelIntake;
  readonly #control = Promise.withResolvers<ServerHttp2Stream>();
  #controls = 0;
  #heard = false;
  #draining = false;
  #leaving = false;
  #words: { readonly control: ServerHttp2Stream; readonly push: RollPush; readonly pool: DataPool } | undefined;

  private constructor(options: SessionOptions, { socket, shown }: Dialled) {
    this.#options = options;
    this.#socket = socket;
    this.#shown = shown;
    this.#intake = this.#makeIntake();
    this.#http = serveOver(socket);
    this.#listen();
  }

  /**
   * Resolves when the relay lets in the devices of the roll, and nobody else.
   * @throws GatehouseError `relay-impostor`, `relay-unreachable`, `relay-answer-malformed`, `relay-busy`, the signal's reason, or
   *   `relay-refused` where the relay closed without a word
   */
  static async open(options: SessionOptions, cancel: Cancellable): Promise<TunnelSession> {
    const { key, clock, dial } = options;
    const dialled = await dial({ place: options.place(), key, protocol: relayProtocols.tunnel, clock }, cancel);
    const session = new TunnelSession(options, dialled);
    try {
      using _abort = onAbort(cancel.signal, (why) => session.#end(why));
      await untilAborted(session.over, session.#begin());
      return session;
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Aborts with the reason when the connection has ended, whoever ended it. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Tells the relay of the next key, if there is one. */
  offerKey(): void {
    const next = this.#options.keys.next();
    if (next === undefined || this.#words === undefined) return;
    this.#say(this.#words.control, { kind: "key", pin: next.key.pin, only: next.only });
  }

  async #begin(): Promise<void> {
    const { clock, roll, live, key, keys, enforced } = this.#options;
    const signal = this.over;
    const deadline = { clock, signal, ms: welcomeMs, what: "the relay's welcome", code: "relay-unreachable" } as const;
    const { control, welcome } = await withDeadline(deadline, (within) => this.#greet(within));
    if (keys.next()?.key.pin === key.pin) keys.promote();
    this.#words = this.#open(control, welcome);
    const { push } = this.#words;
    this.#held.use(
      roll.onChanged(() => {
        live.keepOnly((thumbprint) => roll.find(thumbprint) !== undefined);
        push.push();
      }),
    );
    push.push();
    void this.#hearAll(control);
    await enforced.reached(1, { signal });
    this.offerKey();
  }

  async #greet({ signal }: Cancellable): Promise<{ readonly control: ServerHttp2Stream; readonly welcome: Welcome }> {
    const { place, learnRelayKeys } = this.#options;
    const control = await untilAborted(signal, this.#control.promise);
    const first = await readFrame(control, FromRelay, { signal, limit: frameLimits.tunnel });
    const welcome = readWelcome({ first, relay: place().name, shown: this.#shown });
    if (welcome.keys.join() !== place().keys.join()) learnRelayKeys(welcome.keys);
    return { control, welcome };
  }

  #open(
    control: ServerHttp2Stream,
    { tunnel }: Welcome,
  ): { control: ServerHttp2Stream; push: RollPush; pool: DataPool } {
    const { clock, log, random, roll, enforced } = this.#options;
    const onBroken = (why: GatehouseError): void => this.#end(why);
    const push = this.#held.use(
      new RollPush({ control, roll, enforced, clock, onBroken, salt: () => this.#nonces.salt }),
    );
    const dial = (cancel: Cancellable): Promise<Duplex> => this.#dialData(tunnel, cancel);
    const take = (stream: Duplex, cancel: Cancellable): Promise<boolean> => this.#intake.take(stream, cancel);
    const pool = this.#held.use(DataPool.open({ dial, take, clock, log: log.child({ part: "data" }), random }));
    return { control, push, pool };
  }

  async #dialData(tunnel: string, cancel: Cancellable): Promise<Duplex> {
    const { place, key, clock, dial } = this.#options;
    const { socket } = await dial({ place: place(), key, protocol: relayProtocols.data, clock }, cancel);
    const hello: DataHello = { v: 1, tunnel };
    writeFrame(socket, hello);
    return socket;
  }

  /** What the relay says on the control stream, one after the other: nothing is read ahead of what is understood. */
  async #hearAll(control: ServerHttp2Stream): Promise<void> {
    try {
      for (;;) this.#hear(await readFrame(control, FromRelay, { signal: this.over, limit: frameLimits.tunnel }));
    } catch (error) {
      this.#end(isGatehouseError(error) && error.code === "relay-unreachable" ? this.#lost() : error);
    }
  }

  #hear(word: FromRelay): void {
    switch (word.kind) {
      case "welcome":
        throw new GatehouseError("relay-answer-malformed", "the relay welcomes this gateway twice");
      case "spare":
        this.#words?.pool.want(this.#leaving ? 0 : word.count);
        return;
      case "admitting":
        this.#words?.push.confirmed(word.epoch);
        return;
      case "key":
        this.#took(word);
        return;
      case "drain":
        this.#drain(word.withinMs);
        return;
      default:
        return assertNever(word);
    }
  }

  /** The relay knows the next key, durably: come back with it. */
  #took({ pin, only }: { readonly pin: string; readonly only: boolean }): void {
    const { keys } = this.#options;
    const next = keys.next();
    if (next?.key.pin !== pin || next.only !== only) {
      throw new GatehouseError("relay-answer-malformed", "the relay speaks of a key that it was never told of");
    }
    keys.promote();
    this.#end(rekeyed);
  }

  /** So that not all gateways come back at once, this one waits a little longer. */
  #drain(withinMs: number): void {
    this.#draining = true;
    this.#leave(withinMs);
  }

  #leave(withinMs: number): void {
    if (this.#leaving || this.over.aborted) return;
    this.#leaving = true;
    this.#words?.pool.want(0);
    this.#held.use(this.#options.clock.schedule(withinMs, () => this.#end(this.#lost())));
  }

  #listen(): void {
    const { clock } = this.#options;
    this.#http.on("stream", (stream, headers) => this.#route(stream, headers));
    this.#http.once("remoteSettings", () => (this.#heard = true));
    this.#http.once("goaway", () => this.#leave(leaveMs));
    this.#http.on("error", (cause) => this.#end(this.#lost(cause)));
    this.#http.once("close", () => this.#end(this.#lost()));
    this.#socket.once("close", () => this.#end(this.#lost()));
    const onDead = (): void => this.#end(new GatehouseError("relay-unreachable", "the relay does not answer any more"));
    this.#held.use(keepAlive({ session: this.#http, clock, onDead }));
  }

  #route(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on("error", () => undefined);
    if (stream.destroyed) return;
    stream.respond({ ":status": 200 });
    const path = headers[":method"] === "POST" ? headers[":path"] : undefined;
    if (path === tunnelPaths.control && this.#controls++ === 0) this.#control.resolve(stream);
    else if (path === tunnelPaths.channel) void this.#intake.take(stream, { signal: this.over });
    else this.#intake.refuse(stream, "malformed");
  }

  #makeIntake(): ChannelIntake {
    const { place, id, roll, live, counts, accept, clock, log } = this.#options;
    return new ChannelIntake({
      ...{ relay: place().name, relayKeys: () => place().keys, gateway: id },
      ...{ roll, live, counts, accept, clock, log, nonces: this.#nonces },
      onSalt: () => this.#words?.push.push(),
      onNonsense: () =>
        this.#end(
          new GatehouseError("relay-answer-malformed", "the relay opens more channels than any device asked for"),
        ),
    });
  }

  #say(control: ServerHttp2Stream, word: FromGateway): void {
    if (!control.destroyed) writeFrame(control, word);
  }

  /** Why the connection went without the gateway's doing. */
  #lost(cause?: unknown): GatehouseError {
    if (this.#draining) return new GatehouseError("relay-busy", "the relay has closed for a while");
    if (!this.#heard) {
      return new GatehouseError("relay-refused", "the relay closes without a word: it does not know this gateway", {
        remedy:
          "Ask the relay's operator whether this gateway is still enrolled there. If not, enrol it again with a new invite.",
      });
    }
    return new GatehouseError("relay-unreachable", "the connection to the relay ended", { cause });
  }

  /** The first reason counts. */
  #end(why: unknown): void {
    if (!this.over.aborted) this.#over.abort(isGatehouseError(why) ? why : toGatehouseError(why));
  }

  /** Ends everything that came through it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end(stopped("closed"));
    this.#options.live.endAll();
    this.#options.enforced.gone();
    this.#http.destroy();
    this.#socket.destroy();
    await this.#held.disposeAsync();
  }
}
