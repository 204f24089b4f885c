import { join } from "node:path";

import { isError, readPrivateFile, writePrivateFile, type Logger } from "@gatehouse/shared";
import type { API, PlatformAccessory } from "homebridge";
import { z } from "zod";

import { KnownCamera } from "./known-camera.ts";

export const pluginName = "homebridge-gatehouse";
export const platformName = "Gatehouse";

/** How accessories come to HomeKit and leave it. */
export interface AccessoryPublisher {
  /** Whether a published accessory can take a new name. */
  readonly renames: boolean;
  /** Cameras to show before the gateway was reached. Accessories that Homebridge itself restores are not among them. */
  recall(): Promise<readonly KnownCamera[]>;
  publish(accessory: PlatformAccessory): void;
  remove(accessory: PlatformAccessory): void;
  /** What is remembered of a published accessory's camera changed. */
  changed(accessory: PlatformAccessory): void;
  /** The cameras that there are from now on, after any of these. */
  remember(cameras: readonly KnownCamera[]): void;
}

type Publishing = Pick<
  API,
  | "registerPlatformAccessories"
  | "unregisterPlatformAccessories"
  | "updatePlatformAccessories"
  | "publishExternalAccessories"
>;

/** Behind Homebridge's bridge, which keeps them over restarts. */
export class BridgedPublisher implements AccessoryPublisher {
  readonly renames = true;
  readonly #api: Publishing;

  constructor(api: Publishing) {
    this.#api = api;
  }

  async recall(): Promise<readonly KnownCamera[]> {
    return [];
  }

  publish(accessory: PlatformAccessory): void {
    this.#api.registerPlatformAccessories(pluginName, platformName, [accessory]);
  }

  remove(accessory: PlatformAccessory): void {
    this.#api.unregisterPlatformAccessories(pluginName, platformName, [accessory]);
  }

  changed(accessory: PlatformAccessory): void {
    this.#api.updatePlatformAccessories([accessory]);
  }

  remember(): void {
    // Homebridge keeps its accessories itself.
  }
}

const Remembered = z.object({ version: z.literal(1), cameras: z.array(KnownCamera) });

/** Each an accessory of its own. Homebridge does not keep these, so their cameras are kept in a file. */
export class ExternalPublisher implements AccessoryPublisher {
  readonly renames = false;
  readonly #api: Publishing;
  readonly #path: string;
  readonly #log: Logger;
  readonly #published = new Set<string>();
  #writing: Promise<void> = Promise.resolve();

  /** @param folder the plugin's folder in Homebridge's storage; exists */
  constructor(api: Publishing, folder: string, log: Logger) {
    this.#api = api;
    this.#path = join(folder, "cameras.json");
    this.#log = log;
  }

  async recall(): Promise<readonly KnownCamera[]> {
    try {
      const content = await readPrivateFile(this.#path);
      return content === undefined ? [] : Remembered.parse(JSON.parse(content.toString("utf8"))).cameras;
    } catch (error) {
      this.#log.warn("The list of cameras could not be read; they appear once the gateway is reached", {
        why: isError(error) ? error.message : String(error),
      });
      return [];
    }
  }

  publish(accessory: PlatformAccessory): void {
    if (this.#published.has(accessory.UUID)) {
      this.#log.warn("A camera that had been removed is back; restart Homebridge to show it again", {
        camera: accessory.displayName,
      });
      return;
    }
    this.#published.add(accessory.UUID);
    this.#api.publishExternalAccessories(pluginName, [accessory]);
  }

  remove(accessory: PlatformAccessory): void {
    this.#log.info(
      "A camera is gone from the gateway; remove it in the Home app. It disappears when Homebridge restarts",
      {
        camera: accessory.displayName,
      },
    );
  }

  changed(): void {
    // Nothing of it is kept but what `remember` is told.
  }

  remember(cameras: readonly KnownCamera[]): void {
    const remembered: z.infer<typeof Remembered> = { version: 1, cameras: [...cameras] };
    const content = `${JSON.stringify(remembered, null, 2)}\n`;
    this.#writing = this.#writing
      .then(() => writePrivateFile(this.#path, content))
      .catch((error: unknown) =>
        this.#log.warn("The list of cameras could not be kept", {
          why: isError(error) ? error.message : String(error),
        }),
      );
  }
}
