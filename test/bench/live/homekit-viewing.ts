import { setTimeout as delay } from "node:timers/promises";

import type { HomebridgeProcess } from "../../support/homebridge.ts";
import { HomeKitController, type HomeKitCamera } from "../../support/homekit-controller.ts";
import { LiveView } from "../../support/homekit-live-view.ts";
import { measureJoin, type Join, type Viewing } from "./join.ts";

/** What a television asks for: the camera's full picture. */
const wanted = { width: 1_920, height: 1_080, maxBitrateKbps: 8_000 };
const appearsWithinMs = 60_000;

/** A HomeKit controller that is paired with a Homebridge and watches one of its cameras. */
export class HomeKitViewing implements Viewing {
  readonly #controller: HomeKitController;
  readonly #camera: HomeKitCamera;
  readonly #id: string;

  private constructor(controller: HomeKitController, camera: HomeKitCamera, id: string) {
    this.#controller = controller;
    this.#camera = camera;
    this.#id = id;
  }

  /** @param id what the camera's stamps say */
  static async open(bridge: HomebridgeProcess, { name, id }: { name: string; id: string }): Promise<HomeKitViewing> {
    const address = { host: "127.0.0.1", port: bridge.port, username: bridge.username };
    const controller = await HomeKitController.pair({ ...address, pin: bridge.pin });
    try {
      return new HomeKitViewing(controller, await cameraOf(controller, name), id);
    } catch (error) {
      await controller[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Another camera of the same bridge. */
  async another(name: string, id: string): Promise<HomeKitViewing> {
    const controller = this.#controller.another();
    return new HomeKitViewing(controller, await cameraOf(controller, name), id);
  }

  async join(): Promise<Join> {
    const slot = this.#camera.slots[0];
    if (slot === undefined) throw new Error("the camera has no stream");
    while (!(await this.#controller.free(slot))) await delay(50);
    // The wish to see the camera is the first message to it, in which its owner says where the media shall go.
    return measureJoin(this.#id, async () => {
      const view = await LiveView.open(this.#controller, slot, wanted);
      return { units: view.video.units, [Symbol.asyncDispose]: () => view[Symbol.asyncDispose]() };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#controller[Symbol.asyncDispose]();
  }
}

/** Plugins publish their cameras a moment after Homebridge is up. */
const cameraOf = async (controller: HomeKitController, name: string): Promise<HomeKitCamera> => {
  const until = performance.now() + appearsWithinMs;
  while (performance.now() < until) {
    const found = (await controller.cameras()).find((camera) => camera.name === name);
    if (found !== undefined) return found;
    await delay(200);
  }
  throw new Error(`HomeKit shows no camera of the name ${name}`);
};
