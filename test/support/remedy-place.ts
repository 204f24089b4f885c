import { cp, rm } from "node:fs/promises";

import { FleetCamera, type FleetCameraOptions } from "../simulator/fleet/fleet-camera.ts";
import { ImpatientClock } from "./impatient-clock.ts";
import { mend, type RemedyWish } from "./remedy-command.ts";
import { adoptInto, RemedyHome } from "./remedy-home.ts";
import { SkippingClock } from "./skipping-clock.ts";

/** A camera and the data folder of its gateway, as they were at one moment. */
export interface Moment {
  readonly data: string;
  readonly state: FleetCamera["state"];
  /** Wrong passwords that the camera had seen, since it was last put back. */
  readonly tries: FleetCamera["counts"]["tries"];
}

export interface PlaceOptions {
  readonly camera: FleetCameraOptions;
  /** What the gateway has done about the camera already. */
  readonly before?: readonly RemedyWish[];
}

/** A camera as it was adopted, the data folder of the gateway that adopted it, and both as they were at any moment that was kept. */
export class RemedyPlace implements AsyncDisposable {
  readonly camera: FleetCamera;
  /** Where the gateway works. */
  readonly data: string;
  /** The time of day, to the camera; each start of the gateway has its own. */
  readonly #time: { clock: SkippingClock };
  #counted = 0;

  private constructor(camera: FleetCamera, data: string, time: { clock: SkippingClock }) {
    this.camera = camera;
    this.data = data;
    this.#time = time;
  }

  static async open(data: string, { camera: options, before = [] }: PlaceOptions): Promise<RemedyPlace> {
    const time = { clock: new SkippingClock() };
    const camera = await FleetCamera.open({ ...options, now: () => time.clock.now() });
    const clock = new ImpatientClock();
    await adoptInto(data, clock, camera.facts);
    const place = new RemedyPlace(camera, data, time);
    await using home = await RemedyHome.open({ data, clock });
    for (const wish of before) {
      const run = await mend(home, wish);
      if (run.state !== "done") throw new Error(JSON.stringify(run));
    }
    return place;
  }

  /** Keeps both as they are now: the gateway must not be writing. */
  async keep(name: string): Promise<Moment> {
    const data = `${this.data}-${name}`;
    await cp(this.data, data, { recursive: true });
    const state = structuredClone(this.camera.state);
    return { data, state, tries: this.camera.counts.tries.slice(this.#counted) };
  }

  /** Puts both back, and nobody is locked out. @returns the clock of the gateway's next start, which the camera goes by as well */
  async putBack({ data, state }: Moment): Promise<SkippingClock> {
    await rm(this.data, { recursive: true, force: true });
    await cp(data, this.data, { recursive: true });
    const { camera } = this;
    Object.assign(camera.state, structuredClone(state));
    await camera.settle();
    camera.forgive();
    this.#counted = camera.counts.tries.length;
    this.#time.clock = new SkippingClock();
    return this.#time.clock;
  }

  /** Wrong passwords since it was put back. */
  get tries(): FleetCamera["counts"]["tries"] {
    return this.camera.counts.tries.slice(this.#counted);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.camera[Symbol.asyncDispose]();
  }
}
