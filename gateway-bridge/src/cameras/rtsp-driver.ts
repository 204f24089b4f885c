import { GatehouseError, type CameraId, type Cancellable, type TierName } from "@gatehouse/shared";

import type { AuthMemory, CameraDescription, Credentials, StreamEndpoint } from "../domain/camera.ts";
import { quirksOf } from "../domain/camera-quirks.ts";
import type { CameraDriver, OpenSource, Snapshot } from "../ports.ts";
import { inspectSource } from "./inspect-source.ts";

export interface RtspDriverOptions {
  readonly camera: CameraId;
  /** rtsp: or rtsps:. */
  readonly url: URL;
  readonly pin: string | null;
  readonly credentials: Credentials | undefined;
  readonly memory: AuthMemory;
  readonly openSource: OpenSource;
}

/** A camera of which only a stream is known: it has that one tier, and neither stills nor events. */
export class RtspDriver implements CameraDriver {
  readonly #options: RtspDriverOptions;

  constructor(options: RtspDriverOptions) {
    this.#options = options;
  }

  async describe(cancel: Cancellable): Promise<CameraDescription> {
    const { audio, picture } = await inspectSource(this.#options.openSource, await this.endpoint("main"), cancel);
    return {
      manufacturer: "",
      model: "",
      firmware: "",
      serial: "",
      tiers: [{ name: "main", ...picture }],
      audio,
      snapshot: false,
      motion: false,
      talk: false,
    };
  }

  async endpoint(tier: TierName): Promise<StreamEndpoint> {
    const { camera, url, pin, credentials, memory } = this.#options;
    if (tier !== "main") {
      throw new GatehouseError("not-found", `the camera has no ${tier} stream`, { remedy: "Choose its main stream." });
    }
    const quirks = quirksOf({ manufacturer: "", model: "", url: url.href });
    return { camera, tier, url: url.href, credentials, pin, auth: memory, quirks };
  }

  async snapshot(): Promise<Snapshot> {
    throw new GatehouseError("snapshot-unsupported", "a camera that is known by its stream only has no still pictures");
  }

  async events(): Promise<void> {
    // There are none.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is held.
  }
}
