import { supervise, withDeadline, type Camera, type Cancellable, type Clock, type Logger } from "@gatehouse/shared";

import type { Gateway } from "./gateway-port.ts";

export interface CameraListOptions extends Cancellable {
  readonly gateway: Pick<Gateway, "call">;
  readonly apply: (cameras: readonly Camera[]) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

const answerWithinMs = 10_000;

/** Fetches the gateway's list of cameras on request. An answer that was overtaken by news is fetched again, not applied. */
export class CameraList {
  readonly #options: CameraListOptions;
  #news = 0;
  #fetching = false;

  constructor(options: CameraListOptions) {
    this.#options = options;
  }

  /** Makes an answer that is still on its way worthless. */
  outdated(): void {
    this.#news += 1;
  }

  refresh(): void {
    this.outdated();
    if (this.#fetching) return;
    this.#fetching = true;
    const done = new AbortController();
    const { clock, random, log, signal } = this.#options;
    void supervise({
      clock,
      random,
      log,
      signal: AbortSignal.any([signal, done.signal]),
      run: async (cancel) => {
        this.#options.apply(await this.#fetch(cancel));
        this.#fetching = false;
        done.abort();
      },
    });
  }

  async #fetch({ signal }: Cancellable): Promise<readonly Camera[]> {
    const { gateway, clock } = this.#options;
    for (;;) {
      const news = this.#news;
      const cameras = await withDeadline({ clock, signal, ms: answerWithinMs, what: "the list of cameras" }, (cancel) =>
        gateway.call("listCameras", {}, cancel),
      );
      if (news === this.#news) return cameras;
    }
  }
}
