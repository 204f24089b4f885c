import { stopped, type Cancellable, type Clock, type Logger, type RemoteState } from "@gatehouse/shared";

import type { NoticeBoard } from "../../ports.ts";
import type { Enrolment } from "./remote-relay.ts";

/** A relay that refuses for so long has forgotten this gateway, or locked it out. */
export const refusedNoticeMs: number = 15 * 60_000;

/** How a tunnel stands. */
export interface TunnelState extends Pick<RemoteState, "since" | "trouble"> {
  readonly connection: Exclude<RemoteState["connection"], "off">;
}

/** What came through, since the gateway started. */
export interface TunnelFigures {
  /** Channels that stand now. */
  readonly channels: number;
  readonly admittedChannels: number;
  readonly refusedChannels: number;
  readonly refusedBy: Readonly<Record<string, number>>;
  readonly receivedBytes: number;
  readonly reconnects: number;
}

/** A tunnel to the relay, dialled again and again for as long as it is held. */
export interface RelayTunnel extends AsyncDisposable {
  readonly state: TunnelState;
  onChanged(listener: (state: TunnelState) => void): Disposable;
  /** Resolves once the relay has taken the gateway's next key; at once where there is none. */
  rotate(cancel: Cancellable): Promise<void>;
}

export interface RelayLineOptions {
  /** Where to, as it was said last; undefined where there is to be no connection at all. */
  readonly wanted: () => Enrolment | undefined;
  readonly openTunnel: (enrolment: Enrolment) => RelayTunnel;
  readonly notices: NoticeBoard;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Sees to it that there is a tunnel where one is wanted, and no connection to anywhere where none is. */
export class RelayLine implements AsyncDisposable {
  readonly #options: RelayLineOptions;
  #held: { readonly tunnel: RelayTunnel; readonly hanging: AbortController } | undefined;
  readonly #ending = new Set<Promise<void>>();
  #refused: Disposable | undefined;

  constructor(options: RelayLineOptions) {
    this.#options = options;
  }

  /** Of the tunnel; undefined where there is none. */
  get state(): TunnelState | undefined {
    return this.#held?.tunnel.state;
  }

  /** Dials, hangs up, or tells the relay of the next key: as it is wanted now. Never throws. */
  follow(): void {
    const enrolment = this.#options.wanted();
    if (enrolment === undefined) {
      this.hangUp();
      return;
    }
    const { tunnel, hanging } = (this.#held ??= this.#dial(enrolment));
    tunnel.rotate({ signal: hanging.signal }).then(
      // Where that was all there was to say, it hangs up.
      () => {
        if (this.#held?.tunnel === tunnel && this.#options.wanted() === undefined) this.hangUp();
      },
      () => undefined,
    );
  }

  /** Ends the tunnel and all that comes through it. */
  hangUp(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#forgive();
    held.hanging.abort(stopped("closed"));
    const ending = Promise.resolve(held.tunnel[Symbol.asyncDispose]());
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hangUp();
    await Promise.all(this.#ending);
  }

  #dial(enrolment: Enrolment): { readonly tunnel: RelayTunnel; readonly hanging: AbortController } {
    this.#options.log.info("going to the relay", { relay: enrolment.place.name });
    const tunnel = this.#options.openTunnel(enrolment);
    tunnel.onChanged((state) => this.#hear(state));
    return { tunnel, hanging: new AbortController() };
  }

  #hear({ connection }: TunnelState): void {
    const { clock, notices } = this.#options;
    if (connection === "connected") this.#forgive();
    if (connection !== "refused") return;
    this.#refused ??= clock.schedule(refusedNoticeMs, () => {
      const text =
        "The relay has not let this gateway in for some time: it does not know it. Nobody reaches home from away.";
      notices.raise({ kind: "remote-refused", text });
    });
  }

  #forgive(): void {
    this.#refused?.[Symbol.dispose]();
    this.#refused = undefined;
    this.#options.notices.withdraw("remote-refused");
  }
}
