import { GatehouseError, type Cancellable, type Clock } from "@gatehouse/shared";

import type { AuthMemory, CameraDescription, Credentials, StreamEndpoint } from "../domain/camera.ts";
import type { CameraDriver, Snapshot } from "../ports.ts";
import { readJpegSize } from "../protocols/jpeg/jpeg-size.ts";
import { SnapshotClient } from "./snapshot-client.ts";

export interface StillDriverOptions {
  /** http: or https:, of a JPEG. */
  readonly url: URL;
  readonly pin: string | null;
  readonly credentials: Credentials | undefined;
  readonly memory: AuthMemory;
  readonly clock: Clock;
}

/** A camera that gives one still picture after another at one address, and nothing else. */
export class StillDriver implements CameraDriver {
  readonly #url: URL;
  readonly #pictures: SnapshotClient;

  constructor(options: StillDriverOptions) {
    this.#url = options.url;
    this.#pictures = new SnapshotClient(options);
  }

  async describe(cancel: Cancellable): Promise<CameraDescription> {
    const { jpeg } = await this.#pictures.take(this.#url, cancel);
    const { width, height } = readJpegSize(jpeg) ?? { width: 0, height: 0 };
    return {
      manufacturer: "",
      model: "",
      firmware: "",
      serial: "",
      tiers: [{ name: "main", codec: "jpeg", width, height, fps: 0 }],
      audio: "none",
      snapshot: true,
      motion: false,
      talk: false,
    };
  }

  async endpoint(): Promise<StreamEndpoint> {
    throw new GatehouseError("camera-no-video", "This camera gives still pictures only.", {
      remedy: "Ask for its snapshots instead of a live view, or add it by its ONVIF or RTSP address if it has one.",
    });
  }

  async snapshot(_size: unknown, cancel: Cancellable): Promise<Snapshot> {
    return this.#pictures.take(this.#url, cancel);
  }

  async events(): Promise<void> {
    // There are none.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pictures[Symbol.dispose]();
  }
}
