import { setTimeout as delay } from "node:timers/promises";

import { gopMs } from "../camera-farm/farm.ts";

/** Waits for moments of the camera's GOP, so that luck plays no part in how long a viewer waits for the next key picture. */
export class GopPhase {
  readonly #keyAt: number;

  /** @param keyAt when any key picture left the camera, ms since the epoch */
  constructor(keyAt: number) {
    this.#keyAt = keyAt;
  }

  /** Waits for the next moment that lies this share of a GOP after a key picture. */
  async wait(share: number): Promise<void> {
    const passed = (Date.now() - this.#keyAt - share * gopMs) % gopMs;
    await delay((gopMs - passed) % gopMs);
  }
}
