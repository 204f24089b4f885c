import type { Camera, CameraId, CameraState, Clock, Logger } from "@gatehouse/shared";
import type { API, PlatformAccessory } from "homebridge";

import type { AccessoryPublisher } from "./accessory-publisher.ts";
import { homeKitName } from "./accessory-text.ts";
import { CameraAccessory } from "./camera-accessory.ts";
import type { GatewayLink } from "./gateway-link.ts";
import { category } from "./hap-enums.ts";
import { KnownCamera, knownCamera } from "./known-camera.ts";
import type { HostNetwork } from "./media-address-policy.ts";

export interface CameraAccessoriesOptions {
  readonly api: Pick<API, "hap" | "platformAccessory">;
  readonly publisher: AccessoryPublisher;
  readonly link: GatewayLink;
  readonly network: () => HostNetwork;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The cameras that HomeKit sees, kept equal to those that the gateway shows. */
export class CameraAccessories {
  readonly #options: CameraAccessoriesOptions;
  readonly #cameras = new Map<CameraId, CameraAccessory>();
  /** Restored by Homebridge, but not understood; claimed or removed when the gateway says which cameras there are. */
  readonly #unclaimed = new Map<string, PlatformAccessory>();

  constructor(options: CameraAccessoriesOptions) {
    this.#options = options;
  }

  /** An accessory that Homebridge kept over a restart. Stays whatever it is, until the gateway itself says otherwise. */
  restore(accessory: PlatformAccessory): void {
    const known = KnownCamera.safeParse(accessory.context["camera"]);
    if (known.success) this.#adopt(accessory, known.data);
    else this.#unclaimed.set(accessory.UUID, accessory);
  }

  /** Shows the cameras that are remembered, before the gateway was reached. */
  async recall(): Promise<void> {
    for (const camera of await this.#options.publisher.recall()) this.#show(camera);
  }

  /** The gateway's whole list, which is all that there is. */
  replace(cameras: readonly Camera[]): void {
    const listed = new Set(cameras.map(({ id }) => id));
    for (const id of [...this.#cameras.keys()]) if (!listed.has(id)) this.remove(id);
    for (const camera of cameras) {
      this.#show(knownCamera(camera));
      this.state(camera.id, camera.state);
    }
    for (const accessory of this.#unclaimed.values()) this.#options.publisher.remove(accessory);
    this.#unclaimed.clear();
  }

  remove(id: CameraId): void {
    const camera = this.#cameras.get(id);
    if (camera === undefined) return;
    this.#cameras.delete(id);
    camera.close();
    this.#options.publisher.remove(camera.accessory);
    this.#remember();
  }

  state(id: CameraId, state: CameraState): void {
    this.#cameras.get(id)?.state(state);
  }

  motion(id: CameraId, active: boolean): void {
    this.#cameras.get(id)?.motion(active);
  }

  /** The gateway is out of reach: nothing is known of any camera, and none is removed. */
  disconnected(): void {
    for (const camera of this.#cameras.values()) camera.state(undefined);
  }

  close(): void {
    for (const camera of this.#cameras.values()) camera.close();
  }

  #show(camera: KnownCamera): void {
    const present = this.#cameras.get(camera.id);
    const { publisher, api } = this.#options;
    if (present !== undefined) {
      if (!present.update(camera)) return;
      present.accessory.context["camera"] = camera;
      publisher.changed(present.accessory);
      this.#remember();
      return;
    }
    const uuid = api.hap.uuid.generate(`gatehouse:${camera.id}`);
    const claimed = this.#unclaimed.get(uuid);
    this.#unclaimed.delete(uuid);
    const accessory = claimed ?? new api.platformAccessory(homeKitName(camera.name), uuid, category.camera);
    this.#adopt(accessory, camera);
    if (claimed === undefined) publisher.publish(accessory);
    else publisher.changed(accessory);
    this.#remember();
  }

  #adopt(accessory: PlatformAccessory, camera: KnownCamera): void {
    accessory.context["camera"] = camera;
    const { api, publisher, link, network, clock, log } = this.#options;
    const { renames } = publisher;
    this.#cameras.set(
      camera.id,
      new CameraAccessory({ accessory, camera, renames, hap: api.hap, link, network, clock, log }),
    );
  }

  #remember(): void {
    const cameras = [...this.#cameras.values()].map(({ accessory }) => KnownCamera.parse(accessory.context["camera"]));
    this.#options.publisher.remember(cameras);
  }
}
